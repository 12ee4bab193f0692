"""Who the visitor of this session is, and what they may do here."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import streamlit as st

from app.shared.streamlit_internals import session_id
from fairkd.utils import Hosting, visitor_id

if TYPE_CHECKING:
    from fairkd.runs import Visitor

COOKIE = "fairkd_visitor"  # a random id: whose runs and uploads these are
PROOF = "fairkd_presenter"  # that the presenter's token was given


def hosting() -> Hosting:
    """How this dashboard is shared; InputError if a variable of the environment is wrong."""
    return Hosting.from_environment(public=is_public())


def visitor() -> Visitor:
    """The visitor of this session, by the cookies that their browser sent when the page was loaded."""
    from fairkd import runs  # reads the database: only pages with runs need it

    return runs.Visitor(hosting(), visitor_id(_cookie(COOKIE)), presenter=is_presenter())


def visitor_key() -> str:
    """Tells the visitors of this server apart: by browser where it is shared, else by open page."""
    return visitor_id(_cookie(COOKIE)) or session_id()


def is_presenter() -> bool:
    """Whether the visitor has given the presenter's token."""
    return hosting().is_presenter(_cookie(COOKIE), _cookie(PROOF))


def _cookie(name: str) -> str:
    return st.context.cookies.get(name, "")


def who_may_change() -> str:
    """Who may change a run here, as a sentence."""
    if hosting().mode == "class":
        return "Only this browser and the presenter can change your runs, whatever name you give."
    return "It protects nothing: everybody here can cancel or delete a run."


def is_public() -> bool:
    """Whether the server listens beyond this machine."""
    address = str(st.get_option("server.address") or "0.0.0.0").strip("[]")
    try:
        return not ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address != "localhost"
