"""The colours of the dashboard for light and dark mode.

Teacher is blue and student is orange everywhere, as in the paper's figure; a second student is a dark yellow.
The two word groups are teal and purple, far enough from the others and from each other for colour-blind
readers. `.streamlit/config.toml` repeats them as categorical colours; a test checks that they agree.
"""

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Hue:
    """A colour in two shades, for the light and the dark page."""

    light: str
    dark: str

    def on(self, dark: bool) -> str:
        """The shade for the mode, as `#rrggbb`."""
        return self.dark if dark else self.light


TEACHER = Hue("#2563c9", "#7aa9f7")
STUDENT = Hue("#d96a0b", "#f4a259")
STUDENT2 = Hue("#8a7400", "#d9c64a")
GROUP_A = Hue("#0f8577", "#4fc7b6")
GROUP_B = Hue("#7a45b8", "#b995ee")

TEXT = Hue("#0b111b", "#e7eaf0")
MUTED = Hue("#5b6676", "#9aa5b5")
FAINT = Hue("#b7bfcb", "#5b6676")  # guides in charts
GRID = Hue("#e3e7ee", "#2b3341")
PAGE = Hue("#ffffff", "#11151c")

FONT = (
    "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif"
)


def is_dark() -> bool:
    """Whether the visitor's page is in dark mode now."""
    return st.context.theme.type == "dark"


def merged(base: dict, over: dict) -> dict:
    """`base` updated with `over`, nested dictionaries included; neither argument is changed.

    plotly's `update_layout` takes ten times as long, and pages redraw their figures at every change.
    """
    result = dict(base)
    for key, value in over.items():
        here = result.get(key)
        result[key] = merged(here, value) if isinstance(here, dict) and isinstance(value, dict) else value
    return result
