"""The input of the Gaps page is checked, and each error message names the problem."""

import math

import pandas as pd
import pytest

from app.gaps import validation
from fairkd.errors import InputError
from fairkd.lexicon.templates import Template
from fairkd.lexicon.word_groups import contrasts


def professions(*rows: tuple[object, object]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["profession", "women_share"])


def test_blank_rows_are_dropped_and_names_trimmed() -> None:
    frame = validation.clean_professions(
        professions(("  nurse ", 0.9), (None, None), ("", None), ("clerk", None))
    )
    assert list(frame["profession"]) == ["nurse", "clerk"]
    assert frame["women_share"][0] == 0.9 and math.isnan(frame["women_share"][1])


def test_markup_in_a_name_is_kept() -> None:
    frame = validation.clean_professions(professions(("<script>alert(1)</script>", None)))
    assert list(frame["profession"]) == ["<script>alert(1)</script>"]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "no professions"),
        ([("", None)], "no professions"),
        ([("nurse", 0.9), ("nurse ", 0.8)], "'nurse' is listed twice"),
        ([("nurse", 1.5)], "must be a number from 0 to 1 .* got '1.5'"),
        ([("nurse", "many")], "must be a number from 0 to 1 .* got 'many'"),
        ([("nurse", float("inf"))], "must be a number from 0 to 1"),
        ([("", 0.5)], "share of women .* but no profession"),
        ([("x" * 81, None)], "has 81 characters; use at most 80"),
        ([(f"p{index}", None) for index in range(501)], "Expected at most 500 professions, got 501"),
    ],
)
def test_an_error_names_the_invalid_profession(rows: list[tuple[object, object]], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        validation.clean_professions(professions(*rows))


def test_templates_keep_their_order_and_repeated_ones_count_once() -> None:
    text = "[MASK] is {a profession}."
    frame = pd.DataFrame({"text": [text, "  ", text], "role": ["subject", None, "subject"]})
    assert validation.clean_templates(frame, ["subject"]) == (Template(text, "subject"),)


def test_the_work_for_the_model_is_limited_as_a_whole() -> None:
    validation.check_work(validation.MOST_TOKENS, 6000)
    with pytest.raises(InputError, match="about 1,000,001 tokens for 6,000 sentences; use at most 1,000,000"):
        validation.check_work(validation.MOST_TOKENS + 1, 6000)


def test_a_template_without_a_role_gets_the_first_role_of_the_word_groups() -> None:
    frame = pd.DataFrame({"text": ["The [MASK] is {a profession}."], "role": [None]})
    assert validation.clean_templates(frame, ["noun"])[0].role == "noun"


@pytest.mark.parametrize(
    ("text", "role", "sentence"),
    [
        ("[MASK] is here.", "subject", "no placeholder for the profession"),
        ("He is {a profession}.", "subject", "no mask"),
        (
            "[MASK] is {a profession}.",
            "noun",
            "has the role 'noun', but these word groups have words for: subject",
        ),
        ("   ", "subject", "no templates"),
        ("[MASK] " * 50 + "{profession}", "subject", "characters; use at most 300"),
    ],
)
def test_an_error_names_the_invalid_template(text: str, role: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        validation.clean_templates(pd.DataFrame({"text": [text], "role": [role]}), ["subject"])


def test_an_error_counts_the_sentences_if_there_are_too_many() -> None:
    template = Template("[MASK] is {a profession}.", "subject")
    with pytest.raises(InputError, match="make 10000 sentences; use at most 6000"):
        validation.check_amount([template] * 20, [str(index) for index in range(500)])


def test_own_groups_are_named_after_their_first_words() -> None:
    contrast = validation.own_contrast("king, prince;king", "queen\nprincess")
    assert [group.name for group in contrast.groups] == ["king", "queen"]
    assert contrast.groups[0].for_role("noun") == ("king", "prince")


def test_the_words_of_a_group_are_listed_by_role_and_abbreviated_in_sums() -> None:
    known = contrasts()
    he, man = known["pronouns"].groups[0], known["woman-man"].groups[0]
    assert validation.words_text(he, ["subject", "object"]) == "he (subject), him (object)"
    assert validation.words_text(man, ["noun"]).startswith("man, boy, gentleman")
    assert validation.sum_name(he, ["subject", "object"]) == "he", "one word in each role is no sum"
    assert validation.sum_name(man, ["noun"]) == "man …"


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        ("", "queen", "The first word list is empty"),
        ("king", " , ;", "The second word list is empty"),
        ("king", "king", "'king' is in both"),
        ("king, duke", "queen, Duke", "'duke' is in both"),
        (",".join(str(index) for index in range(101)), "queen", "101 words; use at most 100"),
    ],
)
def test_an_error_names_the_invalid_word_list(a: str, b: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        validation.own_contrast(a, b)


@pytest.mark.parametrize(
    "data",
    [
        b"profession,women_share\nnurse,0.9\nclerk,\n",
        b"\xef\xbb\xbfProfession;Women_Share;year\nnurse;0,9;2022\nclerk;;2022\n",
        b"women_share\tprofession\n0.9\tnurse\n\tclerk\n",
        b"profession,women_share\rnurse,0.9\rclerk,\r",
        b'sep=|\r\nprofession|women_share\r\n"nurse"|0.9\r\n\r\nclerk|\r\n',
    ],
)
def test_csv_files_in_several_formats_are_read(data: bytes) -> None:
    frame = validation.uploaded_professions(data)
    assert list(frame["profession"]) == ["nurse", "clerk"]
    assert frame["women_share"][0] == 0.9 and math.isnan(frame["women_share"][1])


def test_a_csv_file_needs_no_shares_and_na_is_a_word() -> None:
    assert list(validation.uploaded_professions(b"profession\nnurse\nNA\n")["profession"]) == ["nurse", "NA"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"job,share\nnurse,0.9\n", "no column 'profession' in its first line; it has: 'job', 'share'"),
        (
            b"profession,women_share\nnurse,0.9,1,2\nclerk,0.4\n",
            "Line 2 of the file has 4 fields, but the first line names 2",
        ),
        (b'profession\n"nurse\n', "not a readable CSV: line 2 has a quotation mark without its closing one"),
        (b'profession,women_share\n"nurse\nof all",\nclerk,1,2\n', "Line 4 of the file has 3 fields"),
        (b"\xff\xfe\x00n", "not UTF-8"),
        (b"PK\x03\x04\0\0", "empty or not text"),
        (b"profession,women_share\nnurse,high\n", "must be a number from 0 to 1"),
        (b"profession\n", "no professions"),
        (b"profession\n" + b"x" * 1_000_001, "at most 1,000,000"),
    ],
)
def test_an_invalid_csv_file_gives_an_error_of_one_paragraph(data: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as raised:
        validation.uploaded_professions(data)
    assert "\n" not in str(raised.value) and str(raised.value).endswith(".")
