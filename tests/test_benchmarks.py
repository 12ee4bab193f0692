"""What benchmarks measure is what they say they measure."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import distill_work, swaps, variants
from fairkd.corpora import Corpus
from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM
from tests.distill.parts import CORPUS, SMALL


@pytest.mark.parametrize("batches", [distill_work.trainer_batches, distill_work.textbook_batches])
def test_a_long_measurement_reads_its_sentences_again(
    tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch, batches: Any
) -> None:
    monkeypatch.setattr(distill_work, "POOL", 10)
    taken = list(islice(batches(tiny_bert, distill_work.Case(batch=4)), 12))
    assert sum(len(batch.ids) for batch in taken) > 10


def test_variants_that_were_kept_are_those_of_the_same_settings(
    tiny_bert: MaskedLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(lm: MaskedLM, corpus: Corpus) -> dict[str, Any]:
        return {"gap": 1.0}

    monkeypatch.setattr(variants, "measured", measured)
    monkeypatch.setattr(variants, "PRESETS", {"plain": SMALL})
    first = variants.variant("plain", tmp_path, ["budget.steps=2"], tiny_bert, CORPUS)
    assert first["steps"] == 2
    monkeypatch.setattr(variants, "train", lambda *_, **__: SimpleNamespace())  # not once more
    assert variants.variant("plain", tmp_path, ["budget.steps=2"], tiny_bert, CORPUS) == first
    monkeypatch.undo()
    monkeypatch.setattr(variants, "PRESETS", {"plain": SMALL})
    with pytest.raises(InputError, match="other settings"):
        variants.variant("plain", tmp_path, ["budget.steps=3"], tiny_bert, CORPUS)
    assert json.loads((tmp_path / "measured.json").read_text()) == first


def test_only_sentences_that_differ_in_gender_alone_are_pairs() -> None:
    assert swaps.is_swap("The cook met [her].", "The cook met [him].")
    assert not swaps.is_swap("The cook met [her].", "The chef met [him].")
    assert not swaps.is_swap("The cook met [her] and him.", "The cook met [him] and him.")


def test_swapped_words_are_marked_beside_their_counterparts() -> None:
    assert swaps.marked("She lost her key.", "He lost his key.") == "[She>He] lost [her>his] key."
    assert swaps.without_brackets("The [cook]  met [ her ] .") == "The cook met her ."
