#!/usr/bin/env bash
# torchdistill 1.1.5: `KDLoss` takes the softmax over dimension 1. Logits of a masked language model have the shape
# [batch, length, vocabulary], so the loss compares the places of a sentence for each word of the vocabulary, instead of
# the words for each place, and raises nothing. Two models whose predictions are the same at every place get a loss
# above 0 as soon as their logits differ by a constant for each place. And where hard labels have no weight (alpha = 0, or
# no labels), the loss lacks the square of the temperature that its documentation names.
#
# Seen: 6.4892 where every distribution is the same (a correct loss is 0): the divergence over the places, without the
# factor 4 of temperature 2; with alpha = 0.5 the factor is there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 torchvision==0.28.0 torchdistill==1.1.5
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import torch
from torchdistill.losses.mid_level import KDLoss

torch.manual_seed(0)
batch, length, vocabulary, temperature = 2, 3, 50, 2.0
teacher = torch.randn(batch, length, vocabulary)
student = teacher + torch.randn(batch, length, 1)  # the same distribution at every place


def kl(dim):
    soft_teacher, soft_student = ((logits / temperature).log_softmax(dim) for logits in (teacher, student))
    return (soft_teacher.exp() * (soft_teacher - soft_student)).sum().item() * temperature**2 / batch


labels = torch.zeros(batch, vocabulary, dtype=torch.long)
seen, hard = {}, torch.nn.functional.cross_entropy(student, labels).item()
for alpha in (0.0, 0.5):
    loss = KDLoss("head", "output", "head", "output", temperature=temperature, alpha=alpha)
    seen[alpha] = loss({"head": {"output": student}}, {"head": {"output": teacher}}, labels).item()
    print(f"KDLoss, alpha {alpha}: {seen[alpha]:.4f}")
print(f"over the vocabulary: {kl(2):.4f}; over the places: {kl(1):.4f}; of the labels: {hard:.4f}")
assert abs(kl(2)) < 1e-4, "the two models predict the same"
assert abs(seen[0.0] - kl(1) / temperature**2) < 1e-3 and seen[0.0] > 0.1
assert abs(seen[0.5] - 0.5 * kl(1) - 0.5 * hard) < 1e-3
PYTHON
