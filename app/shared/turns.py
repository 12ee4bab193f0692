"""Short work goes first: long work waits between two pieces while other visitors' pages are redrawn.

All visitors share the processor. A redraw takes a fraction of a second and a measurement up to minutes, so
the measurement waits. Two measurements do not wait for each other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import streamlit as st

from app.shared.streamlit_internals import session_id
from app.shared.torch_threads import all_threads

LONGEST_WAIT = 0.5  # seconds before each piece, so that long work goes on however many visitors there are
ALONE_AFTER = 20.0  # seconds without a script of another session
LONGEST_REDRAW = 2.0  # seconds after which a script counts as long work, too


class Turns:
    """Which scripts are running, and which of them do long work. Each runs in a thread of its own."""

    def __init__(self) -> None:
        self._begun: dict[int, float] = {}  # by thread
        self._seen: dict[str, float] = {}  # when the last script of a session began or ended
        self._long: set[int] = set()
        self._changed = threading.Condition()

    @contextmanager
    def script_run(self, session: str) -> Iterator[None]:
        """Count the block as a running script of a session; a block inside it counts as part of it."""
        thread = threading.get_ident()
        if thread in self._begun:
            yield
            return
        with self._changed:
            self._begun[thread] = self._seen[session] = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                self._seen[session] = time.monotonic()
                del self._begun[thread]
                self._long.discard(thread)
                self._changed.notify_all()

    def give_way(self) -> None:
        """Call it between two pieces of long work: it returns when no other script does short work."""
        with self._changed:
            self._long.add(threading.get_ident())
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._short_work(), LONGEST_WAIT)

    def is_alone(self, session: str) -> bool:
        """Whether no other session has had a script for a while: then work may use all cores."""
        now = time.monotonic()
        with self._changed:
            self._seen = {one: seen for one, seen in self._seen.items() if now - seen < ALONE_AFTER}
            return not session or not self._seen.keys() - {session}

    def _short_work(self) -> bool:
        now = time.monotonic()
        begun = list(self._begun.items())
        return any(now - since < LONGEST_REDRAW for thread, since in begun if thread not in self._long)


@st.cache_resource(show_spinner=False)
def turns() -> Turns:
    return Turns()


def give_way() -> None:
    """Call it between two pieces of long work: it returns when no other visitor's page is redrawn."""
    turns().give_way()


def threads_for_long_work() -> AbstractContextManager[None]:
    """All threads of PyTorch for the block, or one while others use the dashboard: pages need the rest.

    Work outside of a script, which waits for an idle server anyway, gets all of them.
    """
    return all_threads() if turns().is_alone(session_id()) else nullcontext()
