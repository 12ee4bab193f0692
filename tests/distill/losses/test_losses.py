"""The fused loss against a dense one written plainly, and encoders at single positions."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fairkd.constraints.constraint import Constraint, soft_labels
from fairkd.constraints.kinds import KINDS, Label
from fairkd.distill import train
from fairkd.distill.data.batching import encode, pad
from fairkd.distill.losses.objective import Targets, Weights, fused_loss
from fairkd.distill.losses.scratch_memory import padded, scratch
from fairkd.distill.losses.targets import IGNORED, mixed_target
from fairkd.models.bert_encoder import masked_rows
from fairkd.models.loading import MaskedLM
from fairkd.models.mlm_head import projection_of, rows_of, transform_of
from tests.distill.parts import CORPUS, config

N, V, WIDTH = 23, 40, 8
GROUP = Constraint("group", ((3, 5), (8,)))
PAIRS = Constraint("logit_mean", ((3, 5), (8, 13)), strength=0.7)
CONSTRAINTS = {
    **{key: Constraint(key, ((3, 5), (8, 13) if kind.paired else (8,))) for key, kind in KINDS.items()},
    "logit_mean, strength 0.7": PAIRS,
}
LABELS: Sequence[Label] = get_args(Label)


def problem(
    dtype: torch.dtype = torch.float64, *, n: int = N, v: int = V, width: int = WIDTH
) -> tuple[Tensor, Tensor, Tensor, Targets]:
    random = torch.Generator().manual_seed(3)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=random, dtype=torch.float64).to(dtype)

    labels = torch.randint(0, 16, (n,), generator=random)
    labels[::4] = IGNORED
    targets = Targets(draw(n, width), draw(v, width), draw(v), labels, torch.arange(n) % 3 != 0)
    states, weight, bias = draw(n, width), draw(v, width), draw(v)
    return states.requires_grad_(), weight.requires_grad_(), bias.requires_grad_(), targets


def large_problem(dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor, Targets]:
    """More positions than go into one block, and logits of about the size that models have."""
    states, weight, bias, targets = problem(dtype, n=150, v=2000, width=24)
    return (states * 0.6).detach().requires_grad_(), weight, bias, targets


def dense_loss(
    states: Tensor, weight: Tensor, bias: Tensor, targets: Targets, constraint: Constraint, weights: Weights
) -> Tensor:
    """The objective as plainly as its definition, differentiated by autograd."""
    temperature, where = weights.temperature, targets.constrained
    z = states @ weight.T + bias
    p = (targets.states @ targets.weight.T + targets.bias).log_softmax(1)
    q = torch.where(where[:, None], constraint(p), p)
    kd = F.kl_div(
        (z / temperature).log_softmax(1),
        (q / temperature).log_softmax(1),
        log_target=True,
        reduction="batchmean",
    )
    hot = F.one_hot(targets.labels.clamp_min(0), len(weight)).to(z.dtype)
    hot[targets.labels == IGNORED] = 0
    is_group_word = torch.isin(targets.labels, constraint.columns) & where & constraint.active
    counted = targets.labels != IGNORED
    if weights.label == "drop":
        hot[is_group_word] = 0
        counted = counted & ~is_group_word
    elif weights.label == "soft":
        spread = soft_labels(constraint, targets.labels, q[:, constraint.columns].exp())
        hot[is_group_word] = 0
        hot[:, constraint.columns] += spread * is_group_word[:, None]
    s = z.log_softmax(1)
    mlm = -(hot * s).sum() / counted.sum().clamp_min(1)
    total = weights.kd * temperature**2 * kd + weights.mlm * mlm
    if weights.group:
        shares = [x[where][:, constraint.columns].exp() for x in (q, s)]
        coarse = [torch.cat([x, 1 - x.sum(1, keepdim=True)], 1) for x in shares]
        group = (coarse[0] * (coarse[0] / coarse[1]).log()).sum() / where.sum()
        total = total + weights.group * group
    return total


@pytest.mark.parametrize("constraint", CONSTRAINTS.values(), ids=CONSTRAINTS)
@pytest.mark.parametrize("temperature", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("chunk", [5, 64])
def test_the_fused_loss_has_the_value_and_gradients_of_the_dense_one(
    constraint: Constraint, temperature: float, label: Label, chunk: int
) -> None:
    weights = Weights(kd=5, mlm=2, group=3 if constraint.active else 0, temperature=temperature, label=label)
    states, weight, bias, targets = problem()
    wanted = dense_loss(states, weight, bias, targets, constraint, weights)
    gradients = torch.autograd.grad(wanted, (states, weight, bias))
    got, parts = fused_loss(states, weight, bias, targets, constraint, weights, chunk=chunk)
    assert got.item() == pytest.approx(wanted.item(), rel=1e-9)
    assert parts["kd"].item() > 0
    for ours, theirs in zip(torch.autograd.grad(got, (states, weight, bias)), gradients, strict=True):
        assert (ours - theirs).norm() <= 1e-8 * theirs.norm()


@pytest.mark.parametrize("constraint", CONSTRAINTS.values(), ids=CONSTRAINTS)
@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("labelled", ["some", "all", "none"])
def test_in_single_precision_the_gradients_are_the_dense_ones_within_rounding(
    constraint: Constraint, label: Label, labelled: str
) -> None:
    weights = Weights(group=3 if constraint.active else 0, label=label)
    states, weight, bias, targets = large_problem()
    labels = targets.labels.abs() % 17 if labelled == "all" else targets.labels
    labels = torch.full_like(labels, IGNORED) if labelled == "none" else labels
    targets = replace(targets, labels=labels)
    dense = dense_loss(states, weight, bias, targets, constraint, weights)
    wanted = torch.autograd.grad(dense, (states, weight, bias))
    total, _ = fused_loss(states, weight, bias, targets, constraint, weights, chunk=64)
    assert total.item() == pytest.approx(dense.item(), rel=1e-5)
    for got, plain in zip(torch.autograd.grad(total, (states, weight, bias)), wanted, strict=True):
        assert (got - plain).norm() <= 1e-5 * plain.norm()


@pytest.mark.parametrize("temperature", [0.25, 0.5, 3.0, 10.0, 20.0, 100.0])
@pytest.mark.parametrize("label", ["keep", "soft"])
def test_at_any_temperature_a_large_vocabulary_has_the_dense_gradients_in_single_precision(
    temperature: float, label: Label
) -> None:
    """The larger the vocabulary and the temperature, the smaller the probabilities that are raised to it."""
    weights = Weights(group=3, temperature=temperature, label=label)
    problem_in = {d: problem(d, n=6, v=30_522, width=12) for d in (torch.float64, torch.float32)}
    states, weight, bias, targets = problem_in[torch.float64]
    dense = dense_loss(states, weight, bias, targets, GROUP, weights)
    wanted = torch.autograd.grad(dense, (states, weight, bias))
    states, weight, bias, targets = problem_in[torch.float32]
    total, _ = fused_loss(states, weight, bias, targets, GROUP, weights)
    assert total.item() == pytest.approx(dense.item(), rel=1e-3)
    for got, plain in zip(torch.autograd.grad(total, (states, weight, bias)), wanted, strict=True):
        assert (got - plain).norm() <= 1e-4 * plain.norm()


@pytest.mark.parametrize("kd, mlm, group", [(0, 2, 0), (0, 2, 3), (0, 0, 3), (5, 0, 0), (5, 0, 3)])
def test_terms_of_weight_zero_leave_the_others_as_they_are(kd: float, mlm: float, group: float) -> None:
    weights = Weights(kd=kd, mlm=mlm, group=group, temperature=2)
    states, weight, bias, targets = problem()
    dense = dense_loss(states, weight, bias, targets, GROUP, weights)
    wanted = torch.autograd.grad(dense, (states, weight, bias))
    total, _ = fused_loss(states, weight, bias, targets, GROUP, weights, chunk=6)
    assert total.item() == pytest.approx(dense.item(), rel=1e-9)
    for got, plain in zip(torch.autograd.grad(total, (states, weight, bias)), wanted, strict=True):
        assert (got - plain).norm() <= 1e-8 * plain.norm()


def test_a_batch_without_any_loss_term_has_gradients_of_zero() -> None:
    states, weight, bias, targets = problem()
    nothing = replace(targets, labels=torch.full_like(targets.labels, IGNORED))
    total, _ = fused_loss(states, weight, bias, nothing, Constraint("none"), Weights(kd=0))
    total.backward()
    assert total.item() == 0
    assert not any(gradient.any() for gradient in (states.grad, weight.grad, bias.grad))


def test_a_frozen_projection_gets_no_gradient_and_changes_none_of_the_others() -> None:
    states, weight, bias, targets = problem()
    both = torch.autograd.grad(
        fused_loss(states, weight, bias, targets, GROUP, Weights())[0], (states, weight)
    )
    total, _ = fused_loss(states, weight.detach(), bias, targets, GROUP, Weights())
    total.backward()
    assert torch.equal(states.grad, both[0]) and weight.grad is None


def test_gradients_of_several_batches_add_up() -> None:
    states, weight, bias, targets = problem()
    once = torch.autograd.grad(fused_loss(states, weight, bias, targets, GROUP, Weights())[0], weight)[0]
    for _ in range(3):
        fused_loss(states, weight, bias, targets, GROUP, Weights())[0].backward()
    assert torch.allclose(weight.grad, 3 * once)


def test_a_second_backward_pass_is_refused() -> None:
    states, weight, bias, targets = problem()
    total, _ = fused_loss(states, weight, bias, targets, GROUP, Weights())
    total.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="one backward pass"):
        total.backward()


def test_threads_do_not_share_scratch_buffers() -> None:
    states, weight, bias, targets = large_problem()

    def gradient(scale: float) -> Tensor:
        own = (states.detach() * scale).requires_grad_()
        total, _ = fused_loss(own, weight.detach(), bias.detach(), targets, GROUP, Weights(), chunk=40)
        return torch.autograd.grad(total, own)[0]

    scales = [1 + 0.1 * number for number in range(8)]
    alone = [gradient(scale) for scale in scales]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(gradient, scales))
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


@pytest.mark.parametrize("constraint", CONSTRAINTS.values(), ids=CONSTRAINTS)
@pytest.mark.parametrize("by", ["argument", "autocast"])
@pytest.mark.parametrize("kd", [5, 0])
def test_bf16_keeps_the_direction_of_the_gradients(constraint: Constraint, by: str, kd: float) -> None:
    weights = Weights(kd=kd, group=3 if constraint.active else 0, label="soft")
    states, weight, bias, targets = large_problem()
    exact, _ = fused_loss(states, weight, bias, targets, constraint, weights)
    wanted = torch.autograd.grad(exact, (states, weight, bias))
    with torch.autocast("cpu", torch.bfloat16, enabled=by == "autocast"):
        matmul_dtype = torch.bfloat16 if by == "argument" else None
        total, parts = fused_loss(
            states, weight, bias, targets, constraint, weights, chunk=64, matmul_dtype=matmul_dtype
        )
    assert total.dtype == parts["kd"].dtype == torch.float32, "what is not a product stays in fp32"
    assert total.item() != exact.item() and total.item() == pytest.approx(exact.item(), rel=0.01)
    for got, plain in zip(torch.autograd.grad(total, (states, weight, bias)), wanted, strict=True):
        assert got.dtype == torch.float32
        assert F.cosine_similarity(got.flatten(), plain.flatten(), dim=0) >= 0.98
        assert got.norm() == pytest.approx(plain.norm().item(), rel=0.05)


def test_training_in_bf16_ends_where_training_in_fp32_does(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    reached = {}
    for precision in ("fp32", "bf16"):
        settings = config(
            budget={"steps": 40},
            objective={"positions": "all"},
            optimizer={"precision": precision, "learning_rate": 3e-3},
        )
        outcome = train(settings, tmp_path / precision, teacher=tiny_bert, corpus=CORPUS)
        reached[precision] = outcome.held_out["kl"]
    assert reached["bf16"] != reached["fp32"]
    assert reached["bf16"] == pytest.approx(reached["fp32"], rel=0.01)


def test_scratch_buffers_are_reused() -> None:
    cpu = torch.device("cpu")
    first = scratch("test", (30, 64), torch.float32, cpu)
    second = scratch("test", (15, 64), torch.float64, cpu)
    assert first.data_ptr() == second.data_ptr() and second.shape == (15, 64)
    other = scratch("another test", (30, 64), torch.float32, cpu)
    assert other.data_ptr() != first.data_ptr()
    assert scratch("test", (300, 64), torch.float32, cpu).shape == (300, 64), "it grows where more is wanted"
    assert [padded(columns) for columns in (1, 64, 65, 30522)] == [64, 64, 128, 30528]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_freed_memory_is_used_again_without_page_faults() -> None:
    program = (
        "import resource, torch\n"
        "from fairkd.distill import train\n"  # in a smaller process the heap is trimmed
        "train\n"
        "from fairkd.distill.losses.scratch_memory import keep_freed_memory\n"
        "assert keep_freed_memory()\n"
        "def faults():\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "    torch.ones(25_000_000)\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before\n"
        "print(*[faults() for _ in range(6)])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    first, *later = map(int, done.stdout.split())
    assert min(later) < 100 < first


def test_a_student_that_already_gives_the_constrained_distribution_has_no_kd_gradient() -> None:
    states, weight, bias, targets = problem()
    same = replace(targets, weight=weight.detach(), bias=bias.detach(), states=states.detach())
    total, parts = fused_loss(states, weight, bias, same, Constraint("none"), Weights(mlm=0))
    assert parts["kd"].abs() < 1e-12
    assert torch.autograd.grad(total, states)[0].abs().max() < 1e-12


def test_rows_of_the_last_layer_equal_the_models_own_states(any_family: MaskedLM) -> None:
    sentences = encode(any_family.tokenizer, ["The nurse said that she is good.", "He is a doctor."])
    ids, real = (torch.from_numpy(x) for x in pad(sentences, any_family.tokenizer.pad_token_id))
    rows = torch.tensor([1, 3, ids.shape[1] + 2])
    logits = any_family.model(input_ids=ids, attention_mask=real.long()).logits.flatten(0, 1)[rows]
    states = rows_of(any_family.model, ids, real, rows)
    ours = projection_of(any_family.model)(transform_of(any_family.model)(states))
    assert torch.allclose(ours, logits, atol=1e-5)


def test_padded_sentences_give_nearly_the_same_states_in_bf16(any_family: MaskedLM) -> None:
    sentences = encode(any_family.tokenizer, ["The nurse said that she is good.", "He is a doctor."])
    ids, real = (torch.from_numpy(x) for x in pad(sentences, any_family.tokenizer.pad_token_id))
    rows = torch.tensor([1, 3, ids.shape[1] + 2])
    exact = rows_of(any_family.model, ids, real, rows)
    with torch.autocast("cpu", torch.bfloat16):
        coarse = rows_of(any_family.model, ids, real, rows)
    assert not torch.equal(coarse.float(), exact)
    assert F.cosine_similarity(coarse.float(), exact, dim=1).min() >= 0.99


def test_gradients_through_an_encoder_keep_their_direction_in_bf16(tiny_bert: MaskedLM) -> None:
    sentences = encode(tiny_bert.tokenizer, ["The nurse said that she is good.", "He is a doctor."])
    ids, real = (torch.from_numpy(x) for x in pad(sentences, tiny_bert.tokenizer.pad_token_id))
    rows = torch.tensor([1, 3, ids.shape[1] + 2])
    weights = list(tiny_bert.model.base_model.encoder.parameters())
    pull = torch.randn(3, tiny_bert.model.config.hidden_size, generator=torch.Generator().manual_seed(0))
    exact, coarse = [], []
    for found, enabled in ((exact, False), (coarse, True)):
        with torch.enable_grad(), torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            total = (rows_of(tiny_bert.model, ids, real, rows).float() * pull).sum()
        found.append(torch.cat([g.flatten() for g in torch.autograd.grad(total, weights)]))
    assert not torch.equal(coarse[0], exact[0])
    assert F.cosine_similarity(coarse[0], exact[0], dim=0) >= 0.98


def test_word_embeddings_can_be_passed_in(tiny_bert: MaskedLM) -> None:
    ids, rows = torch.tensor([[2, 60, 61, 62, 3]]), torch.tensor([2, 3])
    words = tiny_bert.model.get_input_embeddings().weight[ids]
    given = masked_rows(tiny_bert.model, ids, None, rows, words)
    assert torch.equal(given, masked_rows(tiny_bert.model, ids, None, rows))


def test_the_loss_has_no_gradient_at_the_mixed_target_of_temperature_1() -> None:
    """The states are the log-probabilities themselves: the projection is the identity."""
    q = torch.randn(N, V, generator=torch.Generator().manual_seed(1), dtype=torch.float64).softmax(1)
    labels = torch.arange(N) % V
    identity, none = torch.eye(V, dtype=torch.float64), torch.zeros(V, dtype=torch.float64)
    targets = Targets(q.log(), identity, none, labels, torch.zeros(N, dtype=torch.bool))
    weights = Weights(kd=5.0, mlm=2.0, temperature=1.0)
    states = mixed_target(q, labels, kd=5.0, mlm=2.0).log().requires_grad_()
    loss, _ = fused_loss(states, identity, none, targets, Constraint("none"), weights)
    (gradient,) = torch.autograd.grad(loss, states)
    assert float(gradient.abs().max()) < 1e-12
    moved = (states.detach() + 0.1 * torch.eye(N, V, dtype=torch.float64)).requires_grad_()
    worse, _ = fused_loss(moved, identity, none, targets, Constraint("none"), weights)
    assert worse > loss
