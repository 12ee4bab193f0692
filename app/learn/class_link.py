"""The link that opens the same lesson, screen and state in everybody's browser."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

import segno
import streamlit as st

from app.shared.presenter import KEY as PRESENT
from app.shared.streamlit_internals import address_in_network
from app.shared.visitor import is_public
from app.shared.widgets import caption

CLASS = "class"  # the parameter of the address with which visitors wait for the presenter's reveal
ALONE = "Only this machine can open the link. Start the server with `--server.address=0.0.0.0` for others."
SCREEN = "screen"  # the parameter of the address that names a screen: a number from 1


def class_link() -> None:
    """A button that shows the link, with a QR code for phones."""
    with st.popover("Link for the class", icon=":material/qr_code_2:", type="tertiary", key="class_link"):
        link = link_for_others()
        st.code(link, language=None, wrap_lines=True)
        if not is_public():
            caption(ALONE)
        else:
            st.image(qr_code(link), width=280, caption="The link as a QR code")
            caption("It opens this lesson with what you have chosen. Answers are counted without names.")


def is_in_class() -> bool:
    """Whether the visitor came by the link for the class. It holds for the session, whatever they open."""
    state = st.session_state
    state["in_class"] = state.get("in_class", False) or st.query_params.get(CLASS) == "1"
    return bool(state["in_class"])


def link_for_others() -> str:
    """The page's address as others reach it, without the presenter view."""
    parts = urlsplit(st.context.url or "")
    host = parts.hostname or "localhost"
    if host in ("localhost", "127.0.0.1", "::1") and is_public():
        own = address_in_network()
        host = f"{own or host}:{parts.port}" if parts.port else own or host
    else:
        host = parts.netloc
    kept = [(CLASS, "1")] + [
        (name, value)
        for name in st.query_params
        for value in st.query_params.get_all(name)
        if name not in (PRESENT, CLASS)
    ]
    anchor = f"{SCREEN}-{st.query_params[SCREEN]}" if SCREEN in st.query_params else ""
    return urlunsplit((parts.scheme or "http", host, parts.path, urlencode(kept), anchor))


def qr_code(text: str) -> str:
    """A QR code of `text` as SVG, black on white in any theme so that every phone reads it."""
    return str(segno.make(text, error="m").svg_inline(scale=8, border=3, dark="#000", light="#fff"))
