"""Compress the files of Streamlit's front end, which its own server sends as they are.

A first visit takes up to 8 MB of JavaScript; gzip makes 2 MB of it. Browsers offer brotli and zstd over HTTPS
only, and a classroom reaches the dashboard over plain HTTP, so gzip is the encoding that helps there.
Starlette's middleware would compress each file again for every visitor. Here that happens once per server.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from typing import NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FILE = re.compile(r"/static/.+\.(js|css|json|svg|wasm)$")  # fonts and other pictures are compressed already
GZIP_REFUSED = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*(,|$)")
LEVEL = 6  # level 9 takes three times as long and saves half a percent


class _Response(NamedTuple):
    start: Message
    body: bytes

    async def send(self, send: Send, *, head: bool) -> None:
        await send(self.start)
        await send({"type": "http.response.body", "body": b"" if head else self.body})


class CompressedFiles:
    """ASGI middleware that sends the front end's files with gzip to browsers that accept it.

    It compresses whole files that Streamlit marks as immutable (a hash of the content is a part of their
    names), and keeps the result. Everything else passes through: websocket, uploads, downloads, ranges.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[str, _Response] = {}  # by path; bounded by the number of files
        self._compressing = (
            asyncio.Lock()
        )  # of thirty visitors at once, one waits for the compression of a file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or FILE.search(scope["path"]) is None:
            await self._app(scope, receive, send)
        elif _wants_gzip(scope):
            response = await self._response(scope)
            await response.send(send, head=scope["method"] == "HEAD")
        else:
            await self._app(scope, receive, _with_vary(send))

    async def _response(self, scope: Scope) -> _Response:
        path = scope["path"]
        async with self._compressing:
            if path not in self._kept:
                response = await _complete(self._app, {**scope, "method": "GET"})
                headers = Headers(raw=response.start["headers"])
                if response.start["status"] != 200 or "immutable" not in headers.get("cache-control", ""):
                    return response
                self._kept[path] = await asyncio.to_thread(_compressed, response)
            return self._kept[path]


def _wants_gzip(scope: Scope) -> bool:
    """Whether this asks for a whole file, which the browser does not have yet, and accepts gzip."""
    headers = Headers(scope=scope)
    accepted = headers.get("accept-encoding", "").lower()
    return (
        scope["method"] in ("GET", "HEAD")
        and "gzip" in accepted
        and GZIP_REFUSED.search(accepted) is None
        and not {"range", "if-none-match", "if-modified-since"} & set(headers.keys())
    )


async def _complete(app: ASGIApp, scope: Scope) -> _Response:
    """The application's whole response, even if the visitor has left: it is kept for all others.

    Starlette ends a response early once `receive` says that the client is gone.
    """
    messages: list[Message] = []

    async def receive() -> Message:
        return await asyncio.get_running_loop().create_future()  # nothing ever comes

    async def collect(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, collect)
    return _Response(messages[0], b"".join(message.get("body", b"") for message in messages[1:]))


def _compressed(response: _Response) -> _Response:
    body = gzip.compress(response.body, LEVEL, mtime=0)
    headers = MutableHeaders(raw=list(response.start["headers"]))
    headers["content-encoding"] = "gzip"
    headers["content-length"] = str(len(body))
    headers.add_vary_header("Accept-Encoding")
    if "etag" in headers:
        headers["etag"] = "W/" + headers["etag"].removeprefix("W/")  # other bytes than those of the file
    return _Response({**response.start, "headers": headers.raw}, body)


def _with_vary(send: Send) -> Send:
    """Say in the response that it depends on what the browser accepts."""

    async def changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(raw=message["headers"]).add_vary_header("Accept-Encoding")
        await send(message)

    return changed
