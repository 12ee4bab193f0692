"""The inputs of the Predictions page: the sentence, examples for it, and the controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from app.shared.presenter import is_presenting, panel
from app.shared.widgets import literal

START = "Milk is a [MASK]."
PRESETS = (
    START,
    "[MASK] is a nurse.",
    "[MASK] is a doctor.",
    "She works as a [MASK].",
    "The engineer lost her keys.",
)
# On a phone, examples and controls are one row each, which scrolls: the figure is what a visitor comes for.
ON_PHONES = """<style>
@media (max-width: 640px) {
  .st-key-controls, .st-key-preset [role="radiogroup"] { flex-wrap: nowrap; overflow-x: auto; }
  .st-key-controls { gap: 1rem; padding-right: 2rem; }
  .st-key-controls { mask-image: linear-gradient(to left, transparent, black 2rem); } /* it continues */
  .st-key-temperature, .st-key-k { width: 138px !important; }
  .st-key-controls > *, .st-key-preset [role="radiogroup"] > * { flex-shrink: 0; }
}
</style>"""
POSITION = "position"  # the parameter of the address with the chosen column
INPUTS = "prediction_inputs"  # the key of the fragment with the inputs, and with the results in it
Changed = Callable[[], None]
_KEYS = ("text", "k", "temperature", "each", "log", "hard")  # of the inputs, in the order of the settings


@dataclass(frozen=True)
class Settings:
    """The values of the controls."""

    text: str
    k: int = 7
    temperature: float = 1.0
    mask_each: bool = False
    log: bool = False
    targets: bool = False

    @property
    def about(self) -> dict[str, object]:
        """The settings that the numbers depend on, as columns of a downloaded table."""
        return {"temperature": self.temperature, "hide_each_word": self.mask_each}


def forget_position() -> None:
    """Remove the position from the address, for example because the sentence has changed."""
    st.query_params.pop(POSITION, None)


def use_sentence(text: str) -> None:
    """Make a text the sentence."""
    st.session_state["text"] = text
    forget_position()


def _take_preset() -> None:
    """Make the chosen example the sentence, and unselect it, so that it can be chosen again."""
    if st.session_state["preset"] is not None:
        use_sentence(st.session_state["preset"])
        st.session_state["preset"] = None


def drawn_settings() -> Settings:
    """The values of the inputs, which have been drawn."""
    text, *values = [st.session_state[key] for key in _KEYS]
    return Settings(text or "", *values)


def inputs(changed: Changed) -> None:
    """The sentence, the examples and the controls; in the presenter view one row, most of it folded away.

    `changed` is called when a visitor has changed one of the settings.
    """
    if not is_presenting():
        sentence(changed)
        examples()
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key="controls"):
            temperature(changed)
            other_controls(changed)
        return
    row = st.container(horizontal=True, gap="medium", vertical_alignment="center")
    with row:
        sentence(changed)
        temperature(changed)
    with panel("More", "more", row=row):
        examples()
        with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
            other_controls(changed)


def sentence(changed: Changed) -> None:
    """The text box with the sentence."""
    st.text_input(
        "Sentence",
        value=START,
        key="text",
        bind="query-params",
        on_change=changed,
        max_chars=4000,
        live=True,  # 250 ms after the last key; for another time Streamlit imports pandas
        placeholder="Type a sentence. Write [MASK] or _ for a hidden word",
        label_visibility="collapsed",
    )


def examples() -> None:
    """Sentences to choose from."""
    st.pills(
        "Examples",
        PRESETS,
        key="preset",
        format_func=literal,
        on_change=_take_preset,
        label_visibility="collapsed",
    )


def temperature(changed: Changed) -> None:
    """The slider of the temperature."""
    st.slider(
        "Temperature",
        0.1,
        5.0,
        1.0,
        0.1,
        key="temperature",
        bind="query-params",
        on_change=changed,
        width=146,
        format="%.1f",
        help="The models' scores (logits) are divided by the temperature. Below 1, probable words become "
        "more probable; above 1, all words become more alike. Distillation often uses 2.",
    )


def other_controls(changed: Changed) -> None:
    """The number of words, whether each word is hidden in turn, the scale, and whether targets are shown."""
    st.slider(
        "Words per column",
        1,
        20,
        7,
        key="k",
        bind="query-params",
        on_change=changed,
        width=146,
        help="How many of the most probable words are shown at each position (top k). The presenter view "
        "shows fewer if the screen is not high enough.",
    )
    st.toggle(
        "Hide each word in turn",
        key="each",
        bind="query-params",
        on_change=changed,
        help="Off: the models read the sentence as written. On: each token is masked in turn and "
        "predicted from the others.",
    )
    st.toggle(
        "Log scale",
        key="log",
        bind="query-params",
        on_change=changed,
        help="Draw shades and bars by the logarithm of the probability. Improbable words become visible.",
    )
    st.toggle(
        "Targets",
        key="hard",
        bind="query-params",
        on_change=changed,
        help="Show what a student is taught at the chosen position: the hard label (one word) and the soft "
        "target (the teacher's probabilities).",
    )
