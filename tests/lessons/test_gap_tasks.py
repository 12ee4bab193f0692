"""The lesson on gaps, against plain sums and against the measure."""

import math
import re

import pytest

from fairkd.errors import InputError
from fairkd.lessons import (
    SentenceGap,
    check_gap_and_mass,
    gap_directions,
    how_much_more_likely,
    profession_gaps,
    pronouns,
    sentence_gap,
    unknown_professions,
    where_the_ratio_moves,
)
from fairkd.lexicon import Template, typed_contrast
from fairkd.measures import gaps
from fairkd.models import load
from fairkd.predictions import predict

KING, SINGS = "The king lost [MASK] crown.", "[MASK] sings well."


@pytest.fixture(scope="module")
def teacher():
    return load("embedded/teacher")


def test_a_gap_is_the_difference_of_the_logarithms_of_two_sums(teacher):
    text = "My [MASK] is a doctor."
    row = predict(teacher, text).row(2).double().exp()
    ids = {
        word: teacher.tokenizer.convert_tokens_to_ids(word) for word in ("father", "son", "mother", "aunt")
    }
    a, b = (sum(float(row[ids[word]]) for word in words) for words in (("father", "son"), ("mother", "aunt")))
    found = sentence_gap(teacher, text, typed_contrast("father, son", "mother, aunt"))
    assert (found.p_a, found.p_b) == pytest.approx((a, b), rel=1e-4)
    assert found.gap == pytest.approx(math.log(a / b), abs=1e-4)
    assert found.mass == pytest.approx(a + b, rel=1e-4)
    assert found.ratio == pytest.approx(max(a / b, b / a), rel=1e-4)
    assert found.likelier == (("father", "mother") if a > b else ("mother", "father"))
    assert found.fills(1000) == pytest.approx(1000 * (a + b), rel=1e-4)


def test_a_sentence_has_the_gap_that_the_measure_gives_it(teacher):
    measured = gaps(
        teacher,
        contrast=pronouns(),
        templates=[Template("[MASK] is {a profession}.", "subject")],
        professions=["nurse", "doctor"],
    )
    found = profession_gaps(teacher, ["nurse", "doctor"])
    assert found.equals(measured)
    for row in found.itertuples():
        alone = sentence_gap(teacher, row.text, pronouns())
        assert alone.gap == pytest.approx(row.gap, abs=1e-4)
        assert alone.mass == pytest.approx(row.mass, rel=1e-4)
    assert gap_directions(found) == (int((measured.gap > 0).sum()), int((measured.gap < 0).sum()))


def test_the_prior_hides_the_profession_as_well(teacher):
    row = profession_gaps(teacher, ["doctor"]).iloc[0]
    hidden = predict(teacher, "[MASK] is a [MASK].").row(1)
    he, she = (float(hidden[teacher.tokenizer.convert_tokens_to_ids(word)]) for word in ("he", "she"))
    assert row.prior_gap == pytest.approx(he - she, abs=1e-4)
    moved = row.prior_gap - row.gap
    assert where_the_ratio_moves(teacher).right == (0 if moved > 0.1 else 2 if moved < -0.1 else 1)


def test_the_question_counts_how_many_times_as_likely(teacher):
    ratio = sentence_gap(teacher, "[MASK] is a nurse.", pronouns()).ratio
    assert how_much_more_likely(teacher).right == sum(ratio > bound for bound in (2, 5, 20))


@pytest.mark.parametrize(
    ("empty", "full", "solved", "said"),
    [
        (KING, SINGS, True, "Only the second gap"),
        (SINGS, SINGS, False, "The first sentence: .* That is too much"),
        ("Milk is a [MASK].", SINGS, False, "The first sentence: .* too small"),
        (KING, "The [MASK] is red.", False, "The second sentence: .* too little"),
        (KING, "[MASK] is a nurse.", False, "The second sentence: .* too large"),
    ],
)
def test_the_exercise_asks_for_a_gap_without_mass_and_for_its_opposite(teacher, empty, full, solved, said):
    result = check_gap_and_mass(teacher, empty, full)
    assert result.solved is solved
    assert re.search(said, result.message)


def test_a_value_beside_its_bound_has_the_digits_that_tell_them_apart(monkeypatch):
    found = {
        KING: SentenceGap(("he", "she"), 0.006, 0.001, math.log(6)),
        SINGS: SentenceGap(("he", "she"), 0.36, 0.24, math.log(1.5003)),
    }
    monkeypatch.setattr("fairkd.lessons.gap_tasks.sentence_gap", lambda lm, text, contrast: found[text])
    result = check_gap_and_mass(None, KING, SINGS)
    assert not result.solved and "is 1.5003 times as likely" in result.message
    found[KING] = SentenceGap(("he", "she"), 0.00901, 0.001, math.log(9.01))
    assert "both have 1.001 % together" in check_gap_and_mass(None, KING, SINGS).message


def test_what_is_no_shipped_profession_is_named():
    assert unknown_professions(["nurse", "Doctor", "qwertz"]) == ["qwertz"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("He is a nurse.", "hides no word"), ("[MASK] is a [MASK].", "hides 2 words")],
)
def test_a_sentence_without_exactly_one_hidden_word_is_one_sentence(teacher, text, said):
    with pytest.raises(InputError, match=f"The sentence {said}. Hide exactly one"):
        sentence_gap(teacher, text, pronouns())


def test_words_that_a_model_reads_as_one_are_refused_where_they_stand_in_both_groups(teacher):
    with pytest.raises(InputError, match="reads 'café' as a word of the other group"):
        sentence_gap(teacher, "The [MASK] is open.", typed_contrast("cafe", "café"))


def test_too_many_professions_are_one_sentence(teacher):
    with pytest.raises(InputError, match="Expected at most 10 professions, got 11"):
        profession_gaps(teacher, [f"job {number}" for number in range(11)])
