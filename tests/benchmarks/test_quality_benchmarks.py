"""Pseudo-perplexity, calibration and fidelity: against plain references, and closed forms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from fairkd.benchmarks import BENCHMARKS, held_out_text, measure
from fairkd.benchmarks.calibration import aggregate, reliability_curve
from fairkd.benchmarks.measuring import score_items
from fairkd.benchmarks.scorer import Scorer
from fairkd.corpora import is_held_out, normalise
from fairkd.errors import InputError
from fairkd.measures import pseudo_perplexity
from fairkd.measures.calibration_error import BINS
from fairkd.models import MaskedLM
from tests.benchmarks.references.quality import (
    calibration_numbers,
    fidelity_numbers,
    perplexity_numbers,
)

TEXT = (
    "She is a very good doctor.\nHe likes milk\n\nhe likes  MILK\nword\nThe old man walked to his mother.\n"
)
FILES = {"mine.txt": TEXT.encode()}


def test_sentences_are_distinct_and_have_at_least_two_words() -> None:
    assert held_out_text.sentences(FILES) == [
        *("She is a very good doctor.", "He likes milk", "The old man walked to his mother.")
    ]
    table = {"mine.csv": b"id,text\n1,she is here\n2,he is here\n"}
    assert held_out_text.sentences(table) == ["she is here", "he is here"]
    with pytest.raises(InputError, match="none of the columns sentence, text, sentence_text"):
        held_out_text.sentences({"mine.csv": b"id,words\n1,she is here\n"})
    with pytest.raises(InputError, match="no sentence of at least two words"):
        held_out_text.sentences({"mine.txt": b"one\n\ntwo\n"})


def test_of_the_default_corpus_only_held_out_sentences_are_read() -> None:
    lines = "".join(f'{n},"the doctor said number {n} to her",f\n' for n in range(400))
    found = held_out_text.sentences({"full_BUG.csv": f"id,sentence_text,g\n{lines}".encode()})
    assert 0 < len(found) < 40 and all(is_held_out(normalise(one)) for one in found)


def test_pseudo_perplexity_equals_the_reference(any_family: MaskedLM) -> None:
    benchmark = BENCHMARKS["pseudo-perplexity"]
    items = benchmark.read(FILES)
    table, unscored = score_items(benchmark, items, Scorer(any_family))
    assert not unscored
    for row, item in zip(table.to_dict("records"), items, strict=True):
        assert row["log_p"] == pytest.approx(perplexity_numbers(any_family, item)["log_p"], abs=1e-3)
    found = float(benchmark.aggregate(table, np.ones((1, len(table))))["perplexity"][0])
    assert found == pytest.approx(
        pseudo_perplexity(any_family, held_out_text.sentences(FILES)).value, rel=1e-4
    )


def test_calibration_equals_the_reference(any_family: MaskedLM) -> None:
    benchmark = BENCHMARKS["calibration"]
    items = benchmark.read(FILES)
    table, unscored = score_items(benchmark, items, Scorer(any_family))
    assert len(table) == 9 and not unscored
    for row, item in zip(table.to_dict("records"), items, strict=True):
        expected = calibration_numbers(any_family, item)
        assert row["confidence"] == pytest.approx(expected["confidence"], abs=1e-5)
        assert row["right"] == bool(expected["right"])


def test_fidelity_equals_the_reference(tiny_model: Callable[[str], MaskedLM]) -> None:
    teacher, student = tiny_model("bert"), tiny_model("distilbert")
    benchmark = BENCHMARKS["fidelity"]
    items = benchmark.read({"mine.txt": b"She is a very good doctor.\n"})
    table, _ = score_items(benchmark, items, Scorer(student, reference=teacher))
    for row, item in zip(table.to_dict("records"), items, strict=True):
        expected = fidelity_numbers(teacher, student, item)
        assert row["kl"] == pytest.approx(expected["kl"], abs=1e-4)
        assert row["agreement"] == bool(expected["agreement"])


def test_a_model_is_faithful_to_itself(tiny_bert: MaskedLM) -> None:
    benchmark = BENCHMARKS["fidelity"]
    table, _ = score_items(benchmark, benchmark.read(FILES), Scorer(tiny_bert, reference=tiny_bert))
    found = benchmark.aggregate(table, np.ones((1, len(table))))
    assert float(found["kl"][0]) == 0 and float(found["agreement"][0]) == 1


def test_fidelity_needs_a_teacher_of_the_same_vocabulary(tiny_bert: MaskedLM, tiny_roberta: MaskedLM) -> None:
    with pytest.raises(InputError, match="name the teacher as well"):
        measure(tiny_bert, "fidelity", cached=False)
    with pytest.raises(InputError, match="needs two models of one vocabulary"):
        measure(tiny_bert, "fidelity", reference=tiny_roberta, cached=False)


PREDICTIONS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


@given(PREDICTIONS)
def test_the_calibration_error_equals_a_plain_loop(predictions: list[tuple[float, bool]]) -> None:
    table = pd.DataFrame(predictions, columns=["confidence", "right"])
    expected = 0.0
    for number in range(BINS):
        own = [one for one in predictions if min(int(one[0] * BINS), BINS - 1) == number]
        if own:
            accuracy = sum(right for _, right in own) / len(own)
            confidence = sum(sure for sure, _ in own) / len(own)
            expected += len(own) / len(predictions) * abs(accuracy - confidence)
    found = aggregate(table, np.ones((1, len(table))))
    assert float(found["ece"][0]) == pytest.approx(expected)
    curve = reliability_curve(table)
    assert curve["n"].sum() == len(table) and (curve["confidence"].diff().dropna() > 0).all()


def test_weights_count_like_repeated_items() -> None:
    table = pd.DataFrame({"confidence": [0.9, 0.4, 0.41], "right": [True, False, True]})
    weights = np.array([[2.0, 0.0, 1.0]])
    repeated = table.iloc[[0, 0, 2]].reset_index(drop=True)
    weighted, plain = aggregate(table, weights), aggregate(repeated, np.ones((1, 3)))
    assert {key: float(value[0]) for key, value in weighted.items()} == pytest.approx(
        {key: float(value[0]) for key, value in plain.items()}
    )
