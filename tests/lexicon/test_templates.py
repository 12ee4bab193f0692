"""Sentence templates: placeholders, articles, capitals, and the spans of target and profession."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from fairkd.errors import InputError
from fairkd.lexicon.language_packs import languages
from fairkd.lexicon.templates import Template


@pytest.mark.parametrize(
    ("profession", "sentence"),
    [
        ("nurse", "[MASK] is a nurse."),
        ("engineer", "[MASK] is an engineer."),
        ("police officer", "[MASK] is a police officer."),
        ("Uber driver", "[MASK] is an Uber driver."),
    ],
)
def test_the_article_follows_the_profession(profession: str, sentence: str) -> None:
    assert Template("[MASK] is {a profession}.", "subject").render(profession).text == sentence


TAKES_AN = """engineer, artist, honest broker, hour counter, heiress, honorary consul, urban planner, usher,
undertaker, unemployed actor, MRI technician, FBI agent, 8-bit artist, 18th-century historian, electrician,
X-ray technician, 'expert', émigré"""
TAKES_A = """nurse, university teacher, union leader, unicorn trainer, European lawyer, one-man band,
user researcher, urologist, UX designer, CEO, NASA engineer, hotel clerk, yoga teacher, 1st officer,
180th member, usability tester, 🧑"""


@pytest.mark.parametrize("word", [word.strip() for word in TAKES_AN.split(",")])
def test_words_that_sound_like_a_vowel_take_an(word: str) -> None:
    assert languages()["en"].with_article("a", word, None) == f"an {word}"


@pytest.mark.parametrize("word", ["", *(word.strip() for word in TAKES_A.split(","))])
def test_words_that_sound_like_a_consonant_take_a(word: str) -> None:
    assert languages()["en"].with_article("a", word, None) == f"a {word}"


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{a profession} said that [MASK] left.", "An actor said that [MASK] left."),
        ("{The profession} said that [MASK] left.", "The actor said that [MASK] left."),
        ("{profession} is what [MASK] became.", "Actor is what [MASK] became."),
        ("Look! {the profession} lost [MASK] keys.", "Look! The actor lost [MASK] keys."),
        ('"{the profession} met [MASK]", said John.', '"The actor met [MASK]", said John.'),
        ('Mary said, "{The profession} met [MASK]."', 'Mary said, "The actor met [MASK]."'),
        ("Yesterday, {The profession} met [MASK].", "Yesterday, the actor met [MASK]."),
    ],
)
def test_professions_are_capitalised_at_the_beginning_of_a_sentence_only(
    template: str, sentence: str
) -> None:
    assert Template(template, "subject").render("actor").text == sentence


@given(
    st.text(max_size=12),
    st.sampled_from(
        ["[MASK] is {a profession}.", "{The profession} met [MASK].", "{profession}, _, {a profession}!"]
    ),
)
def test_the_spans_are_those_of_the_mask_and_the_professions(profession: str, template: str) -> None:
    rendered = Template(template, "subject").render(profession)
    start, end = rendered.target
    assert rendered.text[start:end] == "[MASK]"
    for first, last in rendered.professions:
        assert rendered.text[first:last] in (profession, profession[:1].upper() + profession[1:])


@pytest.mark.parametrize("typed", ["_", "<mask>", "[mask]", "___"])
def test_the_target_can_be_typed_in_any_form_of_a_mask(typed: str) -> None:
    assert Template(f"{typed} is {{a profession}}.", "subject").render("cook").text == "[MASK] is a cook."


@pytest.mark.parametrize(
    ("text", "role", "message"),
    [
        ("[MASK] is kind.", "subject", "no placeholder for the profession"),
        ("He is {a profession}.", "subject", "no mask"),
        ("[MASK] knows that [MASK] is {a profession}.", "subject", "2 masks"),
        ("[MASK] is {a job}.", "subject", "unknown placeholder '{a job}'"),
        ("[MASK] is {a profession}.", "adverb", "unknown grammatical role 'adverb'"),
        ("", "subject", "no placeholder"),
    ],
)
def test_an_invalid_template_is_refused_with_the_reason(text: str, role: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("{", r"\{")):
        Template(text, role)
