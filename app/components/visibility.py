"""Whether the visitor can see the page: a live page in a hidden tab need not be updated."""

from __future__ import annotations

import streamlit as st

_component = st.components.v2.component(
    "fairkd_visibility",
    html="<span hidden></span>",
    js="""
const cleanups = new WeakMap() // by mount: ends the last call, because every rerun is another call

export default function ({ parentElement, setStateValue }) {
  cleanups.get(parentElement)?.()
  const tell = () => setStateValue("hidden", document.hidden)
  document.addEventListener("visibilitychange", tell)
  const cleanup = () => document.removeEventListener("visibilitychange", tell)
  cleanups.set(parentElement, cleanup)
  return cleanup
}
""",
)


def page_is_hidden() -> bool:
    """Whether the page is in a hidden tab or window. When that changes, the page is redrawn.

    Call it once on a page, and outside of fragments.
    """
    return bool(_component(key="visibility", on_hidden_change=lambda: None).get("hidden"))
