"""How much the models differ at each position of the sentence: a table for each student."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.charts.text import percent
from app.predictions.inputs import Settings
from app.predictions.position import NAMES, Role
from app.shared.provenance import about_models
from app.shared.table_download import table_download
from app.shared.widgets import literal
from fairkd import predictions

if TYPE_CHECKING:
    from fairkd.predictions import Prediction


def along_the_sentence(found: Mapping[Role, Prediction], settings: Settings) -> None:
    """KL, overlap and entropies at every position: a table for each student."""
    frames = {
        role: predictions.compare(found["teacher"], student).table(settings.k)
        for role, student in found.items()
        if role != "teacher"
    }
    for role, frame in frames.items():
        st.table(along_table(frame, settings.k, NAMES[role]), hide_index=True)
    references: dict[str, str] = {role: model.reference for role, model in found.items()}
    about = about_models(references, text=settings.text, **settings.about)
    whole = pd.concat([frame.assign(compared=role) for role, frame in frames.items()])
    table_download(whole, "fairkd-positions", "along_csv", about=about)


def along_table(frame: pd.DataFrame, k: int, name: str) -> pd.DataFrame:
    """`Comparison.table` with its numbers as text and its columns named for readers.

    `name` is what the student is called.
    """

    def nats(name: str) -> list[str]:
        return ["–" if math.isnan(value) else f"{value:.2f}" for value in frame[name]]

    return pd.DataFrame(
        {
            "token": [literal(token) for token in frame["token"]],
            f"KL(teacher ‖ {name}), nats": nats("kl"),
            f"words in both top {k}": [percent(share) for share in frame["overlap"]],
            "entropy, teacher, nats": nats("teacher_entropy"),
            f"entropy, {name}, nats": nats("student_entropy"),
        }
    )
