"""Making a corpus: distinct sentences, the split by content, limits, and what is counted as left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given, strategies as st

from fairkd import corpora
from fairkd.corpora.corpus import (
    LONE_SURROGATES,
    LONG,
    REPEATED,
    SHORT,
    LimitReached,
    beyond,
    is_held_out,
    normalise,
    split,
    split_key,
)
from fairkd.errors import InputError


def sentences(count: int) -> list[str]:
    return [f"Sentence number {n} speaks about something of its own." for n in range(count)]


def test_the_split_depends_on_content_alone_and_keeps_near_copies_together() -> None:
    corpus = corpora.build("made", None, sentences(3000))
    assert len(corpus.held_out) == pytest.approx(60, abs=25)
    backwards = corpora.build("made", None, sentences(3000)[::-1])
    assert set(backwards.held_out) == set(corpus.held_out)
    shouted = corpora.build("made", None, [s.upper().rstrip(".") + " Indeed!" for s in sentences(3000)])
    assert {s.removesuffix(" Indeed!").lower() for s in shouted.held_out} == {
        s.lower().rstrip(".") for s in corpus.held_out
    }


def test_text_in_other_scripts_is_told_apart() -> None:
    corpus = corpora.build("russian", None, ["мама мыла раму", "папа читал газету"])
    assert len(corpus.training + corpus.held_out) == 2


@pytest.mark.parametrize(
    "texts",
    [
        ["В 1999 году он родился в Москве.", "Она умерла в 1999 году в Париже."],
        ["我喜欢 iPhone", "我讨厌 iPhone"],
        ["打开 Settings 应用", "关闭 Settings 应用"],
        ["कि वह", "की वह"],  # they differ in a vowel's mark
        ["a naïve man", "a nave man"],
        ["Ma má ăn.", "Ma mà ăn."],
    ],
)
def test_letters_of_every_script_tell_sentences_apart(texts: list[str]) -> None:
    assert len({normalise(text) for text in texts}) == 2


@pytest.mark.parametrize(
    "texts",
    [
        ["МАМА мыла раму!", "мама мыла раму"],
        ["It’s a café…", "it's a café"],
        ["Мой дом здесь.", "мои\u0306 дом здесь"],
        ["I love it ❤️", "I love it!"],
    ],
)
def test_case_punctuation_and_spelling_of_an_accent_tell_nothing_apart(texts: list[str]) -> None:
    assert len({normalise(text) for text in texts}) == 1


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_plain_text_keeps_its_side(text: str) -> None:
    """The split of the embedded models' text was made so."""
    assert normalise(text) == (re.sub(r"[^a-z0-9]+", " ", text.lower()).strip() or text.lower())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("A naïve café is here.", "a na ve caf is here"),
        ("Ratoff (Russian: Григорий Рэтнер) was an actor.", "ratoff russian was an actor"),
        ("социали́зм в one country was", "one country was"),
        ("Она умерла в 1999 году в Париже.", "она умерла в 1999 году в париже"),
    ],
)
def test_the_side_goes_by_plain_letters_where_they_are_half(text: str, key: str) -> None:
    assert split_key(normalise(text)) == key


def test_what_is_left_out_is_counted_by_reason() -> None:
    texts = ["Milk is  white.", "milk is white", "Word", "", "Half \ud800 a character.", "She reads a book."]
    corpus = corpora.build("made", None, texts)
    assert corpus.training + corpus.held_out == ("Milk is white.", "She reads a book.")
    assert corpus.skipped == {REPEATED: 1, SHORT: 1, LONE_SURROGATES: 1}


def test_the_first_sentences_are_kept_and_the_rest_is_counted() -> None:
    corpus = corpora.build("made", None, sentences(100), most=70)
    assert set(corpus.training + corpus.held_out) == set(sentences(70))
    assert corpus.skipped == {beyond(70): 30}


def test_what_is_counted_of_the_rest_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairkd.corpora.corpus.COUNTED", 25)
    assert corpora.build("made", None, sentences(100), most=70).skipped == {f"or more {beyond(70)}": 25}
    assert corpora.build("made", None, sentences(95), most=70).skipped == {beyond(70): 25}


def test_an_endless_source_is_left_when_there_is_enough() -> None:
    def endless():
        yield from sentences(11)
        raise AssertionError("asked for more than needed")

    corpus = corpora.build("made", None, endless(), most=10, count_rest=False)
    assert len(corpus.training + corpus.held_out) == 10


def test_a_long_text_is_cut_into_its_sentences() -> None:
    text = " ".join(sentences(50))
    corpus = corpora.build("made", None, [text])
    assert set(corpus.training + corpus.held_out) == set(sentences(50))
    assert corpus.skipped == {LONG: 1}


def test_titles_and_initials_end_no_sentence() -> None:
    text = 'Dr. J. Smith met Prof. Lee. "Good day!" he said. (They left.) Was it 3.5 miles?'
    assert list(split(text)) == [
        "Dr. J. Smith met Prof. Lee.",
        '"Good day!"',
        "he said.",
        "(They left.)",
        "Was it 3.5 miles?",
    ]


@given(st.text(alphabet="ab .!?'\n", max_size=5000))
def test_cutting_loses_no_word_and_leaves_nothing_too_long(text: str) -> None:
    plain = " ".join(text.split())
    parts = list(split(plain))
    assert "".join(parts).replace(" ", "") == plain.replace(" ", "")
    assert all(len(part) <= corpora.LONGEST for part in parts)


@pytest.mark.parametrize("texts", [[], ["", "  "], ["one", "two"]])
def test_a_corpus_without_usable_text_is_refused(texts: list[str]) -> None:
    with pytest.raises(InputError, match="made has no usable sentence"):
        corpora.build("made", None, texts)


def test_the_refusal_says_what_was_left_out() -> None:
    with pytest.raises(InputError, match="3 with fewer than two words"):
        corpora.build("made", None, ["one", "two", "three"])


def test_a_corpus_of_held_out_sentences_alone_says_so() -> None:
    held_out = [text for text in sentences(500) if is_held_out(normalise(text))]
    with pytest.raises(InputError, match="no usable sentence for training; the usable one is held out for"):
        corpora.build("made", None, held_out[:1])
    with pytest.raises(InputError, match=f"; all {len(held_out)} usable ones are held out for evaluation; "):
        corpora.build("made", None, held_out)


def test_a_limit_ends_a_corpus_where_it_is_reached() -> None:
    def limited() -> Iterator[str]:
        yield from sentences(70)
        raise LimitReached("the first 2 MB")

    corpus = corpora.build("made", None, limited())
    assert corpus.read_part == "the first 2 MB" and len(corpus.training + corpus.held_out) == 70
    with pytest.raises(InputError, match="has no usable sentence for training in the first 2 MB"):
        corpora.build("made", None, islice(limited(), 70, None))


def test_a_limit_of_zero_sentences_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1"):
        corpora.build("made", None, sentences(3), most=0)


def test_no_sentence_of_a_held_out_text_is_for_training() -> None:
    every = sentences(300)
    held_out = corpora.build_held_out("own", "MIT", [*every[:20], every[0], "One more of them!"])
    assert held_out.sentences == (*every[:20], "One more of them!")
    copies = [every[3].upper(), every[5].rstrip(".") + " ?"]
    corpus = corpora.build("made", None, [*every[10:], *copies], held_out=held_out, most=285)
    assert corpus.training == tuple(every[20:]) and corpus.held_out == held_out.sentences
    assert corpus.skipped == {corpora.HELD_OUT_ELSEWHERE: 12} and corpus.evaluation_name == "own"
    with pytest.raises(
        InputError, match=r"no usable sentence for training \(left out: 20 also in the held-out"
    ):
        corpora.build("made", None, every[:20], held_out=held_out)


def test_a_held_out_text_that_is_empty_or_cannot_be_read_whole_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(
        InputError, match=r"none has no usable sentence \(left out: 1 with fewer than two words"
    ):
        corpora.build_held_out("none", None, ["word"])
    monkeypatch.setattr("fairkd.corpora.corpus.MOST", 9)
    assert len(corpora.build_held_out("made", None, sentences(9)).sentences) == 9
    with pytest.raises(InputError, match="made has more than 9 sentences"):
        corpora.build_held_out("made", None, sentences(10))
    with pytest.raises(
        InputError, match=r"The held-out text cannot be used\. There is no corpus nowhere\.txt"
    ):
        corpora.read_held_out("nowhere.txt")
