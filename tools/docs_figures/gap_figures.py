"""What a gap is, and what its prior is, on the embedded teacher."""

from __future__ import annotations

import math

from fairkd.lexicon import Template, contrasts
from fairkd.measures import gaps
from fairkd.models import MaskedLM
from tools.docs_figures.drawing import (
    GROUP_A,
    GROUP_B,
    LEFT,
    MUTED,
    PANEL,
    REST,
    RIGHT,
    Drawing,
    legend,
    signed,
    written,
)

TEMPLATE = Template("[MASK] is {a profession}.", "subject")
PROFESSION = "nurse"


def _measured(lm: MaskedLM) -> dict[str, float]:
    frame = gaps(lm, contrast=contrasts()["pronouns"], templates=[TEMPLATE], professions=[PROFESSION])
    return {name: float(frame[name].iloc[0]) for name in ("log_p_a", "log_p_b", "gap", "mass", "prior_gap")}


def gap(lm: MaskedLM, dark: bool) -> Drawing:
    """The two probabilities at a mask, and the gap between them."""
    row = _measured(lm)
    he, she = math.exp(row["log_p_a"]), math.exp(row["log_p_b"])
    ratio = math.exp(abs(row["gap"]))
    figure = Drawing("The gap between he and she in the sentence [MASK] is a nurse.", dark)
    figure.text(LEFT, 22, "[MASK] is a nurse.", bold=True, size=16)
    figure.text(RIGHT, 22, "What the embedded teacher predicts", hue=MUTED, anchor="end", size=13)
    figure.stacked(36, [(he, GROUP_A, 1), (she, GROUP_B, 1), (1 - he - she, REST, 1)], height=30)
    legend(figure, 88, [(f"he {written(he, 3)}", GROUP_A), (f"she {written(she, 3)}", GROUP_B)])
    figure.text(RIGHT, 88, f"all other words {written(1 - he - she, 3)}", hue=MUTED, anchor="end")
    figure.box(LEFT, 104, RIGHT - LEFT, 84, PANEL, round=6)
    figure.text(LEFT + 14, 128, "gap", bold=True)
    figure.text(LEFT + 70, 128, f"log {written(he, 3)} − log {written(she, 3)} = {signed(row['gap'])} nats")
    figure.text(LEFT + 70, 150, f"she is {ratio:.0f} times as likely as he")
    figure.text(LEFT + 14, 174, "mass", bold=True)
    figure.text(LEFT + 70, 174, f"{written(he, 3)} + {written(she, 3)} = {written(row['mass'], 3)}")
    return figure


def prior(lm: MaskedLM, dark: bool) -> Drawing:
    """The gap of a sentence, of the same sentence without its profession, and their difference."""
    row = _measured(lm)
    corrected = row["gap"] - row["prior_gap"]
    low, high = -4.5, 2.0
    inside = 210.0  # where the axis begins: the sentences stand on its left

    def x(nats: float) -> float:
        return inside + (nats - low) / (high - low) * (RIGHT - inside)

    figure = Drawing("The gap, the prior gap and the prior-corrected gap", dark)
    figure.text(x(low), 20, "← she", hue=GROUP_B, bold=True)
    figure.text(x(high), 20, "he →", hue=GROUP_A, bold=True, anchor="end")
    figure.text(x(0), 20, "0", hue=MUTED, anchor="middle")
    figure.line(x(0), 28, x(0), 176)
    rows = (
        ("gap", "[MASK] is a nurse.", row["gap"]),
        ("prior gap", "[MASK] is a [MASK].", row["prior_gap"]),
        ("prior-corrected gap", "gap − prior gap", corrected),
    )
    for number, (name, sentence, value) in enumerate(rows):
        y = 52 + 52 * number
        hue = GROUP_A if value > 0 else GROUP_B
        figure.text(LEFT, y - 4, name, bold=True)
        figure.text(LEFT, y + 15, sentence, hue=MUTED)
        figure.line(x(0), y, x(value), y, hue)
        figure.dot(x(value), y, hue)
        figure.text(x(value), y - 12, signed(value), anchor="middle")
    figure.text(RIGHT, 192, "nats", hue=MUTED, anchor="end", size=13)
    return figure
