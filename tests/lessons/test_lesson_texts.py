"""The lessons as data: complete, in order, and true to what the page can draw."""

import re

import pytest

from app.learn.lesson_parts import parts_of
from app.learn.screens import with_terms
from fairkd.errors import InputError
from fairkd.lessons import glossary_term, lesson, lessons


def test_the_lessons_are_numbered_from_one():
    assert [one.number for one in lessons()] == list(range(1, len(lessons()) + 1))
    assert len({one.name for one in lessons()}) == len(lessons())


def test_an_unknown_lesson_is_one_sentence_with_the_nearest_name():
    with pytest.raises(InputError, match="no lesson 'predictoins'.*predictions"):
        lesson("predictoins")


@pytest.mark.parametrize("one", lessons(), ids=lambda one: one.name)
def test_a_lesson_asks_before_it_shows_ends_with_an_exercise_and_its_parts_exist(one):
    parts = parts_of(one.name)
    questions = {screen.question.name for screen in one.screens if screen.question}
    live = {screen.live for screen in one.screens if screen.live}
    assert questions and questions == set(parts.answers)
    assert live and live == set(parts.live)
    assert sum(screen.exercise is not None for screen in one.screens) == 1
    assert one.screens[-1].exercise is not None


@pytest.mark.parametrize("one", lessons(), ids=lambda one: one.name)
def test_a_screen_has_one_idea_in_few_words(one):
    for screen in one.screens:
        assert len(screen.text.split()) <= 110, screen.title


def test_terms_are_links_to_the_glossary():
    assert with_terms("a [[soft target|target]] and a [[mask]]") == (
        "a [target](glossary?term=soft%20target) and a [mask](glossary?term=mask)"
    )


@pytest.mark.parametrize("one", lessons(), ids=lambda one: one.name)
def test_every_term_of_a_lesson_is_in_the_glossary(one):
    for screen in one.screens:
        text = screen.text + screen.reveal
        terms = re.findall(r"\[\[([^\[\]|]+)(?:\|[^\[\]|]+)?\]\]", text)
        assert text.count("[[") == text.count("]]") == len(terms), screen.title
        for term in terms:
            assert glossary_term(term) is not None, term
