"""A text as tokens of two models, and the words in which they agree.

The tokens are aligned by the characters that they stand for. A *word* begins where both models begin a token,
and not between two letters or digits; scripts without spaces between words (from U+2E80 on) are not held
together. It has one token or several in each model. At a word of one token in both, the models' distributions
answer the same question: which single word is here? So they do at each token of a word that both split at the
same characters. Otherwise they do not: each mask of several says that the word has so many tokens, which
depends on the tokenizer. A model with one mask can be asked the other one's question all the same (see
`fairkd.models.split_words`). A teacher with three masks cannot be asked that of a student with two: there it
learns from the text alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairkd.models import MaskedLM

NO_WORD = -1
_UNSPACED_SCRIPTS = 0x2E80  # the first code point of the East Asian scripts


@dataclass(frozen=True, eq=False)
class PairedText:
    """The tokens of a text in both models.

    Attributes
    ----------
    teacher, student
        Token ids, special tokens included: [L_t] and [L_s].
    teacher_words, student_words
        The number of each token's word; NO_WORD for a special token, or where the models find no common word.
    aligned
        Whether each word [W] is as many tokens in both models, which begin at the same characters, and
        unknown to neither.
    single
        Whether each word [W] is aligned and one token.
    """

    teacher: np.ndarray
    student: np.ndarray
    teacher_words: np.ndarray
    student_words: np.ndarray
    aligned: np.ndarray
    single: np.ndarray

    @property
    def teacher_single(self) -> np.ndarray:
        """Whether each word [W] is one token of the teacher."""
        inside = self.teacher_words[self.teacher_words != NO_WORD]
        found: np.ndarray = np.bincount(inside, minlength=len(self.single)) == 1
        return found

    def tokens_of(self, word: int) -> tuple[np.ndarray, np.ndarray]:
        """The teacher's and the student's token ids of a word."""
        return self.teacher[self.teacher_words == word], self.student[self.student_words == word]

    @property
    def longer(self) -> np.ndarray:
        """The ids of the model that has more tokens."""
        return max(self.teacher, self.student, key=len)


def pair_texts(
    teacher: MaskedLM, student: MaskedLM, texts: Sequence[str], *, max_tokens: int
) -> list[PairedText]:
    """The texts for both models, cut after the last word with which neither has more than `max_tokens`."""
    sides = [_tokenised(lm, texts) for lm in (teacher, student)]
    return [
        _pair(text, one, other, (teacher, student), max_tokens)
        for text, one, other in zip(texts, *sides, strict=True)
    ]


@dataclass(frozen=True)
class _Tokens:
    """Token ids [L], and the first character of each; None for a special token."""

    ids: list[int]
    starts: list[int | None]


def _tokenised(lm: MaskedLM, texts: Sequence[str]) -> list[_Tokens]:
    encoded = lm.tokenizer(
        list(texts),
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
        return_attention_mask=False,
        verbose=False,
    )
    found = []
    triples = zip(
        texts, encoded["input_ids"], encoded["offset_mapping"], encoded["special_tokens_mask"], strict=True
    )
    for text, ids, spans, special in triples:
        starts: list[int | None] = []
        for (start, end), added in zip(spans, special, strict=True):
            # A token of SentencePiece or byte-level BPE may begin with the space before its word.
            while start < end and text[start].isspace():
                start += 1
            starts.append(None if added else start)
        found.append(_Tokens(ids, starts))
    return found


def _pair(
    text: str, one: _Tokens, other: _Tokens, lms: tuple[MaskedLM, MaskedLM], max_tokens: int
) -> PairedText:
    common = {start for start in one.starts if start is not None} & {
        start for start in other.starts if start is not None
    }
    begins = sorted(start for start in common if not _inside_word(text, start))
    words = [
        np.array([NO_WORD if s is None else bisect_right(begins, s) - 1 for s in side.starts], dtype=np.int64)
        for side in (one, other)
    ]
    ids = [np.array(side.ids, dtype=np.int64) for side in (one, other)]
    starts: list[Sequence[int | None]] = [one.starts, other.starts]
    count = len(begins)
    if max(len(one.ids), len(other.ids)) > max_tokens:
        count = min(_words_that_fit(own, max_tokens, count) for own in words)
        kept = [_before(own, count) for own in words]
        ids = [own[keep] for own, keep in zip(ids, kept, strict=True)]
        words = [own[keep] for own, keep in zip(words, kept, strict=True)]
        starts = [[own[i] for i in keep] for own, keep in zip(starts, kept, strict=True)]
    single, aligned = _alike(words, ids, starts, lms, count)
    return PairedText(ids[0], ids[1], words[0], words[1], aligned, single)


def _alike(
    words: Sequence[np.ndarray],
    ids: Sequence[np.ndarray],
    starts: Sequence[Sequence[int | None]],
    lms: tuple[MaskedLM, MaskedLM],
    count: int,
) -> tuple[np.ndarray, np.ndarray]:
    """`PairedText.single` and `PairedText.aligned`, for texts cut after `count` words."""
    found: list[list[list[int | None]]] = [[[] for _ in range(count)] for _ in range(2)]
    known = np.ones(count, dtype=bool)
    for side, (own, tokens, lm) in enumerate(zip(words, ids, lms, strict=True)):
        for word, token, start in zip(own.tolist(), tokens.tolist(), starts[side], strict=True):
            if word != NO_WORD:
                found[side][word].append(start)
                known[word] &= token != lm.tokenizer.unk_token_id
    aligned = known & np.fromiter((one == other for one, other in zip(*found, strict=True)), bool, count)
    return aligned & np.fromiter((len(own) == 1 for own in found[0]), bool, count), aligned


def _inside_word(text: str, place: int) -> bool:
    """Whether the character at `place` continues a word of letters and digits.

    >>> [_inside_word("don't go", place) for place in (0, 1, 3, 4, 6)]
    [False, True, False, False, False]
    """
    if not 0 < place < len(text):
        return False
    before, here = text[place - 1], text[place]
    spaced = max(ord(before), ord(here)) < _UNSPACED_SCRIPTS
    return spaced and before.isalnum() and here.isalnum()


def _words_that_fit(words: np.ndarray, max_tokens: int, count: int) -> int:
    """How many words, from the first one, fit together with the special tokens."""
    special = int((words == NO_WORD).sum())
    inside = words[words != NO_WORD]
    most = max(0, max_tokens - special)
    return count if len(inside) <= most else int(inside[most])


def _before(words: np.ndarray, count: int) -> np.ndarray:
    """The places of the special tokens and of the words below `count`."""
    return np.flatnonzero(words < count)
