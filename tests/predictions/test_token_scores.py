"""Scores of tokens at positions: equal to a plain loop, whatever else is asked at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from fairkd.errors import InputError
from fairkd.models import MaskedLM, log_probabilities_at
from fairkd.predictions import TokenScores
from tests.tiny import MAX_TOKENS

Question = tuple[tuple[int, ...], int, int]
TOKENS = st.integers(5, 60)
QUESTIONS = st.lists(
    st.lists(TOKENS, min_size=1, max_size=9).flatmap(
        lambda ids: st.tuples(st.just(tuple(ids)), st.integers(0, len(ids) - 1), TOKENS)
    ),
    min_size=1,
    max_size=12,
)


def plain(lm: MaskedLM, ids: tuple[int, ...], position: int, token: int) -> float:
    with torch.no_grad():
        return float(lm.model(torch.tensor([ids])).logits[0, position].log_softmax(-1)[token])


def answers(lm: MaskedLM, questions: Sequence[Question], **options: object) -> list[float]:
    scores = TokenScores(lm, **options)  # type: ignore[arg-type]
    numbers = [scores.ask(*question) for question in questions]
    return scores.answer()[numbers].tolist()


def test_every_family_gives_what_a_plain_loop_gives(any_family: MaskedLM) -> None:
    lengths = (3, 9, 5, 9)
    questions = [
        (tuple(range(6, 6 + length)), position, token)
        for length in lengths
        for position, token in ((1, 11), (0, 7), (1, 12))
    ]
    expected = [plain(any_family, *question) for question in questions]
    assert answers(any_family, questions) == pytest.approx(expected, abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(questions=QUESTIONS, data=st.data())
def test_order_repetition_and_company_change_nothing(
    tiny_bert: MaskedLM, questions: list[Question], data: st.DataObject
) -> None:
    expected = dict(zip(questions, answers(tiny_bert, questions), strict=True))
    shuffled = data.draw(st.permutations([*questions, *questions[:2]]))
    assert answers(tiny_bert, shuffled) == pytest.approx([expected[one] for one in shuffled], abs=1e-5)


def test_batches_of_any_size_give_the_same(tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = [((6, 7, 8, *range(9, 9 + n)), place, 10) for n in range(9) for place in range(3)]
    expected = answers(tiny_bert, questions)
    for tokens, rows in ((1, 64), (30, 2), (10**6, 5)):
        monkeypatch.setattr("fairkd.models.token_batching.BATCH_TOKENS", tokens)
        monkeypatch.setattr("fairkd.models.mlm_head.VOCABULARY_ROWS", rows)
        assert answers(tiny_bert, questions) == pytest.approx(expected, abs=1e-5)


class Memory:
    def __init__(self) -> None:
        self.kept: dict[bytes, float] = {}

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, float]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put(self, scores: Mapping[bytes, float]) -> None:
        self.kept.update(scores)


def test_what_is_stored_is_not_computed_again(tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    questions: list[Question] = [((6, 7, 8), 1, 10), ((6, 7, 8), 1, 11), ((6, 7), 0, 9)]
    first = answers(tiny_bert, questions[:2], store=memory)
    assert len(memory.kept) == 2
    asked: list[Any] = []
    original = TokenScores._run

    def watched(self: TokenScores, batch: Any) -> Any:
        asked.append(batch)
        return original(self, batch)

    monkeypatch.setattr(TokenScores, "_run", watched)
    again = answers(tiny_bert, questions, store=memory)
    assert again[:2] == first and len(asked) == 1 and len(asked[0]) == 1
    np.testing.assert_allclose(again[2], plain(tiny_bert, *questions[2]), atol=1e-4)


def test_an_input_that_is_too_long_is_refused(tiny_bert: MaskedLM) -> None:
    with pytest.raises(InputError, match=f"takes at most {MAX_TOKENS}"):
        TokenScores(tiny_bert).ask(tuple([6] * (MAX_TOKENS + 1)), 0, 7)


def test_an_error_of_the_report_ends_the_work_and_keeps_the_scores(tiny_bert: MaskedLM) -> None:
    memory = Memory()
    scores = TokenScores(tiny_bert, store=memory)
    scores.ask((6, 7, 8), 1, 10)

    def stops(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scores.answer(stops)
    assert len(memory.kept) == 1


def test_a_model_whose_head_is_unknown_runs_few_tokens_at_once(
    tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It computes logits at every position."""
    questions = [((6, 7, 8, 9 + n), n % 4, 10) for n in range(12)]
    expected = answers(tiny_bert, questions)
    shapes = []

    def watched(lm: MaskedLM, ids: torch.Tensor, *arguments: torch.Tensor) -> torch.Tensor:
        shapes.append(ids.numel())
        return log_probabilities_at(lm, ids, *arguments)

    monkeypatch.setattr("fairkd.models.mlm_head.head_is_known", lambda model: False)
    monkeypatch.setattr("fairkd.predictions.token_scores.log_probabilities_at", watched)
    monkeypatch.setattr("fairkd.models.mlm_head.MOST_LOGITS", 9 * tiny_bert.vocabulary_size)
    assert answers(tiny_bert, questions) == pytest.approx(expected, abs=1e-5)
    assert set(shapes) == {8}
