"""Draws the page again when the system turns dark or light.

The browser changes the page's own colours by itself. Charts have colours that Python chose.
"""

from __future__ import annotations

import streamlit as st

_component = st.components.v2.component(
    "fairkd_theme_changes",
    html="<span hidden></span>",
    js="""
let forget
export default function ({ setTriggerValue }) {
  forget?.() // Streamlit calls this at every update, not only once
  const scheme = window.matchMedia("(prefers-color-scheme: dark)")
  const changed = () => setTimeout(() => setTriggerValue("dark", scheme.matches), 200)
  scheme.addEventListener("change", changed)
  forget = () => scheme.removeEventListener("change", changed)
  return forget
}
""",
)


def follow_theme() -> None:
    """Rerun the script whenever the theme changes. Call it outside all fragments."""
    _component(key="theme_changes", on_dark_change=lambda: None)
