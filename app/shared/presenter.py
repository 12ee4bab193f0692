"""The presenter view: large type, pages on top, no sidebar; for a projector, on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.shared.streamlit_internals import CONTENT, SIDEBAR

if TYPE_CHECKING:
    from app.shared.streamlit_internals import DeltaGenerator

KEY = "present"  # of the switch, and in the address: ?present=1
UNSEEN = "unseen_by_an_audience"  # begins the key of what only screen readers find in the presenter view

_STYLE = f"""<style>
html:root {{ font-size: clamp(110%, 1.9vh, 150%); --figure-zoom: 1.25; }}
{SIDEBAR} {{ display: none; }}
{CONTENT} {{ padding-top: 4.75rem; }}
div:has(> [class*="st-key-{UNSEEN}"]) {{
  position: absolute; height: 1px; overflow: hidden; clip-path: inset(50%);
}}
.st-key-leave_presenter, .st-key-presenter_models {{
  position: fixed; top: 0.6rem; z-index: 999991; width: auto;
}}
.st-key-leave_presenter {{ right: 1rem; }}
.st-key-presenter_models {{ right: 14.5rem; }}
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
    if st.session_state[KEY]:
        st.query_params[KEY] = "1"
    else:
        st.query_params.pop(KEY, None)


def unseen(name: str) -> DeltaGenerator:
    """A container that an audience does not see: headings, for example, which take room from a figure."""
    return st.container(key=f"{UNSEEN}_{name}" if is_presenting() else name)


def presenter_models() -> DeltaGenerator:
    """Where the pickers of the models are in the presenter view, beside the way back."""
    return st.popover("Models", icon=":material/neurology:", key="presenter_models")


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
