"""What would go wrong on this server, for whoever hosts it: `fairkd doctor` on the page."""

from __future__ import annotations

import streamlit as st

from app.shared.visitor import hosting, is_presenter
from app.shared.widgets import literal
from fairkd.doctor import Finding, Severity, examine

ICONS: dict[Severity, str] = {
    "ok": ":material/check_circle:",
    "warning": ":material/warning:",
    "problem": ":material/error:",
}
WORST_FIRST: tuple[Severity, ...] = ("problem", "warning", "ok")


def show_examination() -> None:
    """A button that checks this server, and below it what the checks found, the worst first.

    For whoever hosts it: the user of this machine, or the presenter. Others see nothing of the server.
    """
    if hosting().shared and not is_presenter():
        return
    st.subheader("This server")
    if not st.button("Check this server", icon=":material/stethoscope:"):
        st.caption(
            "Checks packages, models, settings, home folder, memory and network. It takes some seconds. "
            "`fairkd doctor` does the same in a terminal."
        )
        return
    with st.spinner("Checking this server"):
        found = examine(port=None, address=str(st.get_option("server.address") or "0.0.0.0"))
    st.markdown(verdict(found))
    for severity in WORST_FIRST:
        if lines := [_line(one) for one in found if one.severity == severity]:
            st.markdown("  \n".join(lines))


def verdict(found: tuple[Finding, ...]) -> str:
    """How many problems and warnings there are, as a sentence.

    >>> verdict((Finding("disk", "ok", "100 GB are free."),))
    'Everything is fine: no problem, no warning.'
    """
    counts = {kind: sum(one.severity == kind for one in found) for kind in ("problem", "warning")}
    if not any(counts.values()):
        return "Everything is fine: no problem, no warning."
    named = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items() if count]
    return f"Found: {' and '.join(named)}."


def _line(one: Finding) -> str:
    topic = one.topic[:1].upper() + one.topic[1:]
    return f"{ICONS[one.severity]} **{literal(topic)}**: {literal(f'{one.sentence} {one.advice}'.strip())}"
