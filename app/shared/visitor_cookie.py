"""The cookie that tells visitors of a shared dashboard apart, and the presenter's way in.

Streamlit's session ends when the page is loaded again, so it cannot say whose a run is. The presenter opens a
link with `?token=` once. It is answered with a cookie and the address without the token, so that no script of
a page, no history and no other server ever sees it.
"""

from __future__ import annotations

import hmac
import re
import secrets
from urllib.parse import quote, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.shared.visitor import COOKIE, PROOF, hosting

TOKEN = "token"  # a parameter of the address
KEPT = 90 * 24 * 3600  # seconds that a browser keeps the visitor's cookie
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")  # what `secrets.token_urlsafe` makes of 32 bytes


class VisitorCookie:
    """ASGI middleware that gives each browser a cookie of its own, where the dashboard is shared.

    Scripts cannot read the cookie, other sites cannot send it, and over HTTPS it is never sent in the clear.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _opens_page(request := Request(scope)) or not hosting().shared:
            await self._app(scope, receive, send)
            return
        cookie = request.cookies.get(COOKIE, "")
        if known := _VALUE.fullmatch(cookie) is not None:
            made = Response()
        else:
            cookie = secrets.token_urlsafe(32)
            made = _with_cookie(Response(), request, COOKIE, cookie, max_age=KEPT)
        if TOKEN in request.query_params:
            await _enter(request, cookie, made)(scope, receive, send)
        elif known:
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send, made))


def _opens_page(request: Request) -> bool:
    """Whether a browser loads a page, and not one of its files."""
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


def _enter(request: Request, cookie: str, made: Response) -> Response:
    """The way to the address without its token, with a proof if the token was right."""
    rest = [(name, value) for name, value in request.query_params.multi_items() if name != TOKEN]
    # One slash at the front: with two, the browser would take what follows for another server.
    address = "/" + quote(request.scope["path"].lstrip("/")) + (f"?{urlencode(rest)}" if rest else "")
    response = RedirectResponse(
        address, status_code=303, headers={"cache-control": "no-store", "referrer-policy": "no-referrer"}
    )
    response.raw_headers.extend(_cookies(made))
    host = hosting()
    if host.token and hmac.compare_digest(host.token.encode(), request.query_params[TOKEN].encode()):
        _with_cookie(response, request, PROOF, host.proof(cookie))
    return response


def _with_cookie(
    response: Response, request: Request, name: str, value: str, *, max_age: int | None = None
) -> Response:
    """The response with a cookie; without `max_age` the browser forgets it when it is closed."""
    secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
    response.set_cookie(name, value, max_age=max_age, httponly=True, samesite="lax", secure=secure)
    return response


def _cookies(response: Response) -> list[tuple[bytes, bytes]]:
    return [header for header in response.raw_headers if header[0] == b"set-cookie"]


def _with_headers(send: Send, made: Response) -> Send:
    async def changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            for _, value in _cookies(made):
                headers.append("set-cookie", value.decode("latin-1"))
        await send(message)

    return changed
