"""The answers of a class: everybody counts once, from any thread, and questions are apart."""

from concurrent.futures import ThreadPoolExecutor

from app.learn import class_answers as module
from app.learn.class_answers import ClassAnswers

QUESTION = ("predictions", "how_sure")


def test_thirty_visitors_are_counted_once_each_from_thirty_threads():
    answers = ClassAnswers()
    with ThreadPoolExecutor(30) as threads:
        for _ in range(3):
            list(threads.map(lambda n: answers.give(QUESTION, f"visitor {n}", n % 3), range(30)))
    assert answers.counts(QUESTION, 4) == [10, 10, 10, 0]


def test_the_first_answer_counts_because_the_reveal_follows_it():
    answers = ClassAnswers()
    answers.give(QUESTION, "one", 2)
    answers.give(QUESTION, "one", 0)
    assert answers.of(QUESTION, "one") == 2
    assert answers.of(QUESTION, "other") is None


def test_clearing_a_question_leaves_the_others():
    answers = ClassAnswers()
    answers.give(QUESTION, "one", 0)
    answers.give(("labels", "how_many"), "one", 1)
    answers.clear(QUESTION)
    assert answers.counts(QUESTION, 2) == [0, 0]
    assert answers.counts(("labels", "how_many"), 2) == [0, 1]


def test_the_earliest_visitors_are_forgotten_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(module, "MOST_VISITORS", 2)
    answers = ClassAnswers()
    for visitor in ("a", "b", "c"):
        answers.give(QUESTION, visitor, 0)
    assert answers.of(QUESTION, "a") is None
    assert answers.counts(QUESTION, 1) == [2]


def test_a_reveal_holds_for_everybody_until_it_is_hidden_or_the_answers_are_cleared():
    answers = ClassAnswers()
    answers.reveal(QUESTION, True)
    assert answers.is_revealed(QUESTION) and not answers.is_revealed(("labels", "how_many"))
    answers.reveal(QUESTION, False)
    assert not answers.is_revealed(QUESTION)
    answers.reveal(QUESTION, True)
    answers.clear(QUESTION)
    assert not answers.is_revealed(QUESTION)
