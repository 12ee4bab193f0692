"""The relation loss against slow loops, and what it must not depend on."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor

from fairkd.distill.losses.relations import relation_loss


def states(seed: int, batch: int, length: int, *widths: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(batch, length, width, generator=generator, dtype=torch.float64) for width in widths]


def plain(teacher: list[Tensor], student: list[Tensor], lengths: list[int], heads: int) -> float:
    """The loss by loops over relations, sentences, heads and positions, one number after the other."""
    total = 0.0
    for theirs, own in zip(teacher, student, strict=True):
        found = []
        for sentence, length in enumerate(lengths):
            for head in range(heads):
                for i in range(length):
                    p, q = (
                        _row(one[sentence, :length].tolist(), i, head, one.shape[-1] // heads)
                        for one in (theirs, own)
                    )
                    found.append(sum(a * math.log(a / b) for a, b in zip(p, q, strict=True)))
        total += sum(found) / len(found)
    return total


def _row(sentence: list[list[float]], i: int, head: int, size: int) -> list[float]:
    parts = [one[head * size : (head + 1) * size] for one in sentence]
    scores = [sum(a * b for a, b in zip(parts[i], other, strict=True)) / math.sqrt(size) for other in parts]
    powers = [math.exp(score) for score in scores]
    return [power / sum(powers) for power in powers]


def padding(lengths: list[int]) -> Tensor:
    return torch.arange(max(lengths))[None, :] < torch.tensor(lengths)[:, None]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.sampled_from([1, 2, 4]), st.integers(0, 99))
def test_the_loss_is_that_of_slow_loops_with_other_widths_and_padding(
    lengths: list[int], heads: int, seed: int
) -> None:
    length = max(lengths)
    teacher = states(seed, len(lengths), length, 12, 4, 12)
    student = states(seed + 1, len(lengths), length, 8, 8, 4)
    real = padding(lengths)
    found = relation_loss(teacher, student, real, heads=heads)
    assert float(found) == pytest.approx(plain(teacher, student, lengths, heads), rel=1e-4, abs=1e-5)
    for one in (*teacher, *student):
        one[~real] = 1e3
    assert torch.equal(found, relation_loss(teacher, student, real, heads=heads)), "padding does not count"
    wider = [torch.nn.functional.pad(one, (0, 0, 0, 3)) for one in (*teacher, *student)]
    more = torch.nn.functional.pad(real, (0, 3))
    assert float(relation_loss(wider[:3], wider[3:], more, heads=heads)) == pytest.approx(
        float(found), abs=1e-5
    )


def test_the_mean_over_a_batch_is_that_of_its_sentences_by_their_positions() -> None:
    lengths = [5, 2, 3]
    teacher, student = states(0, 3, 5, 8, 8, 8), states(1, 3, 5, 8, 8, 8)
    whole = float(relation_loss(teacher, student, padding(lengths), heads=2))
    parts = [
        float(
            relation_loss(
                *([one[n : n + 1, :length] for one in both] for both in (teacher, student)), None, heads=2
            )
        )
        for n, length in enumerate(lengths)
    ]
    assert whole == pytest.approx(sum(a * n for a, n in zip(parts, lengths, strict=True)) / 10, rel=1e-5)


def test_equal_states_have_no_loss_and_the_gradient_is_that_of_small_differences() -> None:
    teacher, student = states(2, 2, 4, 8, 8, 8), states(3, 2, 4, 4, 4, 4)
    real = padding([4, 2])
    assert float(relation_loss(teacher, [one.clone() for one in teacher], real, heads=4)) == 0
    own = [one.requires_grad_() for one in student]
    relation_loss(teacher, own, real, heads=2).backward()
    for part, place in ((0, (0, 1, 2)), (1, (1, 0, 3)), (2, (0, 3, 0))):
        gradient, step, values = own[part].grad, 1e-2, []
        assert gradient is not None
        for sign in (1, -1):
            moved = [one.detach().clone() for one in own]
            moved[part][place] += sign * step
            values.append(float(relation_loss(teacher, moved, real, heads=2)))
        assert float(gradient[place]) == pytest.approx(
            (values[0] - values[1]) / (2 * step), rel=2e-2, abs=1e-5
        )
        assert not gradient[1, 2:].any(), "padding has no gradient"
