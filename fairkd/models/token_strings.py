"""Token strings: how the tokens of a vocabulary are displayed, independent of the tokenizer's markers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from weakref import WeakKeyDictionary

from transformers import PreTrainedTokenizerFast

from fairkd.models.loading import MaskedLM
from fairkd.models.tokenizer_files import END_OF_WORD

SPACE = "␣"  # shows white space that would otherwise be invisible
CONTINUES = "##"  # marks a subword that continues a word

_READABLE: WeakKeyDictionary[PreTrainedTokenizerFast, tuple[str, ...]] = WeakKeyDictionary()


def readable(lm: MaskedLM) -> tuple[str, ...]:
    """The token string of every vocabulary id (cached for each tokenizer).

    For WordPiece they are the tokens themselves. For byte-level BPE and SentencePiece, a token that starts a
    word is shown without its space ("Ġhe" is "he"). A token that continues a word gets a leading "##" ("he"
    is "##he"), and punctuation with a space before it shows the space ("▁(" is "␣("). For BPE that marks the
    end of a word, a token without the mark is continued and gets a "##" after it ("he</w>" is "he", "he" is
    "he##"). Invisible characters are escaped ("\\n"), and bytes that are no whole character are hexadecimal.
    """
    labels = _READABLE.get(lm.tokenizer)
    if labels is None or len(labels) != lm.vocabulary_size:
        labels = _one_for_all(tuple(_labels(lm)))
        _READABLE[lm.tokenizer] = labels
    return labels


@lru_cache(maxsize=8)
def _one_for_all(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The same object for all models of one vocabulary: comparing 30,000 strings takes a millisecond."""
    return labels


def word_of(label: str, ignore_case: bool) -> str:
    """The word in a token string, without subword markers; used to match words of two vocabularies."""
    word = label.removeprefix(CONTINUES).removesuffix(CONTINUES).strip(SPACE) or label
    # Python writes the dot of a Turkish "İ" as a character of its own; no vocabulary has "i" with two dots.
    return word.lower().replace("i\u0307", "i") if ignore_case else word


@lru_cache(maxsize=8)
def ids_by_word(labels: tuple[str, ...], ignore_case: bool) -> dict[str, tuple[int, ...]]:
    """The ids that show each word of a vocabulary (cached: a large vocabulary takes a tenth of a second)."""
    found: dict[str, list[int]] = {}
    for i, label in enumerate(labels):
        found.setdefault(word_of(label, ignore_case), []).append(i)
    return {word: tuple(ids) for word, ids in found.items()}


def _labels(lm: MaskedLM) -> Iterator[str]:
    kept_raw = {token.content for token in lm.tokenizer.added_tokens_decoder.values()}
    to_byte = _byte_of_character() if lm.kind == "BPE" else {}
    for raw in lm.vocabulary:
        text = raw
        if raw not in kept_raw:
            if lm.kind == "BPE":
                text = _mark_space(_decode(raw, to_byte))
            elif lm.kind == "SentencePiece":
                text = _mark_space(raw.replace("▁", " "))
            elif lm.kind == "end-of-word BPE":
                text = raw.removesuffix(END_OF_WORD) if raw.endswith(END_OF_WORD) else raw + CONTINUES
        yield text if text.isprintable() else _visible(text)


def _mark_space(text: str) -> str:
    if text[:1] == " " and text[1:2].isalnum():
        return text[1:]
    if text[:1].isalnum():
        return CONTINUES + text
    return text.replace(" ", SPACE)


def _visible(text: str) -> str:
    return "".join(
        c if c.isprintable() else SPACE if c == " " else c.encode("unicode_escape").decode() for c in text
    )


def _decode(raw: str, to_byte: dict[str, int]) -> str:
    try:
        return bytes([to_byte[c] for c in raw]).decode(errors="backslashreplace")
    except KeyError:  # an entry that was added as plain text
        return raw


def _byte_of_character() -> dict[str, int]:
    """The alphabet of byte-level BPE (Radford et al. 2019).

    Printable Latin-1 bytes stand for themselves; the others are, in order, the characters from U+0100 on.
    """
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(0x100 + i): byte for i, byte in enumerate(others)}
