"""Two models compared on the same text, position by position.

comparison = compare(predict(teacher, text), predict(student, text))
comparison.table().kl, comparison.at(4, k=5)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fairkd.errors import InputError
from fairkd.models import word_of
from fairkd.predictions.distribution import Prediction, best_id, kl, top_ids


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two models on the same text, position by position.

    Models of different vocabularies have no KL divergence. Their tokens are matched by the word that they
    show, without the marks of subword tokens. Case is ignored if either model ignores it. If several tokens
    show the same word, the most probable one stands for it.

    Attributes
    ----------
    reason : str or None
        Why there is no KL divergence; None if there is one.
    aligned : tuple of pairs
        The teacher's and the student's position of each character span. None stands for a position that the
        other model does not have because it splits the text differently.
    """

    teacher: Prediction
    student: Prediction
    same_vocabulary: bool
    reason: str | None
    aligned: tuple[tuple[int | None, int | None], ...]

    def table(self, k: int = 10) -> pd.DataFrame:
        """One row for each of `aligned`.

        Returns
        -------
        DataFrame
            teacher_position, student_position (missing where not aligned), token (as the teacher shows it),
            kl (KL(teacher || student) in nats; NaN if there is none), overlap (share of the k most probable
            tokens, or words if the vocabularies differ, that both models have in common), teacher_entropy,
            student_entropy (nats).
        """
        rows = [self.row(index, k) for index in range(len(self.aligned))]
        return pd.DataFrame(rows).astype({"teacher_position": "Int64", "student_position": "Int64"})

    def row(self, index: int, k: int = 10) -> dict[str, Any]:
        """The row of `table` for `aligned[index]`, by column name."""
        t, s = self.aligned[index]
        divergence = overlap = math.nan
        if t is not None and s is not None:
            overlap = self._overlap(t, s, k)
            if self.same_vocabulary:
                divergence = kl(self.teacher.row(t), self.student.row(s))
        token = self.teacher.tokens[t] if t is not None else self.student.tokens[s or 0]
        return {
            "teacher_position": t,
            "student_position": s,
            "token": token.text,
            "kl": divergence,
            "overlap": overlap,
            "teacher_entropy": math.nan if t is None else self.teacher.entropy(t),
            "student_entropy": math.nan if s is None else self.student.entropy(s),
        }

    def at(self, position: int, k: int) -> pd.DataFrame:
        """Both models at one of the teacher's positions: the union of their k most probable tokens.

        Returns
        -------
        DataFrame
            token, teacher_probability, student_probability, teacher_rank, student_rank (from 1), rank_change
            (teacher_rank - student_rank: positive if the student ranks the token higher), in_teacher_top,
            in_student_top. Ordered by the teacher's probability, then the student's. A model's values are
            missing if its vocabulary lacks the word, and the student's also if the position is not aligned.
        """
        other = dict(self.aligned).get(position)
        teacher_top = top_ids(self.teacher.row(position)[None], k)[0].tolist()
        student_top = [] if other is None else top_ids(self.student.row(other)[None], k)[0].tolist()
        # Token id or word -> its id for the teacher, its id for the student.
        ids: dict[int | str, tuple[int | None, int | None]] = {}
        if self.same_vocabulary:
            ids = {i: (i, i) for i in [*teacher_top, *student_top]}
        else:
            ours = [self._shown_word(self.teacher, i) for i in teacher_top]
            theirs = [self._shown_word(self.student, i) for i in student_top]
            for word in [*ours, *theirs]:
                ids[word] = (
                    self._best_id(self.teacher, position, word),
                    self._best_id(self.student, other, word),
                )
        rows = []
        for t, s in ids.values():
            shown = self.teacher.token_string(position, t) if t is not None else ""
            if s is not None and other is not None and (t is None or t not in teacher_top):
                shown = self.student.token_string(other, s)
            teacher_rank, student_rank = _rank(self.teacher, position, t), _rank(self.student, other, s)
            rows.append(
                {
                    "token": shown,
                    "teacher_probability": _probability(self.teacher, position, t),
                    "student_probability": _probability(self.student, other, s),
                    "teacher_rank": teacher_rank,
                    "student_rank": student_rank,
                    "rank_change": None
                    if teacher_rank is None or student_rank is None
                    else teacher_rank - student_rank,
                    "in_teacher_top": t in teacher_top,
                    "in_student_top": s in student_top,
                }
            )
        frame = pd.DataFrame(rows).astype(
            dict.fromkeys(("teacher_rank", "student_rank", "rank_change"), "Int64")
        )
        order = ["teacher_probability", "student_probability"]
        return frame.sort_values(order, ascending=False, kind="stable", ignore_index=True)

    def _overlap(self, t: int, s: int, k: int) -> float:
        ours: set[int | str] = set(top_ids(self.teacher.row(t)[None], k)[0].tolist())
        theirs: set[int | str] = set(top_ids(self.student.row(s)[None], k)[0].tolist())
        if not self.same_vocabulary:
            ours = {self._shown_word(self.teacher, i) for i in ours}
            theirs = {self._shown_word(self.student, i) for i in theirs}
        return len(ours & theirs) / max(len(ours), len(theirs))

    @property
    def _ignore_case(self) -> bool:
        return self.teacher.lower_case or self.student.lower_case

    def _shown_word(self, model: Prediction, token: int | str) -> str:
        return word_of(model.token_strings[int(token)], self._ignore_case)

    def _best_id(self, model: Prediction, position: int | None, word: str) -> int | None:
        """The most probable token that shows `word`; None if there is none."""
        if position is None:
            return None
        return best_id(model.row(position), model.token_strings, word, ignore_case=self._ignore_case)


def compare(teacher: Prediction, student: Prediction) -> Comparison:
    """Compare two models' predictions for the same text; InputError if the texts differ.

    >>> from fairkd import models
    >>> from fairkd.predictions import predict
    >>> prediction = predict(models.load("embedded/teacher"), "Milk is a [MASK].")
    >>> compare(prediction, prediction).table().kl.tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """
    if teacher.text != student.text:
        raise InputError(
            "The two predictions are for different texts. Compare predictions for the same text."
        )
    same = teacher.token_strings == student.token_strings
    reason = None
    if not same:
        reason = (
            f"{teacher.reference} ({len(teacher.token_strings)} tokens) and {student.reference} "
            f"({len(student.token_strings)} tokens) have different vocabularies, so there is no KL between "
            "their distributions. Words are matched instead."
        )
    return Comparison(teacher, student, same, reason, _align(teacher, student))


def _align(teacher: Prediction, student: Prediction) -> tuple[tuple[int | None, int | None], ...]:
    """Pairs of positions with the same character span, if both models have equally many of them.

    Several positions share a span where a model splits one character into bytes.
    """
    ours, theirs = _by_span(teacher), _by_span(student)
    pairs: list[tuple[int | None, int | None]] = []
    for span in ours | theirs:
        left, right = ours.get(span, []), theirs.get(span, [])
        if len(left) == len(right):
            pairs.extend(zip(left, right, strict=True))
        else:
            pairs.extend((i, None) for i in left)
            pairs.extend((None, i) for i in right)

    def place(pair: tuple[int | None, int | None]) -> tuple[int, int, int]:
        t, s = pair
        token = teacher.tokens[t] if t is not None else student.tokens[s or 0]
        return token.start, token.end, token.index

    return tuple(sorted(pairs, key=place))


def _by_span(prediction: Prediction) -> dict[tuple[int, int], list[int]]:
    found: dict[tuple[int, int], list[int]] = {}
    for i in prediction.positions:
        found.setdefault((prediction.tokens[i].start, prediction.tokens[i].end), []).append(i)
    return found


def _probability(model: Prediction, position: int | None, token: int | None) -> float:
    if position is None or token is None:
        return math.nan
    return math.exp(float(model.row(position)[token]))


def _rank(model: Prediction, position: int | None, token: int | None) -> int | None:
    return None if position is None or token is None else model.rank(position, [token])[0]
