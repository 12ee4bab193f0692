"""Promoted words: against a plain loop over every word of the vocabulary."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from fairkd.benchmarks import promoted_words
from fairkd.errors import InputError
from fairkd.models import MaskedLM
from tests.benchmarks.references.quality import _log_p, _scored

SENTENCES = ("She is a very good doctor.", "He likes milk", "The old man walked to his mother.")


def test_shifts_and_examples_equal_a_plain_loop(tiny_model: Callable[[str], MaskedLM]) -> None:
    teacher, student = tiny_model("bert"), tiny_model("distilbert")
    promoted, demoted = promoted_words(teacher, student, SENTENCES, k=5)
    rows = []
    for sentence in SENTENCES:
        ids = teacher.tokenizer(sentence)["input_ids"]
        scored = _scored(teacher, ids)
        for part in range(3):
            place = scored[(2 * part + 1) * len(scored) // 6]
            rows.append([_log_p(lm, ids, place).exp() for lm in (teacher, student)])
    differences = torch.stack([own - expected for expected, own in rows])
    differences[:, teacher.tokenizer.all_special_ids] = 0
    shifts = differences.mean(0)
    best = shifts.argsort(descending=True)[:5]
    assert promoted["shift"].to_numpy() == pytest.approx(shifts[best].numpy(), abs=1e-6)
    assert promoted["word"].tolist() == [teacher.vocabulary[word] for word in best.tolist()]
    assert demoted["shift"].to_numpy() == pytest.approx(shifts.sort().values[:5].numpy(), abs=1e-6)
    row = promoted.iloc[0]
    largest = float(differences[:, best[0]].max())
    assert row["at_student"] - row["at_teacher"] == pytest.approx(largest, abs=1e-6)
    assert row["student"] - row["teacher"] == pytest.approx(row["shift"])
    assert all(text.count("[MASK]") == 1 for text in (*promoted["example"], *demoted["example"]))


def test_a_model_promotes_nothing_over_itself(tiny_bert: MaskedLM) -> None:
    assert all(table.empty for table in promoted_words(tiny_bert, tiny_bert, SENTENCES))


def test_models_of_different_vocabularies_are_refused(tiny_bert: MaskedLM, tiny_roberta: MaskedLM) -> None:
    with pytest.raises(InputError, match="two models of one vocabulary"):
        promoted_words(tiny_bert, tiny_roberta, SENTENCES)
