"""The glossary: complete, in order, and found by what somebody types."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from fairkd.errors import InputError
from fairkd.lessons import GlossaryTerm, glossary_term, glossary_terms, search_glossary

# Every lesson explains some of the terms first.
LESSONS = {"predictions", "labels", "temperature", "training", "gaps", "constraints", "measuring"}
# What the lessons and pages use.
USED = """
masked language model, token, mask, probability, logit, softmax, temperature, entropy, cross-entropy,
gradient, hard label, soft target, dark knowledge, knowledge distillation, capacity, parameters, layer,
hidden state, initialisation, learning rate, step, epoch, overfitting, gap, prior, mass, contrast,
word groups, log-odds,
stereotype, projection, simplex, KL divergence, counterfactual data augmentation, CDA, confidence interval,
bootstrap, seed, p-value, effect size, calibration, ECE, latency, teacher, student, vocabulary, target, run
"""


def test_terms_are_in_alphabetical_order_and_named_once() -> None:
    anchors = [one.anchor for one in glossary_terms()]
    assert anchors == sorted(set(anchors))
    names = Counter(name.casefold() for one in glossary_terms() for name in one.names)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("one", glossary_terms(), ids=lambda one: one.anchor)
def test_an_explanation_is_short_and_ends_its_sentences(one: GlossaryTerm) -> None:
    without_links = re.sub(r"\]\([^)]*\)", "]", one.text)
    assert len(without_links) < 330 and one.text.rstrip().endswith((".", '."'))
    assert one.lesson is None or one.lesson in LESSONS


def test_every_lesson_explains_terms_first() -> None:
    assert {one.lesson for one in glossary_terms()} - {None} == LESSONS


@pytest.mark.parametrize("name", [name.strip() for name in USED.split(",")])
def test_a_term_of_the_lessons_is_explained(name: str) -> None:
    assert name in glossary_term(name).names


def test_a_term_is_found_whatever_its_case() -> None:
    assert glossary_term("kl DIVERGENCE").term == "KL divergence"


def test_an_unknown_term_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(InputError, match=r"The glossary has no term 'sofmax'. Did you mean softmax\?"):
        glossary_term("sofmax")


def test_a_search_finds_the_term_itself_first_then_names_then_explanations() -> None:
    found = [one.term for one in search_glossary(" GAP ")]
    assert found[0] == "gap"
    assert found.index("prior-corrected gap") < found.index("log-odds")
    assert search_glossary("no such thing") == []
    assert search_glossary("") == list(glossary_terms())
