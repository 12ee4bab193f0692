"""Colours, dashes and symbols that tell several runs, words or loss terms apart.

The hues differ from the teacher's blue and from each other for colour-blind readers, too. The first is the
student's orange. From the seventh series on, hues repeat with another dash and symbol.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.shared.theme import GROUP_A, GROUP_B, STUDENT, Hue

HUES = (
    STUDENT,
    GROUP_A,
    GROUP_B,
    Hue("#8a7400", "#d9c64a"),
    Hue("#b3286b", "#f08cb8"),
    Hue("#5b6676", "#b4bdca"),
)
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "x", "star")


@dataclass(frozen=True)
class Series:
    """How one series is drawn."""

    colour: str
    dash: str
    symbol: str

    def shade(self, opacity: float) -> str:
        """The colour with this opacity, for a band behind the line."""
        red, green, blue = (int(self.colour[at : at + 2], 16) for at in (1, 3, 5))
        return f"rgba({red},{green},{blue},{opacity:g})"


def series(number: int, *, dark: bool) -> Series:
    """How series `number` is drawn, counted from 0."""
    turn = number // len(HUES)
    return Series(
        HUES[number % len(HUES)].on(dark),
        _DASHES[(number + turn) % len(_DASHES)],
        _SYMBOLS[number % len(_SYMBOLS)],
    )
