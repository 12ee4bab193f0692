"""The texts of the benchmarks are complete, and are sentences."""

from __future__ import annotations

from dataclasses import fields

import pytest

from fairkd.benchmarks import BENCHMARKS, BenchmarkTexts, about, all_texts

KEYS = [
    "gaps",
    "lpbs",
    "crows-pairs",
    "aul",
    "aula",
    "stereoset",
    "bec-pro",
    "disco",
    "winobias",
    "winogender",
    "pseudo-perplexity",
    "calibration",
    "fidelity",
]
SENTENCES = ("summary", "definition", "unbiased", "reading")


def test_every_benchmark_has_texts() -> None:
    assert list(all_texts()) == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_no_text_is_missing(key: str) -> None:
    texts = about(key)
    assert [field.name for field in fields(BenchmarkTexts) if not getattr(texts, field.name)] == []
    assert texts.url.startswith("https://")
    for sentence in [*(getattr(texts, name) for name in SENTENCES), *texts.weaknesses]:
        assert sentence[0].isupper() and sentence.endswith(".") and "\n" not in sentence


@pytest.mark.parametrize("key", KEYS)
def test_a_summary_is_one_sentence(key: str) -> None:
    assert ". " not in about(key).summary


def test_an_unknown_benchmark_has_no_texts() -> None:
    with pytest.raises(KeyError):
        about("weat")


@pytest.mark.parametrize("key", BENCHMARKS)
def test_a_benchmark_has_the_label_of_its_texts(key: str) -> None:
    assert BENCHMARKS[key].label == about(key).label
