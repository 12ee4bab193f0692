"""Two models compared on the same text, position by position.

comparison = compare(predict(teacher, text), predict(student, text))
comparison.table().kl, comparison.at(4, k=5)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fairkd.models import word_of
from fairkd.predictions.distribution import Prediction, kl
from fairkd.predictions.side_by_side import align, same_vocabulary, shared_words


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
        models = self.teacher, self.student
        words = shared_words(models, (position, dict(self.aligned).get(position)), k)
        frame = pd.DataFrame(
            [
                {
                    "token": word.text,
                    "teacher_probability": word.probabilities[0],
                    "student_probability": word.probabilities[1],
                    "teacher_rank": word.ranks[0],
                    "student_rank": word.ranks[1],
                    "in_teacher_top": word.in_top[0],
                    "in_student_top": word.in_top[1],
                }
                for word in words
            ]
        ).astype({"teacher_probability": "float64", "student_probability": "float64"})
        ranks = frame[["teacher_rank", "student_rank"]].astype("Int64")
        frame[["teacher_rank", "student_rank"]] = ranks
        frame.insert(5, "rank_change", ranks["teacher_rank"] - ranks["student_rank"])
        return frame

    def _overlap(self, t: int, s: int, k: int) -> float:
        ours: set[int | str] = set(self.teacher.top_ids(t, k))
        theirs: set[int | str] = set(self.student.top_ids(s, k))
        if not self.same_vocabulary:
            ours = {self._shown_word(self.teacher, i) for i in ours}
            theirs = {self._shown_word(self.student, i) for i in theirs}
        return len(ours & theirs) / max(len(ours), len(theirs))

    @property
    def _ignore_case(self) -> bool:
        return self.teacher.lower_case or self.student.lower_case

    def _shown_word(self, model: Prediction, token: int | str) -> str:
        return word_of(model.token_strings[int(token)], self._ignore_case)


def compare(teacher: Prediction, student: Prediction) -> Comparison:
    """Compare two models' predictions for the same text; InputError if the texts differ.

    >>> from fairkd import models
    >>> from fairkd.predictions import predict
    >>> prediction = predict(models.load("embedded/teacher"), "Milk is a [MASK].")
    >>> compare(prediction, prediction).table().kl.tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """
    aligned = tuple((ours, theirs) for ours, theirs in align((teacher, student)))
    same = same_vocabulary((teacher, student))
    reason = None
    if not same:
        reason = (
            f"{teacher.reference} ({len(teacher.token_strings)} tokens) and {student.reference} "
            f"({len(student.token_strings)} tokens) have different vocabularies, so there is no KL between "
            "their distributions. Words are matched instead."
        )
    return Comparison(teacher, student, same, reason, aligned)
