"""Typed masks, spelling in context, display labels, and word scores, for every tokenizer family."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import pytest
import torch

from fairkd.errors import InputError
from fairkd.models import loading
from fairkd.models.loading import MaskedLM
from fairkd.models.token_strings import readable
from fairkd.models.tokenization import (
    UnknownWord,
    encode,
    logits_by_row,
    parse,
    token_ids,
    tokenize_word,
    unknown_parts,
)
from fairkd.predictions.cloze import score_words


def tokens(lm: MaskedLM, text: str) -> list[str]:
    return [lm.vocabulary[i] for i in encode(lm, text).ids]


# --- typed masks ---


@pytest.mark.parametrize("typed", ["[MASK]", "<mask>", "[mask]", "<MASK>", "_", "___"])
def test_any_typed_mask_becomes_the_models_own(any_family: MaskedLM, typed: str) -> None:
    assert parse(any_family, f"Milk is a {typed}.") == f"Milk is a {any_family.mask_token}."
    assert encode(any_family, f"Milk is a {typed}.").ids == encode(any_family, "Milk is a [MASK].").ids


@pytest.mark.parametrize("text", ["snake_case", "_private", "file_", "__init__", "a_1", "mask", "[ MASK ]"])
def test_text_that_only_resembles_a_mask_stays(any_family: MaskedLM, text: str) -> None:
    assert parse(any_family, text) == text


@pytest.mark.parametrize("text", ["_", "(_)", "_, said", "is _?", '"_"', "_ _", "-_-"])
def test_a_blank_may_touch_signs_but_no_letters(tiny_bert: MaskedLM, text: str) -> None:
    assert parse(tiny_bert, text) == text.replace("_", "[MASK]")


def test_one_mask_is_one_token_without_a_stray_space_before_it(any_family: MaskedLM) -> None:
    found = encode(any_family, "Milk is a [MASK].")
    (mask,) = found.masks
    assert any_family.vocabulary[found.ids[mask - 1]].strip("Ġ▁") == "a"


@pytest.mark.parametrize("family", ["roberta", "modernbert"])
def test_the_space_before_a_mask_goes_even_if_the_tokenizer_keeps_it(
    tiny_model, tiny_folder, tmp_path: Path, family: str
) -> None:
    folder = Path(shutil.copytree(tiny_folder(family), tmp_path / family))
    for file in ("tokenizer.json", "tokenizer_config.json"):
        settings = (folder / file).read_text().replace('"lstrip": true', '"lstrip": false')
        (folder / file).write_text(settings)
    keeps = loading.load(str(folder))
    assert "Ġ" in keeps.tokenizer.tokenize(f"Milk is a {keeps.mask_token}.")
    text = "Milk is a [MASK] , said _ ."
    assert encode(keeps, text).ids == encode(tiny_model(family), text).ids


@pytest.mark.parametrize(
    "text",
    ["Milk is a {} and old", "Milk is a {}.", "Milk is a {}, he said.", "It is a good {}", "Is it a {}?!"],
)
def test_masking_the_word_in_the_text_leaves_the_tokens_around_it(any_family: MaskedLM, text: str) -> None:
    masked, whole = tokens(any_family, text.format("[MASK]")), tokens(any_family, text.format("liquid"))
    position = masked.index(any_family.mask_token)
    assert masked[:position] + masked[position + 1 :] == whole[:position] + whole[position + 1 :]


def test_spans_point_into_the_text_as_it_was_typed(any_family: MaskedLM) -> None:
    text = "The _ said  the <mask>, the doctor."
    found = encode(any_family, text)
    shown = [text[start:end] for start, end in found.spans if end > start]
    assert shown == ["The", "_", "said", "the", "<mask>", ",", "the", "doctor", "."]
    assert all(shown == shown.strip() for shown in shown)


def test_only_the_tokens_that_frame_the_text_are_special(any_family: MaskedLM) -> None:
    found = encode(any_family, "The [MASK] said.")
    assert found.special[0] and found.special[-1] and not any(found.special[1:-1])


def test_a_typed_separator_is_special(tiny_bert: MaskedLM) -> None:
    assert encode(tiny_bert, "he [SEP] she").special == (True, False, True, False, True)


@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_empty_text_is_refused(tiny_bert: MaskedLM, text: str) -> None:
    with pytest.raises(InputError, match="text is empty"):
        encode(tiny_bert, text)


def test_a_lone_surrogate_is_refused(tiny_bert: MaskedLM) -> None:
    with pytest.raises(InputError, match="lone surrogate"):
        encode(tiny_bert, "he \ud83d she")


def test_a_text_that_is_too_long_is_refused_with_both_numbers(any_family: MaskedLM) -> None:
    fits = " ".join(["the"] * (any_family.max_tokens - 2))
    assert len(encode(any_family, fits).ids) == any_family.max_tokens
    with pytest.raises(InputError, match=f"{any_family.max_tokens + 1} tokens.* {any_family.max_tokens} "):
        encode(any_family, f"{fits} the")


@pytest.mark.parametrize("limit", [3, 7, 12, 64])
def test_texts_are_cut_as_the_tokenizer_would_but_it_is_left_as_it_was(
    any_family: MaskedLM, limit: int
) -> None:
    texts = ["he", "The old zoologist said that milk is a good liquid.", ""]
    ours = token_ids(any_family.tokenizer, texts, max_tokens=limit)
    assert any_family.tokenizer.backend_tokenizer.truncation is None
    own = copy.deepcopy(any_family.tokenizer)
    assert ours == own(texts, truncation=True, max_length=limit)["input_ids"]


@pytest.mark.parametrize("end", ["[UNK] ", "[MASK] ", "he [MASK] [UNK] "])
def test_a_text_that_ends_in_special_words_is_cut_like_any_other(tiny_bert: MaskedLM, end: str) -> None:
    (ids,) = token_ids(tiny_bert.tokenizer, ["he " + end * 40], max_tokens=16)
    whole = tiny_bert.tokenizer("he " + end * 40)["input_ids"]
    assert ids == [*whole[:15], tiny_bert.tokenizer.sep_token_id]


# --- spelling ---


@pytest.mark.parametrize("word", ["he", "nurse", "liquid", "women"])
def test_a_word_within_a_sentence_is_the_subword_that_its_sentence_has(
    any_family: MaskedLM, word: str
) -> None:
    (mask,) = encode(any_family, "The [MASK] said").masks
    spelling = tokenize_word(any_family, word, before="The ", after=" said")
    assert spelling.single and spelling.ids[0] == encode(any_family, f"The {word} said").ids[mask]


SPELLINGS = {
    # before, word, after: the subwords of byte-level BPE, of SentencePiece, of WordPiece, with case
    ("", "he", " is"): ("He", "▁He", "He"),
    ("Is ", "he", " a nurse?"): ("Ġhe", "▁he", "he"),
    ("The ", "nurse", "."): ("Ġnurse", "▁nurse", "nurse"),
    ("The ", "nurse", "s"): ("Ġnurse", "▁nurse", "nurse"),
    ("The ", "he", "r"): ("Ġhe", "▁he", "he"),
    ("The s", "he", ""): ("he", "▁he", "he"),
}


@pytest.mark.parametrize("context", SPELLINGS, ids=str)
def test_spelling_follows_the_family_and_the_place(tiny_model, context: tuple[str, str, str]) -> None:
    before, word, after = context
    families = [("roberta", "modernbert"), ("xlm-roberta",), ("bert-cased",)]
    for expected, names in zip(SPELLINGS[context], families, strict=True):
        for name in names:
            assert tokenize_word(tiny_model(name), word, before=before, after=after).subwords == (expected,)


def test_bpe_has_no_space_after_an_opening_quote_or_bracket(tiny_roberta: MaskedLM) -> None:
    assert tokenize_word(tiny_roberta, "he", before="Is (", after=")?").subwords == ("he",)
    assert tokenize_word(tiny_roberta, "He", before='as "', after='"').subwords == ("He",)


@pytest.mark.parametrize("family", ["roberta", "modernbert", "xlm-roberta", "albert"])
def test_a_second_space_before_a_word_is_no_part_of_it(tiny_model, family: str) -> None:
    lm = tiny_model(family)
    assert (
        tokenize_word(lm, "he", before="The  ", after=" said").ids
        == tokenize_word(lm, "he", before="The ", after=" said").ids
    )


def test_without_what_follows_a_word_still_continues_what_is_before_it(tiny_bert: MaskedLM) -> None:
    assert tokenize_word(tiny_bert, "i", before="the z", after="ng").subwords == (
        "##i",
    )  # "zing" is z, ##ing


@pytest.mark.parametrize(
    ("before", "capital"),
    [
        ("", True),
        ('"', True),
        ("It is. ", True),
        ("It is! (", True),
        ('Mary said, "', True),
        ("Is it? ", True),
        ("The ", False),
        ("John, ", False),
        ('the word "', False),
        ('"Yes," ', False),
        ("„Yes“, ", False),
        ("She says: “", True),
    ],
)
def test_cased_models_get_a_capital_only_at_the_beginning_of_a_sentence(
    tiny_bert_cased: MaskedLM, before: str, capital: bool
) -> None:
    assert tokenize_word(tiny_bert_cased, "she", before=before).subwords == ("She" if capital else "she",)


def test_cased_models_keep_a_given_capital(tiny_bert_cased: MaskedLM) -> None:
    assert tokenize_word(tiny_bert_cased, "John", before="Is ", after="?").subwords == ("John",)


def test_uncased_models_ignore_case(tiny_bert: MaskedLM) -> None:
    assert tokenize_word(tiny_bert, "NURSE").ids == tokenize_word(tiny_bert, "nurse", before="the ").ids


def test_a_word_of_several_subwords_keeps_them_all(any_family: MaskedLM) -> None:
    spelling = tokenize_word(any_family, "zoologist", before="The ", after=" said")
    assert not spelling.single
    assert any_family.tokenizer.decode(list(spelling.ids)).strip() == "zoologist"
    whole = encode(any_family, "The zoologist said").ids
    around = encode(any_family, "The [MASK] said")
    (mask,) = around.masks
    assert whole == (*around.ids[:mask], *spelling.ids, *around.ids[mask + 1 :])


@pytest.mark.parametrize("word", ["好", "", "  "])
def test_a_word_that_cannot_be_spelled_is_named(tiny_bert: MaskedLM, word: str) -> None:
    with pytest.raises(UnknownWord, match=f"cannot spell the word '{word}'"):
        tokenize_word(tiny_bert, word, before="The ")


def test_a_special_token_is_not_a_word(any_family: MaskedLM) -> None:
    with pytest.raises(UnknownWord):
        tokenize_word(any_family, any_family.mask_token, before="The ")


# --- labels ---


def test_every_id_has_a_distinct_token_string(any_family: MaskedLM) -> None:
    labels = readable(any_family)
    assert len(labels) == any_family.vocabulary_size == len(set(labels))
    assert all(label and label.isprintable() for label in labels)
    assert labels is readable(any_family)


@pytest.mark.parametrize(
    ("family", "raw", "label"),
    [
        ("bert", "##ing", "##ing"),
        ("bert", "he", "he"),
        ("bert", "[MASK]", "[MASK]"),
        ("roberta", "Ġhe", "he"),
        ("roberta", "He", "##He"),
        ("roberta", ".", "."),
        ("roberta", "Ġ", "␣"),
        ("roberta", "Ċ", "\\n"),
        ("roberta", "å", "\\xe5"),
        ("roberta", "<mask>", "<mask>"),
        ("xlm-roberta", "▁he", "he"),
        ("xlm-roberta", "ing", "##ing"),
        ("xlm-roberta", "▁", "␣"),
    ],
)
def test_token_strings_show_words_alike_in_all_families(
    tiny_model, family: str, raw: str, label: str
) -> None:
    lm = tiny_model(family)
    assert readable(lm)[lm.vocabulary.index(raw)] == label


# --- scores ---


def plain_score(lm: MaskedLM, text: str, position: int, ids: tuple[int, ...]) -> float:
    """Fill the masks one after the other, one forward pass of the raw model each."""
    sequence = list(encode(lm, text).ids)
    sequence[position : position + 1] = [lm.mask_id] * len(ids)
    total = 0.0
    for j, subword in enumerate(ids):
        with torch.no_grad():
            logits = lm.model(input_ids=torch.tensor([sequence])).logits
        total += torch.log_softmax(logits[0, position + j].double(), -1)[subword].item()
        sequence[position + j] = subword
    return total


@pytest.mark.parametrize("text", ["The [MASK] said.", "_ is a nurse", 'The nurse said, "[MASK]"'])
def test_scores_equal_a_plain_loop(any_family: MaskedLM, text: str) -> None:
    words = ["he", "zoologist", "nurse", "she", "drinking", "zoo"]
    frame = score_words(any_family, text, words)
    (position,) = encode(any_family, text).masks
    assert frame.word.tolist() == words
    for row in frame.itertuples():
        assert row.log_probability == pytest.approx(
            plain_score(any_family, text, position, row.ids), abs=1e-4
        )
        assert row.subwords == len(row.ids)


def test_scores_on_the_embedded_teacher_equal_a_plain_loop(teacher: MaskedLM) -> None:
    text = "[MASK] is a good _, said Mary."
    frame = score_words(teacher, text, ["nurse", "zoologist", "milkshake", "a friend of hers"], position=5)
    assert frame.subwords.tolist() == [1, 2, 3, 4]
    for row in frame.itertuples():
        assert row.log_probability == pytest.approx(plain_score(teacher, text, 5, row.ids), abs=1e-4)


def test_single_subwords_share_one_distribution(tiny_bert: MaskedLM) -> None:
    words = [
        word
        for word in readable(tiny_bert)
        if word.isalpha() and tokenize_word(tiny_bert, word, before="a ").single
    ]
    assert 0.2 < score_words(tiny_bert, "The [MASK] said.", words).probability.sum() < 1


def test_no_words_give_an_empty_table(tiny_bert: MaskedLM) -> None:
    assert score_words(tiny_bert, "The [MASK] said.", []).columns.tolist() == [
        "word",
        "log_probability",
        "probability",
        "subwords",
        "ids",
    ]


def test_many_words_are_scored_alike_in_chunks(tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["zoologist", "milkman", "he", "drinks"]
    whole = score_words(tiny_bert, "The [MASK] said.", words)
    monkeypatch.setattr("fairkd.models.token_batching.BATCH_TOKENS", 1)
    chunked = score_words(tiny_bert, "The [MASK] said.", words)
    assert chunked.log_probability.tolist() == pytest.approx(whole.log_probability.tolist(), abs=1e-5)


def test_the_mask_to_score_must_be_clear(tiny_bert: MaskedLM) -> None:
    with pytest.raises(InputError, match="no mask"):
        score_words(tiny_bert, "He is.", ["he"])
    with pytest.raises(InputError, match="2 masks, at the positions 1, 4"):
        score_words(tiny_bert, "_ is a _.", ["he"])
    with pytest.raises(InputError, match="position 2 is not a mask"):
        score_words(tiny_bert, "_ is a _.", ["he"], position=2)


def test_a_long_word_must_fit_too(tiny_bert: MaskedLM) -> None:
    text = "_" + " the" * (tiny_bert.max_tokens - 3)
    assert len(score_words(tiny_bert, text, ["he"])) == 1
    with pytest.raises(InputError, match="word of 9 subword tokens the text has 72 tokens"):
        score_words(tiny_bert, text, ["zoologist"])


@pytest.mark.parametrize("word", ["<script>", "$x$", "**he**"])
def test_signs_in_words_are_plain_characters(tiny_bert: MaskedLM, word: str) -> None:
    assert (
        "".join(
            subword.removeprefix("##") for subword in tokenize_word(tiny_bert, word, before="The ").subwords
        )
        == word
    )


def test_a_model_that_is_run_whole_gets_fewer_rows_at_once(
    tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = torch.tensor([encode(tiny_bert, "The [MASK] said.").ids] * 8)
    at = torch.full((8,), 2)
    monkeypatch.setattr(
        "fairkd.models.tokenization.MOST_LOGITS", 3 * rows.shape[1] * tiny_bert.vocabulary_size
    )
    assert [len(chunk) for chunk in logits_by_row(tiny_bert, rows, at)] == [8]
    monkeypatch.setattr("fairkd.models.tokenization.head_is_known", lambda model: False)
    assert [len(chunk) for chunk in logits_by_row(tiny_bert, rows, at)] == [3, 3, 2]


def test_what_a_tokenizer_cannot_read_is_found(tiny_bert: MaskedLM, tiny_roberta: MaskedLM) -> None:
    text = "火 said that [MASK] is a 水, said 火."
    assert unknown_parts(tiny_bert, text) == ["火", "水"]
    assert unknown_parts(tiny_bert, "he said that _ is old.") == []
    assert unknown_parts(tiny_roberta, text) == [], "bytes spell everything"
