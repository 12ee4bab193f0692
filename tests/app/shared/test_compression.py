"""The front end's files over HTTP: compressed once, and otherwise as Streamlit sends them."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from app.shared.compression import CompressedFiles

Result = TypeVar("Result")

BODY = b"export const words = ['he', 'she'];" * 100
IMMUTABLE = "public, immutable, max-age=31536000"


class Server:
    """An application with one file, which counts how often it is asked."""

    def __init__(self, *, status: int = 200, cache_control: str = IMMUTABLE) -> None:
        self.asked: list[Scope] = []
        self._status = status
        self._cache_control = cache_control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope)
        headers = [
            (b"content-type", b"application/javascript"),
            (b"content-length", str(len(BODY)).encode()),
            (b"etag", b'"abc"'),
            (b"cache-control", self._cache_control.encode()),
        ]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": BODY[:1000], "more_body": True})
        await send({"type": "http.response.body", "body": BODY[1000:]})


def run(coroutine: Coroutine[None, None, Result]) -> Result:
    """What the coroutine returns.

    It runs in a thread of its own: after browser tests in the same process, Playwright's event loop runs in
    the main thread to the end of the session, and a second one is refused there.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


async def ask(
    app: CompressedFiles, path: str = "/static/js/index.A1.js", method: str = "GET", **headers: str
) -> tuple[int, Headers, bytes]:
    """Status, headers and body of a request."""
    asked = {"accept_encoding": "gzip, deflate, br", **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in asked.items()]
    answer: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        answer.append(message)

    await app({"type": "http", "path": path, "method": method, "headers": raw}, receive, send)
    body = b"".join(message.get("body", b"") for message in answer[1:])
    return answer[0]["status"], Headers(raw=answer[0]["headers"]), body


def test_a_visitor_who_leaves_during_the_first_download_spoils_it_for_nobody(tmp_path: Path) -> None:
    file = tmp_path / "index.js"
    file.write_bytes(BODY * 100)

    async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
        await FileResponse(file, headers={"cache-control": IMMUTABLE})(scope, receive, send)

    async def leave(app: CompressedFiles) -> None:
        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None: ...

        headers = [(b"accept-encoding", b"gzip")]
        scope = {"type": "http", "path": "/static/js/index.A1.js", "method": "GET", "headers": headers}
        await app(scope, receive, send)

    async def both() -> bytes:
        app = CompressedFiles(streamlit)
        await leave(app)
        return (await ask(app))[2]

    assert gzip.decompress(run(both())) == BODY * 100


def test_a_file_is_compressed_and_says_so() -> None:
    status, headers, body = run(ask(CompressedFiles(Server())))
    assert status == 200 and gzip.decompress(body) == BODY and len(body) < len(BODY) / 5
    assert headers["content-encoding"] == "gzip" and headers["vary"] == "Accept-Encoding"
    assert headers["content-length"] == str(len(body)) and headers["etag"] == 'W/"abc"'
    assert headers["cache-control"] == IMMUTABLE


def test_thirty_visitors_at_once_cost_one_compression() -> None:
    async def visit() -> set[bytes]:
        app = CompressedFiles(server)
        return {body for _, _, body in await asyncio.gather(*(ask(app) for _ in range(30)))}

    server = Server()
    assert len(run(visit())) == 1 and len(server.asked) == 1


def test_head_has_the_headers_of_get_and_no_body() -> None:
    async def both() -> None:
        app = CompressedFiles(Server())
        _, headers, body = await ask(app, method="HEAD")
        _, of_get, _ = await ask(app)
        assert headers == of_get and body == b""

    run(both())


@pytest.mark.parametrize("accepted", ["identity", "br, zstd", "gzip;q=0", "deflate, gzip; q=0.0, br", ""])
def test_a_client_that_refuses_gzip_gets_the_file_itself(accepted: str) -> None:
    _, headers, body = run(ask(CompressedFiles(Server()), accept_encoding=accepted))
    assert body == BODY and "content-encoding" not in headers
    assert headers["vary"] == "Accept-Encoding" and headers["etag"] == '"abc"'


@pytest.mark.parametrize("accepted", ["gzip;q=0.5", "br;q=0, gzip", "GZIP"])
def test_gzip_may_be_one_of_several(accepted: str) -> None:
    _, headers, _ = run(ask(CompressedFiles(Server()), accept_encoding=accepted))
    assert headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("header", ["range", "if_none_match", "if_modified_since"])
def test_parts_of_files_and_questions_for_a_change_reach_streamlit(header: str) -> None:
    server = Server()
    _, headers, _ = run(ask(CompressedFiles(server), **{header: "x"}))
    assert Headers(scope=server.asked[0])[header.replace("_", "-")] == "x"
    assert "content-encoding" not in headers


@pytest.mark.parametrize(
    "path",
    ["/", "/gaps", "/static/media/Sans.woff2", "/media/a.csv", "/_stcore/upload_file/x.js", "/index.js"],
)
def test_everything_else_passes_unchanged(path: str) -> None:
    _, headers, body = run(ask(CompressedFiles(Server()), path))
    assert body == BODY and "vary" not in headers and "content-encoding" not in headers


@pytest.mark.parametrize("server", [Server(cache_control="no-cache"), Server(status=404)])
def test_what_may_change_is_not_kept(server: Server) -> None:
    async def twice() -> None:
        app = CompressedFiles(server)
        for _ in range(2):
            _, headers, body = await ask(app)
            assert body == BODY and "content-encoding" not in headers

    run(twice())
    assert len(server.asked) == 2
