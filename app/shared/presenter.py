"""The presenter view: large type, pages on top, no sidebar; for a projector, on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.shared.streamlit_internals import CONTENT, LOGO, SIDEBAR
from app.shared.theme import GRID, PAGE
from app.shared.url_state import write_parameter

if TYPE_CHECKING:
    from app.shared.streamlit_internals import DeltaGenerator

KEY = "present"  # of the switch, and in the address: ?present=1
UNSEEN = "unseen_by_an_audience"  # begins the key of what only screen readers find in the presenter view
SHOWN, FOLDED = "panel_shown", "panel_folded"  # begin the key of a panel

_STYLE = f"""<style>
html:root {{ font-size: clamp(110%, 1.9vh, 150%); --figure-zoom: 1.25; }}
{SIDEBAR} {{ display: none; }}
{CONTENT} {{ padding-top: 4.75rem; }}
div:has(> [class*="st-key-{UNSEEN}"]) {{
  position: absolute; height: 1px; overflow: hidden; clip-path: inset(50%);
}}
.st-key-leave_presenter, .st-key-show_models {{ position: fixed; top: 0.6rem; z-index: 999991; width: auto; }}
.st-key-leave_presenter {{ right: 1rem; }}
.st-key-show_models {{ right: 14.5rem; }}
[class*="st-key-{SHOWN}"] {{
  z-index: 999990; padding: 1rem;
  background: {PAGE.light}; border: 1px solid {GRID.light}; border-radius: 0.5rem;
}}
@media (prefers-color-scheme: dark) {{
  [class*="st-key-{SHOWN}"] {{ background: {PAGE.dark}; border-color: {GRID.dark}; }}
}}
div:has(> [class*="st-key-{FOLDED}"]) {{ display: none; }}
.st-key-{SHOWN}_models {{ position: fixed; top: 3.7rem; right: 14.5rem; width: 20rem; }}
@media (max-width: 40rem) {{
  {LOGO} {{ visibility: hidden; }}  /* the buttons take its place */
  .st-key-{SHOWN}_models {{ right: 1rem; }}
}}
</style>"""


def is_presenting() -> bool:
    """Whether the visitor has switched the presenter view on, or opened a link with it."""
    return bool(st.session_state.get(KEY, st.query_params.get(KEY) in ("1", "true")))


def presenter_switch() -> None:
    """The switch in the sidebar."""
    st.session_state.setdefault(KEY, is_presenting())
    st.toggle(
        "Presenter view",
        key=KEY,
        help="Large type and no sidebar, for a projector. The way back is at the top of the page.",
    )
    write_parameter(KEY, "1" if st.session_state[KEY] else "", "")


def unseen(name: str) -> DeltaGenerator:
    """A container that an audience does not see: headings, for example, which take space from a figure."""
    return st.container(key=f"{UNSEEN}_{name}" if is_presenting() else name)


def presenter_models() -> DeltaGenerator:
    """Where the pickers of the models are in the presenter view, beside the way back: below a button."""
    return panel("Models", "models")


def panel(label: str, name: str, *, row: DeltaGenerator | None = None) -> DeltaGenerator:
    """A container for widgets, and a button that shows and hides it, before it or in a `row`.

    It is no popover, because the address loses the widgets of a closed one: they are not in the page.
    """
    key = f"{name}_panel"
    shown = bool(st.session_state.get(key))
    (row or st).button(
        label,
        key=f"show_{name}",
        icon=":material/expand_less:" if shown else ":material/expand_more:",
        on_click=_show,
        args=(key, not shown),
    )
    return st.container(key=f"{SHOWN if shown else FOLDED}_{name}")


def _show(key: str, shown: bool) -> None:
    st.session_state[key] = shown


def presenter_bar() -> None:
    """In the presenter view: its style, and the way back."""
    if not is_presenting():
        return
    st.html(_STYLE)
    st.button(
        "Leave presenter view", key="leave_presenter", icon=":material/close_fullscreen:", on_click=_leave
    )


def _leave() -> None:
    st.session_state[KEY] = False
