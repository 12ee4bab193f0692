"""Where runs work: a choice that is shown only where something other than this machine is set up."""

from __future__ import annotations

import streamlit as st

from app.shared.visitor import visitor
from fairkd.runs import launchers

KEY = "launcher"
HELP = (
    "On a cluster, runs need the folder for runs of this machine. Before the first one is queued, a short "
    "job looks whether it is there, with the same versions of FairKD, Python and torch."
)


def launcher_choice() -> None:
    """A select of the launchers that the visitor may choose from; nothing where there is no choice."""
    if len(names := visitor().launchers) > 1:
        st.selectbox(
            "Where to run", names, key=KEY, format_func=launchers.place_of, persist_state="session", help=HELP
        )


def chosen_launcher() -> str | None:
    """The launcher that was chosen; None for the default."""
    names = visitor().launchers
    return st.session_state.get(KEY, names[0]) if len(names) > 1 else None


def launcher_words() -> list[str]:
    """The option of a command that starts runs where the visitor chose; none for this machine by default."""
    chosen = chosen_launcher()
    if chosen is None or chosen == visitor().launchers[0] == launchers.LOCAL:
        return []
    return ["--on", chosen]
