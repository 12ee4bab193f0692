"""Both models' predictions at one column of the figure, as data for the sections of the page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from app.charts.text import percent
from app.components.columns import TokenColumn
from fairkd.predictions import Comparison, Prediction

Role = Literal["teacher", "student"]


@dataclass(frozen=True)
class PositionTargets:
    """The targets that a student can be trained on at a position.

    `frame` has the columns token, soft (the teacher's probability) and hard (1 for the label, else 0).
    `label` is the labelled word. It is in the sentence if `visible`, else it is the teacher's first guess.
    """

    frame: pd.DataFrame
    label: str
    visible: bool

    @property
    def rest(self) -> float:
        """The probability of all words except the label in the soft target."""
        return 1 - float(self.frame.loc[self.frame["hard"] == 1, "soft"].iloc[0])


@dataclass(frozen=True, eq=False)
class Position:
    """One column of the figure, with the predictions of the models that have a token there."""

    column: TokenColumn
    teacher: Prediction | None
    student: Prediction | None
    comparison: Comparison | None

    @property
    def sides(self) -> list[tuple[Role, Prediction, int]]:
        """Role, prediction and position of each model with a token here."""
        found: list[tuple[Role, Prediction, int]] = []
        if self.teacher is not None and self.column.teacher is not None:
            found.append(("teacher", self.teacher, self.column.teacher))
        if self.student is not None and self.column.student is not None:
            found.append(("student", self.student, self.column.student))
        return found

    def frame(self, k: int) -> pd.DataFrame:
        """The union of both models' top k: token, and each model's probability and rank.

        A model without a token here has NaN in its columns.
        """
        if self.comparison is not None and self.column.teacher is not None:
            return self.comparison.at(self.column.teacher, k)
        role, prediction, position = self.sides[0]
        other = "student" if role == "teacher" else "teacher"
        top = prediction.top(position, k)
        return pd.DataFrame(
            {
                "token": top["token"],
                f"{role}_probability": top["probability"],
                f"{other}_probability": math.nan,
                f"{role}_rank": top["rank"].astype("Int64"),
                f"{other}_rank": pd.array([pd.NA] * len(top), dtype="Int64"),
            }
        )

    def mass(self, frame: pd.DataFrame) -> dict[Role, float]:
        """The sum of each model's probabilities of the words in `frame`."""
        return {role: float(frame[f"{role}_probability"].sum()) for role, *_ in self.sides}

    def finding(self) -> str:
        """One sentence: the most probable word of each model."""
        parts = []
        for role, prediction, position in self.sides:
            best = prediction.top(position, 1).iloc[0]
            parts.append(f"{role} says “{best['token']}” ({percent(best['probability'])})")
        return f"At “{self.column.text}”: {', '.join(parts)}"

    def targets(self, k: int) -> PositionTargets | None:
        """Hard label and soft target; None if the teacher has no token here.

        The hard label of a visible token is that token. A masked word is unknown, so the teacher's most
        probable word is used instead.
        """
        if self.teacher is None or self.column.teacher is None:
            return None
        token = self.teacher.tokens[self.column.teacher]
        top = self.teacher.top(self.column.teacher, k)
        visible = not (token.masked or token.unknown)
        label = token.id if visible else int(top["id"].iloc[0])
        name = self.teacher.token_string(self.column.teacher, label)
        frame = pd.DataFrame({"token": top["token"], "soft": top["probability"], "hard": 0.0})
        if label in set(top["id"]):
            frame.loc[top["id"] == label, "hard"] = 1.0
        else:
            soft = float(self.teacher.row(self.column.teacher)[label].exp())
            frame.loc[len(frame)] = [name, soft, 1.0]
        return PositionTargets(frame, name, visible)
