"""The cookie of a visitor and the presenter's way in, over HTTP."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from app.shared.visitor import hosting
from app.shared.visitor_cookie import VisitorCookie

TOKEN = "a-token-of-this-class"
PAGE = {"accept": "text/html,*/*"}
KNOWN = "fairkd_visitor=" + "x" * 43


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"page"})


def ask(path: str = "/", query: str = "", method: str = "GET", **headers: str) -> tuple[int, Headers]:
    """Status and headers of what is answered."""
    sent: list[Message] = []
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "scheme": "http",
        "server": ("127.0.0.1", 8501),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in (PAGE | headers).items()
        ],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    with ThreadPoolExecutor(1) as pool:  # Playwright's event loop may run in this thread
        pool.submit(asyncio.run, VisitorCookie(page)(scope, receive, send)).result()
    return sent[0]["status"], Headers(raw=sent[0]["headers"])


@pytest.fixture
def class_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRKD_MODE", "class")
    monkeypatch.setenv("FAIRKD_PRESENTER_TOKEN", TOKEN)


@pytest.mark.usefixtures("class_mode")
def test_a_browser_gets_one_cookie_that_scripts_and_other_sites_cannot_use() -> None:
    status, headers = ask()
    (cookie,) = headers.getlist("set-cookie")
    assert status == 200
    assert re.match(r"fairkd_visitor=[A-Za-z0-9_-]{43}; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax$", cookie)
    assert ask()[1]["set-cookie"] != cookie
    assert "set-cookie" not in ask(cookie=KNOWN)[1]
    assert "set-cookie" in ask(cookie="fairkd_visitor=short")[1]
    assert "set-cookie" not in ask("/static/js/index.js", accept="*/*")[1]
    assert "set-cookie" not in ask(method="POST")[1]
    assert "; Secure" in ask(x_forwarded_proto="https")[1]["set-cookie"]


def test_a_dashboard_of_one_person_sets_no_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAIRKD_MODE", raising=False)
    assert "set-cookie" not in ask()[1] and ask(query="token=x")[0] == 200


@pytest.mark.usefixtures("class_mode")
def test_the_presenters_link_leads_to_the_page_without_the_token() -> None:
    status, headers = ask("/base/runs", f"run=1&token={TOKEN}&x=%26", cookie=KNOWN)
    assert (status, headers["location"]) == (303, "/base/runs?run=1&x=%26")
    (proof,) = headers.getlist("set-cookie")
    value = proof.partition(";")[0].removeprefix("fairkd_presenter=")
    assert hosting().is_presenter("x" * 43, value) and "Max-Age" not in proof and "HttpOnly" in proof
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
    # A browser that has no cookie yet gets both.
    visitor, proof = ask(query=f"token={TOKEN}")[1].getlist("set-cookie")
    cookie, shown = (one.partition(";")[0].partition("=")[2] for one in (visitor, proof))
    assert hosting().is_presenter(cookie, shown)


@pytest.mark.usefixtures("class_mode")
@pytest.mark.parametrize("token", ["", "a-token-of-that-class", "%C3%A9"])
def test_a_wrong_token_leads_to_the_page_without_a_proof(token: str) -> None:
    status, headers = ask(query=f"token={token}", cookie=KNOWN)
    assert status == 303 and headers["location"] == "/" and "set-cookie" not in headers


@pytest.mark.usefixtures("class_mode")
@pytest.mark.parametrize("path", ["//other.example", "/\\other.example", "///other.example/x"])
def test_the_way_without_the_token_stays_on_this_server(path: str) -> None:
    location = ask(path, f"token={TOKEN}")[1]["location"]
    assert re.match(r"/[^/\\]", location)
