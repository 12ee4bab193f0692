"""Texts with typed masks as tokens, and the tokens of a word in its context.

Four kinds are told apart (`MaskedLM.kind`): WordPiece marks subwords that continue a word ("##ing"), some BPE
marks the end of a word ("he</w>"), byte-level BPE and SentencePiece mark the space before a word ("Ġhe",
"▁he"). With the latter two, the tokens of a word depend on the sentence: " he" in "Here he is", "He" at the
beginning of a sentence, unless the tokenizer puts a space before that, too (`MaskedLM.adds_space`). The word
groups are in `fairkd.lexicon.word_groups`, the displayed strings of tokens in
`fairkd.models.token_strings`, and the probabilities of words in `fairkd.predictions.cloze`.

    lm = models.load("embedded/teacher")
    tokenize_word(lm, "she", after=" is a nurse.").ids
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from fairkd.errors import InputError, listed
from fairkd.models.loading import MaskedLM
from fairkd.models.mask_syntax import begins_sentence, typed_mask
from fairkd.models.mlm_head import head_is_known, logits_at
from fairkd.models.token_batching import MOST_LOGITS, token_batches
from fairkd.utils import quoted

_SPACES = "Ġ▁"  # how byte-level BPE and SentencePiece mark the space before a word


_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_WORD = re.compile(r"[^\W\d_]+")


class UnknownWord(InputError):
    """A word that the tokenizer cannot spell; the message names it."""


# --- typed masks and tokenising ---


def parse(lm: MaskedLM, text: str) -> str:
    """`text` with every typed mask turned into the model's own mask token.

    Typed masks are `[MASK]` and `<mask>` in any case, the model's own, and a blank: an underscore, or
    several, with no letter, digit or underscore beside it ("a _." is a mask, "snake_case" is not).

    >>> from fairkd import models
    >>> parse(models.load("embedded/teacher"), "<mask> is a _, said snake_case.")
    '[MASK] is a [MASK], said snake_case.'
    """
    return typed_mask(lm.mask_token).sub(lambda _: lm.mask_token, text)


@dataclass(frozen=True)
class Encoding:
    """A tokenised text: `ids[i]` is the i-th token of the input (special ones included).

    `spans[i]` is its character span in the text as typed, without white space around it; `special[i]` says
    whether it is one of the tokens that frame a text ([CLS], </s>); masks and unknown tokens are not special
    in this sense.
    """

    text: str
    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    special: tuple[bool, ...]
    masks: tuple[int, ...]

    @property
    def _places(self) -> list[str]:
        return [str(index) for index in self.masks]

    def target(self, position: int | None) -> int:
        """The index of the mask meant: `position`, else the only one; InputError where that is unclear."""
        if not self.masks:
            raise InputError("The text has no mask; type [MASK] or _ at the place in question.")
        if position is None and len(self.masks) > 1:
            raise InputError(
                f"The text has {len(self.masks)} masks, at the positions {listed(self._places)}; "
                "say which of them is meant."
            )
        if position is not None and position not in self.masks:
            raise InputError(
                f"The token at position {position} is not a mask; the masks are at: {listed(self._places)}."
            )
        return self.masks[0] if position is None else position


def encode(lm: MaskedLM, text: str) -> Encoding:
    """Tokenise a text in which masks may be typed in any form that `parse` knows.

    The tokens around a mask are those around the word that it stands for. A subword that is nothing but white
    space right before it is left out, since a masked word takes the space before it along, and so is the
    space that some tokenizers put before whatever follows a special token ("[MASK]." is no "[MASK] .").

    Raises
    ------
    InputError
        The text is empty, or longer than the model takes.
    """
    if not text.strip():
        raise InputError("The text is empty; type a sentence, such as: Milk is a [MASK].")
    if lone := _LONE_SURROGATE.search(text):
        raise InputError(
            f"The text has a lone surrogate (an invalid character) at position {lone.start()}; remove it."
        )
    parsed, starts, ends = _parse_with_origin(lm, text)
    subwords = _tokenise(lm, parsed, special=True)
    frame = set(lm.tokenizer.all_special_ids) - {lm.mask_id, lm.tokenizer.unk_token_id}
    kept: list[tuple[int, tuple[int, int], bool]] = []
    touched = False  # whether a mask stands right before, with no space between
    for subword in subwords:
        token: int | None = subword.id
        if subword.id == lm.mask_id:
            while kept and is_space_token(lm, kept[-1][0]):
                kept.pop()
        elif touched:
            token = _without_space(lm, subword.id)
        if token is not None:
            start = starts[subword.start]
            end = ends[subword.end - 1] if subword.end > subword.start else start
            kept.append((token, (start, end), subword.special or subword.id in frame))
        touched = subword.id == lm.mask_id and not parsed[subword.end : subword.end + 1].isspace()
    if len(kept) > lm.max_tokens:
        raise InputError(
            f"The text has {len(kept)} tokens, and {lm.reference} takes at most {lm.max_tokens} "
            "(special tokens included); shorten it."
        )
    ids, spans, special = zip(*kept, strict=True)
    masks = tuple(i for i, token in enumerate(ids) if token == lm.mask_id)
    return Encoding(text, ids, spans, special, masks)


def unknown_parts(lm: MaskedLM, text: str) -> list[str]:
    """The parts of a text that become the unknown token, each once.

    Raises InputError as `encode` does: the text is empty or too long.

    >>> from fairkd import models
    >>> unknown_parts(models.load("embedded/teacher"), "[MASK] is a 😀 nurse.")
    ['😀']
    """
    encoding = encode(lm, text)
    unknown = lm.tokenizer.unk_token_id
    spans = (span for token, span in zip(encoding.ids, encoding.spans, strict=True) if token == unknown)
    return list(dict.fromkeys(text[start:end] for start, end in spans))


def tokens_by_word(lm: MaskedLM, text: str) -> list[tuple[str, int]]:
    """Each word of a text (letters without anything between them), with the number of its subword tokens.

    Masks are no words. A word that contains an unknown token has the number 0. A model splits words that are
    rare in its training text, such as those of another language. Raises InputError as `encode` does.

    >>> from fairkd import models
    >>> tokens_by_word(models.load("embedded/teacher"), "Die Krankenschwester is [MASK].")
    [('Die', 1), ('Krankenschwester', 6), ('is', 1)]
    """
    encoding = encode(lm, text)
    tokens = [
        (token, start, end)
        for token, (start, end), special in zip(encoding.ids, encoding.spans, encoding.special, strict=True)
        if not special
    ]
    found = []
    for word in _WORD.finditer(text):
        own = [token for token, start, end in tokens if start < word.end() and word.start() < end]
        if lm.mask_id not in own:
            unknown = lm.tokenizer.unk_token_id in own
            found.append((word[0], 0 if unknown else len(own)))
    return found


def token_ids(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], *, max_tokens: int
) -> list[list[int]]:
    """Token ids of each text, special tokens included, truncated to `max_tokens`.

    The tokenizer's own truncation would stay enabled for everybody who shares it, and when it is saved.
    """
    # A text may end with tokens that look like added ones: unknown words, masks, typed special tokens.
    special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id, tokenizer.mask_token_id}
    added = tokenizer.num_special_tokens_to_add()
    found: list[list[int]] = []
    for ids in tokenizer(list(texts), return_attention_mask=False, verbose=False)["input_ids"]:
        tail = len(ids)
        while len(ids) - tail < added and ids[tail - 1] in special:
            tail -= 1
        frame = ids[tail:]
        found.append([*ids[: max_tokens - len(frame)], *frame] if len(ids) > max_tokens else ids)
    return found


def _parse_with_origin(lm: MaskedLM, text: str) -> tuple[str, list[int], list[int]]:
    """`parse`, and for each character of the result the start and end of what it stands for in `text`."""
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    matches = [(match.start(), match.end()) for match in typed_mask(lm.mask_token).finditer(text)]
    for start, end in [*matches, (len(text), len(text))]:
        out.append(text[done:start])
        starts.extend(range(done, start))
        ends.extend(range(done + 1, start + 1))
        if end > start:
            out.append(lm.mask_token)
            starts.extend([start] * len(lm.mask_token))
            ends.extend([end] * len(lm.mask_token))
        done = end
    return "".join(out), [*starts, len(text)], [*ends, len(text)]


@dataclass(frozen=True)
class _Subword:
    id: int
    start: int
    end: int
    special: bool


def _tokenise(lm: MaskedLM, text: str, *, special: bool) -> list[_Subword]:
    """The tokens of a text, with spans that exclude white space, which some tokenizers include."""
    # Never pads or truncates: those settings live in the tokenizer, which several threads may share.
    encoded = lm.tokenizer(
        text,
        add_special_tokens=special,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
        return_attention_mask=False,
        return_token_type_ids=False,
        verbose=False,
    )
    found = []
    triples = zip(
        encoded["input_ids"], encoded["offset_mapping"], encoded["special_tokens_mask"], strict=True
    )
    for token, (start, end), added in triples:
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        # SentencePiece gives a lone "▁" the span of the character after it.
        found.append(_Subword(token, start, start if is_space_token(lm, token) else end, bool(added)))
    return found


def is_space_token(lm: MaskedLM, token: int) -> bool:
    """Whether a token is only the tokenizer's marker for white space."""
    return lm.marks_spaces and not lm.vocabulary[token].strip(_SPACES)


def _without_space(lm: MaskedLM, token: int) -> int | None:
    """The token without its marker for a space, or None if it is only the marker."""
    if is_space_token(lm, token):
        return None
    if not lm.marks_spaces or lm.vocabulary[token][0] not in _SPACES:
        return token
    without = lm.tokenizer.get_vocab().get(lm.vocabulary[token][1:])
    return token if without is None else without


# --- the tokens of a word ---


@dataclass(frozen=True)
class WordTokens:
    """The tokens of a word: their ids and their raw strings."""

    word: str
    ids: tuple[int, ...]
    subwords: tuple[str, ...]

    @property
    def single(self) -> bool:
        """Whether the word is one token."""
        return len(self.ids) == 1


def tokenize_word(lm: MaskedLM, word: str, *, before: str = "", after: str = "") -> WordTokens:
    """The tokens of `word` in the text `before + word + after`. Spaces belong to `before` and `after`.

    The whole text is tokenised, and the tokens that cover the word are returned. If a token extends beyond
    the word ("nurse" in "nurse" + "s"), the word is tokenised without `after`, and if need be alone, as a
    mask would separate it, too.

    Casing: word lists are in lower case. Uncased tokenizers lower-case everything themselves; for cased ones
    the word gets a capital at the beginning of a sentence (see `begins_sentence`). Elsewhere its case stays.

    Raises
    ------
    UnknownWord
        The word is empty, or the tokenizer would use its unknown token.

    Examples
    --------
    >>> from fairkd import models
    >>> tokenize_word(models.load("embedded/teacher"), "He", after=" is here.").subwords
    ('he',)
    """
    wanted = word.strip()
    if not lm.lower_case and begins_sentence(before):
        # A Turkish "i" has the capital "İ"; of the two capitals the tokenizer knows the word with one.
        capitals = (wanted[:1].upper(), "İ") if wanted[:1] == "i" else (wanted[:1].upper(),)
        words = [capital + wanted[1:] for capital in capitals]
        wanted = min(words, key=lambda one: len(_tokenise(lm, before + one, special=False)))
    alone = " " if before[-1:].isspace() and lm.marks_spaces and not lm.adds_space else ""
    ids: tuple[int, ...] | None = None
    tries = () if _LONE_SURROGATE.search(wanted) else ((before, after), (before, ""), (alone, ""))
    for left, right in tries:
        ids = _ids_covering(lm, left, wanted, right)
        if ids is not None:
            break
    if not ids or not set(ids).isdisjoint(lm.tokenizer.all_special_ids):
        raise UnknownWord(
            f"The tokenizer of {lm.reference} cannot spell the word {quoted(word)}; "
            "use another word or another model."
        )
    return WordTokens(word, ids, tuple(lm.vocabulary[i] for i in ids))


def _ids_covering(lm: MaskedLM, before: str, word: str, after: str) -> tuple[int, ...] | None:
    """Ids of the subwords that spell `word` in its context; None if one also spells its neighbours."""
    first, last = len(before), len(before) + len(word)
    subwords = _tokenise(lm, before + word + after, special=False)
    inside = [i for i, subword in enumerate(subwords) if subword.start < last and subword.end > first]
    if any(subwords[i].start < first or subwords[i].end > last for i in inside):
        return None
    ids = [subwords[i].id for i in inside]
    if inside and inside[0] > 0:
        # A space that is a token by itself ("▁", "zoologist") belongs to the word: the mask covers it, too.
        # Before a subword that has its own ("Ġ", "Ġhe") it is a second one.
        blank = subwords[inside[0] - 1].id
        if is_space_token(lm, blank) and lm.vocabulary[ids[0]][0] not in _SPACES:
            ids.insert(0, blank)
    return tuple(ids)


# --- scores ---


def logits_by_row(lm: MaskedLM, ids: Tensor, columns: Tensor) -> Iterator[Tensor]:
    """Logits at one place of each sequence, a batch of sequences at a time.

    `ids` is [B, L] (no padding) and `columns` [B]; yields fp32 tensors [b, V], in order, whose b add up to B.
    """
    count, length = ids.shape
    logits = lm.vocabulary_size * (1 if head_is_known(lm.model) else length)
    for batch in token_batches([length] * count, rows=MOST_LOGITS // logits):
        rows, places = ids[batch], columns[batch]
        flat = torch.arange(len(rows)) * length + places
        with torch.inference_mode():
            yield logits_at(lm, rows, torch.ones_like(rows), flat)
