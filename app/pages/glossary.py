"""Glossary: what the technical terms mean, with a search field."""

from __future__ import annotations

import streamlit as st

from app.shared.widgets import literal
from fairkd.lessons import GlossaryTerm, search_glossary


def entry(one: GlossaryTerm) -> str:
    """A term with its other names, its explanation and its lesson, in Markdown."""
    also = f"*Also: {literal(', '.join(one.also))}.* " if one.also else ""
    lesson = f" [Lesson: {one.lesson}](learn?lesson={one.lesson})" if one.lesson else ""
    return f"### {literal(one.term)}\n{also}{one.text}{lesson}"


st.header("Glossary")
wanted = st.text_input(
    "Search",
    key="term",
    bind="query-params",
    max_chars=80,
    live=True,
    icon=":material/search:",
    placeholder="A term, such as temperature, or a word of its explanation",
    label_visibility="collapsed",
)
found = search_glossary(wanted or "")
if found:  # one element, because a hundred take a while to draw
    st.markdown("\n\n".join(entry(one) for one in found))
else:
    st.info(literal(f"The glossary has nothing on “{wanted}”."), icon=":material/info:")
