#!/usr/bin/env bash
# TextBrewer 0.2.1.post1: the distillation loss is not multiplied by the square of the temperature (Hinton et al. 2015,
# section 2.1), neither in `kd_ce_loss` nor in the distillers, whose default temperature is 4. Its gradient shrinks with
# the temperature, so that a weight against the loss of hard labels means something else at every temperature.
#
# Seen: at temperatures 1, 2, 4 and 8 the norm of the gradient is .11369, .02061, .00462 and .00112: it falls by a factor of
# 100, where a loss with the factor changes by a third.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 transformers==5.23.0 textbrewer==0.2.1.post1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import torch
from textbrewer import DistillationConfig
from textbrewer.losses import kd_ce_loss

torch.manual_seed(0)
teacher = torch.randn(8, 50)
student = torch.randn(8, 50, requires_grad=True)
print("default temperature:", DistillationConfig().temperature)
assert DistillationConfig().temperature == 4
norms = {}
for temperature in (1, 2, 4, 8):
    (gradient,) = torch.autograd.grad(kd_ce_loss(student, teacher, temperature), student)
    norms[temperature] = gradient.norm().item()
    print(f"T = {temperature}: gradient {norms[temperature]:.5f}, times T^2 {norms[temperature] * temperature**2:.5f}")
assert norms[8] < norms[4] / 3 < norms[2] / 9
PYTHON
