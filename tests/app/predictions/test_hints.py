"""Hints on a sentence, and the way from a sentence to its gap."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.predictions.gap_link import query_of, template_of, why_not
from app.predictions.hints import expected_part, split_words
from fairkd import models
from fairkd.lexicon import shipped_professions
from fairkd.predictions import predict


def test_a_sentence_of_rare_words_causes_a_hint() -> None:
    seen = split_words([("Die", 1), ("Krankenschwester", 6), ("ist", 2)])
    assert seen.startswith("2 of the 3 words are split into parts")


def test_a_rare_word_among_common_ones_causes_none() -> None:
    assert split_words([("The", 1), ("anaesthetist", 4), ("slept", 1)]) == ""
    assert split_words([("Milkshakes", 3)]) == "" == split_words([])


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("La journaliste est [MASK].", "##o"),
        ("Die Frau ist [MASK].", "##i"),
        ("[MASK] is an anaesthetist.", ""),
        ("anti[MASK]", ""),
    ],
)
def test_a_part_of_a_word_at_a_mask_causes_a_hint(text: str, seen: str) -> None:
    hint = expected_part(predict(models.load("embedded/teacher"), text))
    assert f"the part “{seen}” is among" in hint if seen else not hint


@pytest.mark.parametrize(
    ("text", "words", "template"),
    [
        ("[MASK] is a nurse.", ["she", "he"], ("[MASK] is {a profession}.", "subject")),
        ("The engineer lost _ keys.", ["the", "his"], ("{the profession} lost _ keys.", "possessive")),
        ("We saw <mask>, an Engineer.", ["him"], ("We saw <mask>, {a profession}.", "object")),
    ],
)
def test_a_sentence_with_a_profession_becomes_a_template(
    text: str, words: list[str], template: tuple[str, str]
) -> None:
    found = template_of(text, words)
    assert found is not None and (found[0].text, found[0].role) == template
    query = query_of(*found)
    assert json.loads(query["edits"]) == {"templates": {"only": [list(template)]}}
    assert query["profession"] in set(shipped_professions()["profession"])
    assert query["profession"] in text.lower()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Milk is a [MASK].", ["substance"]),
        ("[MASK] told [MASK] nurse.", ["she"]),
        ("[MASK] is tall.", ["he"]),
        ("[MASK] is a nurse.", ["this"]),
    ],
)
def test_other_sentences_become_none(text: str, words: list[str]) -> None:
    assert template_of(text, words) is None


def test_a_pronoun_without_a_known_profession_says_why_there_is_no_link() -> None:
    assert "one of its professions" in why_not("_ is a babysitter.", ["she", "he"])
    assert why_not("_ is a nurse.", ["she", "he"]) == ""
    assert why_not("Milk is a _.", ["drink", "milk", "he"]) == ""


def test_what_the_fill_mask_pipeline_reads_otherwise_stands_beside_the_prediction(
    open_app: Callable[..., AppTest], tiny_folder: Callable[[str], Path]
) -> None:
    app = open_app(teacher=str(tiny_folder("albert")), text="Milk is a [MASK].")
    notes = [caption.value for caption in app.caption if "pipeline of transformers" in caption.value]
    assert len(notes) == 1 and "albert" in notes[0]
