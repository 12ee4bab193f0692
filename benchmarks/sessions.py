"""Visitors of the dashboard without browsers: sessions that speak Streamlit's protocol over a websocket.

They draw nothing, so the processor is the server's, and thirty of them cost little.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from types import MappingProxyType
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import Subprotocol  # Streamlit's server brings it along
from websockets.sync.client import connect

SECONDS = 600  # that anything here may take
_PROTOCOL = Subprotocol("streamlit")
# By kind of widget: the field of a widget's state that holds its value.
_VALUES = {
    "text_input": "string_value",
    "text_area": "string_value",
    "radio": "string_value",
    "button": "trigger_value",
}

Value = str | bool
NOTHING: Mapping[str, str] = MappingProxyType({})


class Session:
    """A visitor's open page, as its websocket sees it.

    `widgets` are the kind, the id and the fragment of each text box, choice and button by its label.
    The value of a choice is the text that it shows.
    """

    def __init__(
        self,
        url: str,
        page: str = "",
        parameters: Mapping[str, str] = NOTHING,
        cookies: Mapping[str, str] = NOTHING,
    ) -> None:
        self.widgets: dict[str, tuple[str, str, str]] = {}
        self._open = ExitStack()
        self._socket = self._open.enter_context(
            connect(
                url.replace("http", "ws", 1) + "/_stcore/stream",
                max_size=None,
                ping_interval=None,  # a session that nobody reads for a while is no broken one
                subprotocols=[_PROTOCOL],
                additional_headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())},
            )
        )
        self._query, self._page, self._hash = urlencode(parameters), page, ""
        self._values: dict[str, Value] = {}  # by label, as the browser sends them again every time
        self.ask()

    def ask(self, label: str | None = None, value: Value = True) -> None:
        """Ask for the page, or for the rerun after a widget got a value or was pressed, without waiting."""
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.page_name, rerun.page_script_hash = self._query, self._page, self._hash
        if label is not None:
            self._values[label] = value
            rerun.fragment_id = self.widgets[label][2]
        for name, held in self._values.items():
            kind, id, _ = self.widgets[name]
            state = rerun.widget_states.widgets.add(id=id)
            setattr(state, _VALUES[kind], held)
        if label is not None and self.widgets[label][0] == "button":
            del self._values[label]  # a press counts once
        self._socket.send(message.SerializeToString())

    def wait(self, seconds: float = SECONDS) -> bool:
        """Wait until the script has ended; False if it has not in this time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                content = self._socket.recv(timeout=max(until - time.monotonic(), 0.001))
            except TimeoutError:
                return False
            message = ForwardMsg.FromString(content)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._hash = message.new_session.page_script_hash
            elif kind == "delta":
                self._learn(message)
            elif kind == "script_finished":
                return True
        return False

    def _learn(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind in _VALUES:
            widget = getattr(element, kind)
            self.widgets[widget.label] = kind, widget.id, message.delta.fragment_id
        if kind == "exception":
            raise RuntimeError(f"A page showed an error: {element.exception.message}")

    def rerun(self, label: str, value: Value = True) -> float:
        """Seconds from a changed widget to the end of the rerun."""
        begin = time.perf_counter()
        self.ask(label, value)
        self.wait()
        return time.perf_counter() - begin

    def leave(self) -> None:
        """Close the page."""
        self._open.close()
