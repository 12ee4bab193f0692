"""Which tokens of two models mean the same word, so that their distributions can be compared.

Tokens are compared by the text that they stand for, and by whether they begin a word. Case and accents count
unless one of the models drops them, so an uncased model's "he" is a cased one's "he" and "He". Special tokens
are matched by what they are for (mask, unknown, ...). Tokens that mean the same form a *class*. What one
model has and the other lacks is the class "other".

Byte-level BPE and SentencePiece write the space before a word into its token ("Ġhe", "▁he"), but a word
without a space before it ("(he", RoBERTa's first word of a text) has none. So which tokens begin a word
depends on the position there: see `Form`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from fairkd.models.loading import MaskedLM
from fairkd.models.split_words import MOST_TOKENS, Splits, classes_at, split_into
from fairkd.models.token_strings import CONTINUES, SPACE, readable

Form = Literal["marked", "unmarked"]
"""Whether the word at a position carries its tokenizer's mark of a word's beginning: "Ġhe" or "he" in
RoBERTa, "he" or "##he" in BERT, whose words are always marked."""

# The numbers of forms: 2 for the teacher's mark and 1 for the student's; see `MatchedVocabularies.at`. From
# `SPLIT` on they are of words that one of the models splits.
BOTH_MARKED = 3
SPLIT = 4

_ROLES = ("mask_token", "unk_token", "pad_token", "cls_token", "sep_token", "bos_token", "eos_token")


@dataclass(frozen=True, eq=False)
class VocabularyMatch:
    """The classes of the tokens of two models.

    Attributes
    ----------
    teacher, student
        The class [V] of each token, from 0 to `classes`; `classes` itself stands for "other", and one more
        for a token that is left out: the distribution is taken given that it is none of these.
    classes
        The number of classes besides "other".
    """

    teacher: Tensor
    student: Tensor
    classes: int

    @cached_property
    def has_other(self) -> bool:
        """Whether the student has tokens that the teacher lacks.

        If it has none, it can give "other" no probability, and the KL divergence would be infinite wherever
        the teacher gives it some. The teacher's distribution is then taken given the matched tokens: their
        probabilities are divided by their total. In KL(p || s) over all of the teacher's tokens the matched
        ones add up to p(matched) KL(p given matched || s) and a constant, so the best student is the same.
        """
        return bool((self.student == self.classes).any())

    def to(self, device: torch.device) -> VocabularyMatch:
        """The match with its tensors on a device."""
        return VocabularyMatch(self.teacher.to(device), self.student.to(device), self.classes)

    def class_logits(self, logits: Tensor, role: Literal["teacher", "student"]) -> Tensor:
        """The log of the sum of exp over the tokens of each class [C, N], for logits [V, N].

        C counts "other" as the last class if `has_other`. `log_softmax(0)` of the result has the
        log-probabilities of the classes; without "other" they are those given the matched tokens.
        """
        members = (self.teacher if role == "teacher" else self.student).to(logits.device)
        top = logits.amax(0)
        # Rows are added whole, which is fast: a row holds a token's values at all positions.
        sums = logits.new_zeros(self.classes + 2, logits.shape[1])
        sums.index_add_(0, members, (logits - top).exp_())
        sums = sums[: self.classes + self.has_other]
        return sums.clamp_min_(torch.finfo(logits.dtype).tiny).log_().add_(top)

    def unmatched(self, probabilities: Tensor) -> Tensor:
        """The share [N] of the teacher's probabilities [N, V] at tokens that the student lacks."""
        return probabilities[:, (self.teacher == self.classes).to(probabilities.device)].sum(1)


def match_by_id(teacher_size: int, teacher_ids: Sequence[int]) -> VocabularyMatch:
    """The match of a student whose token i is the token `teacher_ids[i]` of its teacher.

    >>> match_by_id(4, [0, 3]).teacher.tolist()
    [0, 2, 2, 1]
    """
    count = len(teacher_ids)
    teacher = torch.full((teacher_size,), count)
    teacher[torch.tensor(teacher_ids)] = torch.arange(count)
    return VocabularyMatch(teacher, torch.arange(count), count)


def match(
    teacher: MaskedLM, student: MaskedLM, *, teacher_form: Form = "marked", student_form: Form = "marked"
) -> VocabularyMatch:
    """The match of two vocabularies at a position where their words have these forms.

    Both models' own token of a word tells its form there.
    """
    one_marks_spaces = _marks_spaces(teacher) != _marks_spaces(student)
    clean = _cleaner(teacher, student)
    keys = [
        _keys(lm, form, clean, one_marks_spaces=one_marks_spaces)
        for lm, form in ((teacher, teacher_form), (student, student_form))
    ]
    theirs = set(keys[1])
    shared = dict.fromkeys(key for key in keys[0] if key in theirs)
    number = {key: place for place, key in enumerate(shared)}
    one, other = (torch.tensor([number.get(key, len(number)) for key in own]) for own in keys)
    return VocabularyMatch(one, other, len(number))


@dataclass(frozen=True, eq=False)
class MatchedVocabularies:
    """Teacher and student with the match of their vocabularies at every position.

    `trimmed` is for a student whose token i is the teacher's token `trimmed[i]`: one match serves all forms.
    """

    teacher: MaskedLM
    student: MaskedLM
    trimmed: tuple[int, ...] | None = None

    @cached_property
    def _found(self) -> dict[int, VocabularyMatch]:
        return {}

    @cached_property
    def _splits(self) -> dict[tuple[int, bool], Splits]:
        return {}

    def at(self, form: int) -> VocabularyMatch:
        """The match at positions of the form number `form`, as `forms_of` or `comparisons` returned it."""
        if form not in self._found:
            if self.trimmed is not None:
                found = match_by_id(self.teacher.vocabulary_size, self.trimmed)
            elif form >= SPLIT:
                found = self._split_match(form)
            else:
                names: tuple[Form, Form] = ("unmarked", "marked")
                one, other = names[form // 2], names[form % 2]
                found = match(self.teacher, self.student, teacher_form=one, student_form=other)
            self._found[form] = found
        return self._found[form]

    def comparisons(self, teacher: Sequence[int], student: Sequence[int]) -> list[tuple[int, int, int]]:
        """Where to compare the models at a hidden word that is one token of one, and several of the other.

        `teacher` and `student` are the tokens of the word. Returns the place in each, and a form number, once
        for each of the several tokens. Empty where the models' questions differ: each mask of several says
        that the word has so many tokens (see `fairkd.models.split_words`).
        """
        several, whole = max(teacher, student, key=len), min(teacher, student, key=len)
        if len(whole) > 1 or not 1 < len(several) <= MOST_TOKENS:
            return []
        student_splits = several is student
        base = int(self.forms_of(np.array(teacher[:1]), np.array(student[:1]))[0])
        if self._splits_at(base, student_splits)[whole[0]] != tuple(several):
            return []
        count = len(several)
        forms = [_split_form(base, student_splits, count, place) for place in range(count)]
        if student_splits:
            return [(0, place, form) for place, form in enumerate(forms)]
        return [(place, 0, form) for place, form in enumerate(forms)]

    def _splits_at(self, base: int, student_splits: bool) -> Splits:
        """What each token [V] of one model is in the other one, which splits words, at the form `base`."""
        key = base, student_splits
        if key not in self._splits:
            sides = (self.teacher, bool(base // 2)), (self.student, bool(base % 2))
            (whole, begins), (parts, marked) = sides if student_splits else sides[::-1]
            words: list[str | None] = []
            for label in readable(whole):
                is_marked, text = _parts(label, _marks_spaces(whole))
                words.append(text if is_marked == begins and text.isalnum() else None)
            self._splits[key] = split_into(parts, words, marked=marked)
        return self._splits[key]

    def _split_match(self, form: int) -> VocabularyMatch:
        base, student_splits, count, place = _of_split_form(form)
        parts = self.student if student_splits else self.teacher
        words, others, classes = classes_at(
            self._splits_at(base, student_splits), tokens=count, place=place, size=parts.vocabulary_size
        )
        one, other = (words, others) if student_splits else (others, words)
        return VocabularyMatch(one, other, classes)

    def forms_of(self, teacher: np.ndarray, student: np.ndarray) -> np.ndarray:
        """The form numbers [N] of words that are the tokens `teacher` [N] and `student` [N]."""
        if self.trimmed is not None:
            return np.full(len(teacher), BOTH_MARKED)
        one, other = self._marked
        return 2 * one[teacher] + other[student]

    @cached_property
    def _marked(self) -> tuple[np.ndarray, np.ndarray]:
        """Whether each token [V] is marked as the beginning of a word, for teacher and student."""
        one, other = (
            np.array(
                # A word may begin with a token of the space alone.
                [label == SPACE or _parts(label, _marks_spaces(lm))[0] for label in readable(lm)],
                dtype=np.int64,
            )
            for lm in (self.teacher, self.student)
        )
        return one, other


def _split_form(base: int, student_splits: bool, count: int, place: int) -> int:
    """The number of the form for a place in words of `count` tokens; the inverse of `_of_split_form`.

    >>> _of_split_form(_split_form(2, True, 4, 3))
    (2, True, 4, 3)
    """
    return ((count * MOST_TOKENS + place) * 2 + student_splits) * SPLIT + base


def _of_split_form(form: int) -> tuple[int, bool, int, int]:
    places, student_splits = divmod(form // SPLIT, 2)
    return form % SPLIT, bool(student_splits), *divmod(places, MOST_TOKENS)


def _keys(
    lm: MaskedLM, form: Form, clean: Callable[[str], str], *, one_marks_spaces: bool
) -> list[tuple[str, str]]:
    """What each token means at a position of this form: the kind of token, and its text."""
    special = {index: token.content for index, token in lm.tokenizer.added_tokens_decoder.items()}
    for role in reversed(_ROLES):  # a token with two roles has the first of them
        index = getattr(lm.tokenizer, f"{role}_id", None)
        if index is not None:
            special[index] = role
    found = []
    for index, label in enumerate(readable(lm)):
        if index in special:
            found.append(("special", special[index]))
            continue
        marked, text = _parts(label, _marks_spaces(lm))
        begins = marked == (form == "marked")
        kind = "begins" if begins else "space" if marked else "continues"
        if one_marks_spaces and not text[:1].isalnum():
            kind = "begins"  # the other model has one token for a sign with a space before it and without
        found.append((kind, clean(text)))
    return found


def _marks_spaces(lm: MaskedLM) -> bool:
    """Whether the tokens of words have the space before them in them."""
    return lm.kind in ("BPE", "SentencePiece")


def _parts(label: str, marks_spaces: bool) -> tuple[bool, str]:
    """Whether a token string is marked as the beginning of a word, and its text without marks.

    >>> [_parts(label, True) for label in ("he", "##he", "␣(", "(")]
    [(True, 'he'), (False, 'he'), (True, '('), (False, '(')]
    >>> _parts("(", False)
    (True, '(')
    """
    if label.startswith(CONTINUES) and len(label) > len(CONTINUES):
        return False, label.removeprefix(CONTINUES)
    if label.startswith(SPACE) and len(label) > len(SPACE):
        return True, label.removeprefix(SPACE)
    return not marks_spaces or label[:1].isalnum(), label


def _cleaner(*lms: MaskedLM) -> Callable[[str], str]:
    """The text as the normalizers of those models leave it that lower-case: without case and accents.

    Where both models have the same normalizer there is nothing to do: texts reach both in the same form.
    """
    normalizers = [lm.tokenizer.backend_tokenizer.normalizer for lm in lms if lm.lower_case]
    if len({str(lm.tokenizer.backend_tokenizer.normalizer) for lm in lms}) == 1:
        normalizers = []

    def clean(text: str) -> str:
        for normalizer in normalizers:
            text = normalizer.normalize_str(text).strip(" ▁") or text
        return text

    return clean
