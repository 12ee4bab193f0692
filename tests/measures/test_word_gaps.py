"""Gaps over templates and professions, against a plain loop that masks by position, for every family."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from fairkd.errors import InputError
from fairkd.lexicon.templates import Template
from fairkd.lexicon.word_groups import Contrast, contrasts, make_contrast
from fairkd.measures.gap_summaries import split_words
from fairkd.measures.word_gaps import COLUMNS, gaps
from fairkd.models.loading import MaskedLM
from fairkd.models.tokenization import UnknownWord, encode
from fairkd.predictions.cloze import score_words
from tests.tiny import MAX_TOKENS

PRONOUNS = contrasts()["pronouns"]
AFTER = Template("He said that [MASK] is {a profession}.", "subject")
BEFORE = Template("{The profession} said that [MASK] is old.", "subject")
START = Template("[MASK] is {a profession}.", "subject")
OWNED = Template("{The profession} likes [MASK] father.", "possessive")


# --- the plain reference: one sentence at a time, dense logits out ---


def log_p_of(lm: MaskedLM, ids: list[int], position: int, words: list[int]) -> float:
    """log of the sum of the words' probabilities at one position."""
    with torch.no_grad():
        probabilities = lm.model(input_ids=torch.tensor([ids])).logits[0, position].double().softmax(-1)
    return float(torch.log(sum(probabilities[word] for word in words)))


def tokenise(lm: MaskedLM, text: str) -> list[int]:
    return lm.tokenizer(text.replace("[MASK]", lm.mask_token))["input_ids"]


def spelled(lm: MaskedLM, word: str) -> list[int]:
    """The ids of all tokens that read as the word, with or without a mark for a space and a capital."""
    forms = (word, word.capitalize())
    return [i for i, token in enumerate(lm.vocabulary) if token.lstrip("Ġ▁") in forms]


def plain_gap(lm: MaskedLM, text: str, which_mask: int, a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """The gap at one of the masks of a text."""
    ids = tokenise(lm, text)
    masks = [i for i, token in enumerate(ids) if token == lm.mask_id]
    assert len(masks) == text.count("[MASK]")
    words = [[i for word in group for i in spelled(lm, word)] for group in (a, b)]
    log_a, log_b = (log_p_of(lm, ids, masks[which_mask], group) for group in words)
    return log_a - log_b


def subwords_of(lm: MaskedLM, profession: str) -> list[int]:
    return lm.tokenizer(f" {profession}" if lm.kind == "BPE" else profession, add_special_tokens=False)[
        "input_ids"
    ]


def hide(ids: list[int], run: list[int], mask_id: int) -> list[int]:
    """`ids` with the one place where `run` stands masked."""
    starts = [i for i in range(len(ids)) if ids[i : i + len(run)] == run]
    assert len(starts) == 1
    return [mask_id if starts[0] <= i < starts[0] + len(run) else token for i, token in enumerate(ids)]


@pytest.mark.parametrize("profession", ["nurse", "zoologist"])
@pytest.mark.parametrize(
    ("template", "sentence", "words"),
    [
        (START, "[MASK] is a {}.", ("he", "she")),
        (AFTER, "He said that [MASK] is a {}.", ("he", "she")),
        (BEFORE, "The {} said that [MASK] is old.", ("he", "she")),
        (OWNED, "The {} likes [MASK] father.", ("his", "her")),
    ],
)
def test_gap_and_prior_equal_a_plain_loop_for_every_family(
    any_family: MaskedLM, template: Template, sentence: str, words: tuple[str, str], profession: str
) -> None:
    lm = any_family
    row = gaps(lm, contrast=PRONOUNS, templates=[template], professions=[profession]).iloc[0]
    assert row.text == sentence.format(profession)
    ids = encode(lm, row.text).ids
    position = ids.index(lm.mask_id)
    hidden = hide(list(ids), subwords_of(lm, profession), lm.mask_id)
    groups = [spelled(lm, word) for word in words]
    log_a, log_b = (log_p_of(lm, list(ids), position, group) for group in groups)
    prior_a, prior_b = (log_p_of(lm, hidden, position, group) for group in groups)
    assert row.log_p_a == pytest.approx(log_a, abs=1e-4)
    assert row.gap == pytest.approx(log_a - log_b, abs=1e-4)
    assert row.prior_gap == pytest.approx(prior_a - prior_b, abs=1e-4)
    assert row.corrected_gap == pytest.approx(log_a - log_b - prior_a + prior_b, abs=2e-4)


def test_gaps_of_groups_of_several_words_equal_a_plain_loop_on_the_embedded_teacher(
    teacher: MaskedLM,
) -> None:
    men, women = ("man", "boy", "father"), ("woman", "girl", "mother")
    people = make_contrast("people", {"men": men, "women": women})
    template = Template("{The profession} asked the [MASK] and an engineer.", "noun")
    frame = gaps(teacher, contrast=people, templates=[template], professions=["nurse", "hairdresser"])
    for row in frame.itertuples():
        hidden = (
            "The "
            + "[MASK] " * len(subwords_of(teacher, row.profession))
            + "asked the [MASK] and an engineer."
        )
        expected = plain_gap(teacher, row.text, 0, men, women)
        before = plain_gap(teacher, hidden, hidden.count("[MASK]") - 1, men, women)
        assert row.gap == pytest.approx(expected, abs=1e-4)
        assert row.prior_gap == pytest.approx(before, abs=1e-4)
        assert row.corrected_gap == pytest.approx(expected - before, abs=2e-4)


def test_words_of_several_subwords_count_with_their_left_to_right_score(any_family: MaskedLM) -> None:
    people = make_contrast("people", {"a": ["he", "zoologist"], "b": ["she"]})
    template = Template("{The profession} said that [MASK] is old.", "noun")
    row = gaps(any_family, contrast=people, templates=[template], professions=["nurse"]).iloc[0]
    scores = score_words(any_family, row.text, ["zoologist"])
    assert scores.subwords[0] > 1
    ids = list(encode(any_family, row.text).ids)
    he, she = (
        log_p_of(any_family, ids, ids.index(any_family.mask_id), spelled(any_family, word))
        for word in ("he", "she")
    )
    assert row.log_p_a == pytest.approx(np.logaddexp(he, scores.log_probability[0]), abs=1e-4)
    assert row.log_p_b == pytest.approx(she, abs=1e-4)


def test_words_of_several_subwords_are_named_with_their_number(tiny_bert: MaskedLM) -> None:
    people = make_contrast("people", {"a": ["he", "zoologist"], "b": ["she", "ox"]})
    noun = Template("{The profession} said that [MASK] is old.", "noun")
    row = gaps(tiny_bert, contrast=people, templates=[noun], professions=["nurse"], prior=False).iloc[0]
    subwords = len(tiny_bert.tokenizer("zoologist", add_special_tokens=False)["input_ids"])
    assert (row.subwords, row.split) == (subwords, f"zoologist ({subwords}); ox (2)")
    frame = gaps(tiny_bert, contrast=PRONOUNS, templates=[START], professions=["zoologist"], prior=False)
    assert frame[["subwords", "split"]].to_numpy().tolist() == [[1, ""]]
    assert split_words(frame) == []


def test_batching_sentences_of_many_lengths_changes_nothing(tiny_bert: MaskedLM) -> None:
    names = [" ".join(["doctor"] * n) for n in range(1, 8)] + ["zoologist", "nurse", "pilot"] * 30
    chosen = [START, AFTER, BEFORE, OWNED]
    together = gaps(tiny_bert, contrast=PRONOUNS, templates=chosen, professions=names)
    for row in together.sample(12, random_state=0).itertuples():
        template = Template(row.template, row.role)
        alone = gaps(tiny_bert, contrast=PRONOUNS, templates=[template], professions=[row.profession]).iloc[0]
        assert alone.gap == pytest.approx(row.gap, abs=1e-4)
        assert alone.prior_gap == pytest.approx(row.prior_gap, abs=1e-4)


# --- what the numbers are to each other ---


def test_the_columns_are_consistent(tiny_bert: MaskedLM) -> None:
    frame = gaps(
        tiny_bert, contrast=PRONOUNS, templates=[START, OWNED], professions=["nurse", "pilot", "cook"]
    )
    assert tuple(frame.columns) == COLUMNS
    assert frame.profession.tolist() == ["nurse", "pilot", "cook"] * 2
    p_a, p_b = np.exp(frame.log_p_a), np.exp(frame.log_p_b)
    np.testing.assert_allclose(frame.gap, np.log(p_a / p_b), atol=1e-9)
    np.testing.assert_allclose(frame.share, p_a / (p_a + p_b), atol=1e-9)
    np.testing.assert_allclose(frame.mass, p_a + p_b, atol=1e-9)
    np.testing.assert_allclose(frame.corrected_gap, frame.gap - frame.prior_gap, atol=1e-9)


def test_swapping_the_groups_flips_every_sign(tiny_bert: MaskedLM) -> None:
    def of(groups: tuple[str, str]):
        return gaps(
            tiny_bert, contrast=PRONOUNS, templates=[BEFORE], professions=["nurse", "pilot"], groups=groups
        )

    one, other = of(("he", "she")), of(("she", "he"))
    np.testing.assert_allclose(one.gap, -other.gap)
    np.testing.assert_allclose(one.corrected_gap, -other.corrected_gap, atol=1e-12)
    np.testing.assert_allclose(one.share, 1 - other.share)
    np.testing.assert_allclose(one.mass, other.mass)


def test_by_default_the_first_two_of_three_groups_are_compared(tiny_bert: MaskedLM) -> None:
    three = contrasts()["pronouns-they"]
    options = {"templates": [START], "professions": ["nurse"]}
    assert gaps(tiny_bert, contrast=three, **options).equals(gaps(tiny_bert, contrast=PRONOUNS, **options))
    last = gaps(tiny_bert, contrast=three, groups=("he", "they"), **options)
    assert last.log_p_b[0] == pytest.approx(
        score_words(tiny_bert, "_ is a nurse.", ["they"]).log_probability[0]
    )


WORDS = ["man", "boy", "father", "brother", "son", "woman", "girl", "mother", "sister", "daughter"]


@settings(max_examples=15)
@given(data=st.data())
def test_the_order_of_the_words_in_a_group_does_not_matter(teacher: MaskedLM, data: st.DataObject) -> None:
    words = data.draw(st.permutations(WORDS))
    cut = data.draw(st.integers(1, len(words) - 1))
    a, b = words[:cut], words[cut:]
    template = Template("The [MASK] is {a profession}.", "noun")

    def of(a: list[str], b: list[str]) -> np.ndarray:
        contrast = make_contrast("own", {"a": a, "b": b})
        frame = gaps(teacher, contrast=contrast, templates=[template], professions=["nurse"])
        return frame[["gap", "prior_gap", "mass"]].to_numpy()

    np.testing.assert_allclose(of(a, b), of(sorted(a), sorted(b)), atol=1e-5)


def test_without_a_prior_its_columns_are_empty_and_the_others_unchanged(tiny_bert: MaskedLM) -> None:
    options = {"contrast": PRONOUNS, "templates": [START, BEFORE], "professions": ["nurse"]}
    bare, full = gaps(tiny_bert, prior=False, **options), gaps(tiny_bert, **options)
    assert bare[["prior_gap", "corrected_gap"]].isna().all(axis=None)
    np.testing.assert_allclose(bare.gap, full.gap, atol=1e-5)


def test_a_prior_keeps_the_article_of_the_profession(tiny_bert: MaskedLM) -> None:
    frame = gaps(tiny_bert, contrast=PRONOUNS, templates=[START], professions=["nurse", "doctor", "engineer"])
    nurse, doctor, engineer = frame.prior_gap
    assert nurse == doctor != engineer
    assert engineer == pytest.approx(
        plain_gap(tiny_bert, "[MASK] is an [MASK].", 0, ("he",), ("she",)), abs=1e-4
    )


def test_a_profession_named_twice_in_a_template_is_masked_twice_in_the_prior(tiny_bert: MaskedLM) -> None:
    template = Template("{The profession} said that [MASK] is {a profession}.", "subject")
    row = gaps(tiny_bert, contrast=PRONOUNS, templates=[template], professions=["nurse"]).iloc[0]
    hidden = "The [MASK] said that [MASK] is a [MASK]."
    assert row.prior_gap == pytest.approx(plain_gap(tiny_bert, hidden, 1, ("he",), ("she",)), abs=1e-4)


def test_progress_rises_to_one(tiny_bert: MaskedLM) -> None:
    seen: list[float] = []
    names = ["nurse", "doctor", "zoologist"]
    gaps(tiny_bert, contrast=PRONOUNS, templates=[START], professions=names, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


# --- what was given ---


def test_professions_are_stripped_and_empty_or_repeated_ones_dropped(tiny_bert: MaskedLM) -> None:
    names = [" nurse ", "", "nurse", "\t", "pilot"]
    frame = gaps(tiny_bert, contrast=PRONOUNS, templates=[START], professions=names)
    assert frame.profession.tolist() == ["nurse", "pilot"]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "$x$", "**bold**", "snake_case", "{profession}"]
)
def test_odd_professions_are_taken_literally(teacher: MaskedLM, name: str) -> None:
    row = gaps(teacher, contrast=PRONOUNS, templates=[START, BEFORE], professions=[name]).iloc[1]
    assert row.profession == name
    assert row.text == f"The {name} said that [MASK] is old."


def test_templates_without_words_are_skipped_and_repeated_ones_count_once(tiny_bert: MaskedLM) -> None:
    noun = Template("The [MASK] is {a profession}.", "noun")
    frame = gaps(tiny_bert, contrast=PRONOUNS, templates=[noun, START, START], professions=["nurse"])
    assert frame.template.tolist() == [START.text]


def test_one_sentence_under_two_roles_counts_once_where_both_have_the_same_words(tiny_bert: MaskedLM) -> None:
    named = Template(START.text, "name")
    own = make_contrast("own", {"a": ["he"], "b": ["she"]})
    assert len(gaps(tiny_bert, contrast=own, templates=[START, named], professions=["nurse"])) == 1


def refused(lm: MaskedLM, message: str, kind: type[Exception] = InputError, **changes: object) -> None:
    options = {"contrast": PRONOUNS, "templates": [START], "professions": ["nurse"]} | changes
    with pytest.raises(kind, match=message):
        gaps(lm, **options)


@pytest.mark.parametrize("professions", [[], ["", "  "]])
def test_no_profession_at_all_is_refused(tiny_bert: MaskedLM, professions: list[str]) -> None:
    refused(tiny_bert, "list of professions is empty", professions=professions)


def test_one_text_in_place_of_a_list_is_refused(tiny_bert: MaskedLM) -> None:
    refused(tiny_bert, "must be a list of texts, but got the text 'nurse'", professions="nurse")


def test_no_template_or_none_that_fits_is_refused(tiny_bert: MaskedLM) -> None:
    refused(tiny_bert, "list of templates is empty", templates=[])
    noun = Template("The [MASK] is {a profession}.", "noun")
    refused(tiny_bert, "'pronouns': they have words for subject.*need noun", templates=[noun])


@pytest.mark.parametrize("groups", [("he", "he"), ("he", "it"), ("he",)])
def test_unknown_or_equal_groups_are_refused(tiny_bert: MaskedLM, groups: tuple[str, ...]) -> None:
    refused(tiny_bert, r"two different groups of 'pronouns' \(he, she\)", groups=groups)


def test_an_unknown_profession_is_named(tiny_bert: MaskedLM) -> None:
    refused(tiny_bert, "does not know the profession '火'", professions=["nurse", "火"])
    many = ["火", "水", "木", "金", "土", "日", "月"]
    refused(tiny_bert, "the professions '火', '水', '木', '金', '土' and 2 more", professions=many)


def test_a_profession_without_a_token_is_named(tiny_bert: MaskedLM) -> None:
    refused(tiny_bert, "does not know the profession", professions=["\u200b"])


@pytest.mark.parametrize("name", ["[MASK]", "_", "nurse <mask>"])
def test_a_profession_with_a_mask_in_it_is_refused(any_family: MaskedLM, name: str) -> None:
    glued = Template("_, {profession}, is old.", "subject")
    refused(any_family, f"The profession '{name}' contains a mask".replace("[", r"\["), professions=[name])
    refused(any_family, "contains a mask", professions=[name], templates=[glued])


def test_a_profession_with_a_special_token_in_it_is_refused(tiny_bert: MaskedLM) -> None:
    refused(tiny_bert, "special token", professions=["nurse [SEP]"])


def test_a_sentence_that_is_too_long_is_refused_with_both_numbers(tiny_bert: MaskedLM) -> None:
    refused(tiny_bert, f"has 107 tokens, and .* at most {MAX_TOKENS}", professions=["nurse " * 101])


def test_a_word_of_many_subwords_can_make_a_sentence_too_long(tiny_bert: MaskedLM) -> None:
    own: Contrast = make_contrast("own", {"a": ["zoologist" * 3], "b": ["she"]})
    refused(
        tiny_bert,
        f"subword tokens the text has .* at most {MAX_TOKENS}",
        contrast=own,
        professions=["nurse " * 57],
    )


def test_a_word_that_is_given_twice_in_different_case_counts_once(
    tiny_bert: MaskedLM, tiny_bert_cased: MaskedLM
) -> None:
    once, twice = (make_contrast("own", {"a": words, "b": ["she"]}) for words in (["he"], ["he", "He"]))
    template = Template("[MASK] is {a profession}.", "noun")
    for lm in (tiny_bert, tiny_bert_cased):  # the cased one writes both with a capital at the beginning
        frames = [
            gaps(lm, contrast=own, templates=[template], professions=["nurse"], prior=False)
            for own in (once, twice)
        ]
        assert frames[0].gap.item() == frames[1].gap.item() and frames[0].mass.item() == frames[1].mass.item()


def test_one_token_in_both_groups_is_refused(tiny_bert: MaskedLM) -> None:
    own = make_contrast("own", {"a": ["he"], "b": ["hé"]})
    refused(tiny_bert, "'a' and 'b' both have a word that .* reads as 'he'", contrast=own)


def test_a_group_word_that_cannot_be_spelled_is_named(tiny_bert: MaskedLM) -> None:
    own = make_contrast("own", {"a": ["火"], "b": ["she"]})
    refused(tiny_bert, "cannot spell the word '火'", UnknownWord, contrast=own)
