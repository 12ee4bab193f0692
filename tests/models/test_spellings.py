"""The single tokens that spell a word, in languages with and without spaces, and with elisions."""

from __future__ import annotations

from typing import Literal

import pytest
import torch

from fairkd.constraints.constraint import resolve
from fairkd.errors import InputError
from fairkd.lexicon.templates import Template
from fairkd.lexicon.word_groups import make_contrast
from fairkd.measures.word_gaps import gaps
from fairkd.models.loading import MaskedLM
from fairkd.models.spellings import single_token_spellings
from fairkd.models.token_strings import readable
from fairkd.models.tokenization import encode
from tests.language_models import language_model

Kind = Literal["SentencePiece", "BPE"]
KINDS: tuple[Kind, ...] = ("SentencePiece", "BPE")
FRENCH = [
    "Nous savons qu'il dit qu'elle voit.",
    "Je sais que il et elle, il (elle).",
    "Il dort. Elle dort.",
] * 3
CHINESE = ["我说他是护士。", "我说她是护士。", "他,她,他", "她。他。"] * 3
# "he" is the beginning of "she", and no space tells where a word ends.
JAPANESE = ["彼は看護師です。", "彼女は看護師です。", "彼", "彼女", "「彼」", "「彼女」"] * 3
ENGLISH = ["He said he saw her (he).", "She said she saw him (she).", "He", "She", "He is a nurse."] * 3


def tokens(lm: MaskedLM, word: str) -> set[str]:
    return {lm.vocabulary[token] for token in single_token_spellings(lm, word).values()}


def test_a_word_has_a_spelling_for_every_space_and_capital(
    tiny_bert: MaskedLM, tiny_bert_cased: MaskedLM
) -> None:
    assert tokens(language_model("BPE", ENGLISH), "he") == {"Ġhe", "he", "ĠHe", "He"} & set(
        language_model("BPE", ENGLISH).vocabulary
    )
    assert tokens(tiny_bert, "he") == {"he"}
    assert tokens(tiny_bert_cased, "he") == {"he", "He"}
    assert tokens(tiny_bert_cased, "He") == {"He"}, "a word that is given with a capital has no other case"


@pytest.mark.parametrize("kind", KINDS)
def test_french_words_after_an_apostrophe_are_spelled_without_a_space(kind: Kind) -> None:
    lm = language_model(kind, FRENCH)
    space = "▁" if kind == "SentencePiece" else "Ġ"
    assert {"il", f"{space}il"} <= tokens(lm, "il")
    assert {"elle", f"{space}elle"} <= tokens(lm, "elle")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("sentences", "words"), [(CHINESE, ("他", "她")), (JAPANESE, ("彼", "彼女"))])
def test_words_are_found_in_languages_without_spaces(
    kind: Kind, sentences: list[str], words: tuple[str, str]
) -> None:
    lm = language_model(kind, sentences)
    for word in words:
        assert word in {
            readable(lm)[token].removeprefix("##") for token in single_token_spellings(lm, word).values()
        }


@pytest.mark.parametrize(
    ("kind", "sentences", "groups", "template"),
    [
        ("SentencePiece", FRENCH, ("il", "elle"), "Nous savons qu'[MASK] est {profession}."),
        ("BPE", FRENCH, ("il", "elle"), "Nous savons qu'[MASK] est {profession}."),
        ("SentencePiece", CHINESE, ("他", "她"), "我说[MASK]是{profession}。"),
        ("BPE", CHINESE, ("他", "她"), "我说[MASK]是{profession}。"),
        ("SentencePiece", JAPANESE, ("彼", "彼女"), "[MASK]は{profession}です。"),
        ("BPE", JAPANESE, ("彼", "彼女"), "[MASK]は{profession}です。"),
        ("SentencePiece", ENGLISH, ("he", "she"), "[MASK] is {a profession}."),
        ("BPE", ENGLISH, ("he", "she"), "[MASK] is {a profession}."),
    ],
)
def test_what_a_constraint_balances_has_no_gap_any_more(
    kind: Kind, sentences: list[str], groups: tuple[str, str], template: str
) -> None:
    lm = language_model(kind, sentences)
    contrast = make_contrast("own", {word: [word] for word in groups})
    profession = {"他": "护士", "彼": "看護師"}.get(groups[0], "nurse")
    one = Template(template, "noun")
    (row,) = gaps(lm, contrast=contrast, templates=[one], professions=[profession], prior=False).itertuples()
    ids = torch.tensor([encode(lm, row.text).ids])
    with torch.no_grad():
        log_p = lm.model(ids).logits[0, ids[0].tolist().index(lm.mask_id)].log_softmax(-1)
    a, b = (list(group) for group in resolve(lm, contrast, kind="group").groups)
    assert row.gap == pytest.approx(float(log_p[a].logsumexp(0) - log_p[b].logsumexp(0)), abs=1e-4)
    balanced = resolve(lm, contrast, kind="group")(log_p[None])[0]
    assert float(balanced[a].logsumexp(0) - balanced[b].logsumexp(0)) == pytest.approx(0, abs=1e-5)


def test_words_that_are_never_written_alike_cannot_be_paired() -> None:
    lm = language_model("SentencePiece", ["(une) (une)", "le le", "et et"] * 2)
    own = make_contrast("own", {"a": ["une"], "b": ["le"]})
    if not set(single_token_spellings(lm, "une")) & set(single_token_spellings(lm, "le")):
        with pytest.raises(InputError, match="never all of them in the same way"):
            resolve(lm, own, kind="logit_mean")
    assert resolve(lm, own, kind="group").groups


def test_both_capitals_of_a_turkish_i_are_tried() -> None:
    lm = language_model("BPE", ["iyi", "İyi", "bu iyi", "İyi", "iyi"] * 4)
    assert {
        readable(lm)[token].removeprefix("##") for token in single_token_spellings(lm, "iyi").values()
    } >= {
        "iyi",
        "İyi",
    }
