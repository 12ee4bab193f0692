"""What the browser does beside drawing, in `browser.js`.

- It draws the page again when the system turns dark or light. The browser changes the page's own colours by
  itself, but charts have colours that Python chose.
- Text on the primary colour is readable on a dark page, too.
- What a visitor does makes one history entry, so that the browser's Back returns to what was there before.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.shared.streamlit_internals import NAVIGATION, SCROLLING, readable_on_primary

_component = st.components.v2.component(
    "fairkd_browser",
    html="<span hidden></span>",
    js=SCROLLING + Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)
_WITHOUT_A_GAP = "div:has(> .st-key-browser) { position: absolute; }"
# The pages and the controls below them fit a screen of 1280 x 720.
_CLOSE_LINKS = (
    f"{NAVIGATION} :is(li, a) {{ margin-top: 0; margin-bottom: 0; }} {NAVIGATION} a {{ height: 25px; }}"
)


def watch_browser() -> None:
    """Rerun the script whenever the theme changes, and keep the history. Call it outside all fragments."""
    st.html(f"<style>{_WITHOUT_A_GAP} {_CLOSE_LINKS} {readable_on_primary()}</style>")
    with st.container(key="browser"):
        _component(key="browser_changes", on_dark_change=lambda: None)
