"""The front end's files as the real server sends them."""

from __future__ import annotations

import gzip
import re
import urllib.error
import urllib.request
from email.message import Message

import pytest


def ask(url: str, method: str = "GET", **headers: str) -> tuple[int, Message, bytes]:
    """Status, headers and body; `urllib` decodes nothing by itself."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method, headers=named)) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


@pytest.fixture(scope="module")
def script(app_url: str) -> str:
    """The address of the front end's first script."""
    _, _, page = ask(app_url)
    found = re.search(r'src="\.(/static/js/index\.[^"]+\.js)"', page.decode())
    assert found
    return app_url + found[1]


def test_a_script_arrives_compressed_and_whole(script: str) -> None:
    _, plain_headers, plain = ask(script)
    status, headers, body = ask(script, accept_encoding="gzip")
    assert status == 200 and gzip.decompress(body) == plain and len(body) < len(plain) / 3
    assert headers["content-encoding"] == "gzip" and plain_headers["content-encoding"] is None
    assert int(headers["content-length"]) == len(body)
    assert headers["vary"] == plain_headers["vary"] == "Accept-Encoding"
    assert "immutable" in headers["cache-control"]


def test_a_script_that_the_browser_has_is_not_sent_again(script: str) -> None:
    _, headers, _ = ask(script, accept_encoding="gzip")
    status, _, body = ask(script, accept_encoding="gzip", if_none_match=headers["etag"])
    assert status == 304 and body == b""


def test_a_part_of_a_script_is_a_part_of_the_file_itself(script: str) -> None:
    _, _, plain = ask(script)
    status, headers, body = ask(script, accept_encoding="gzip", range="bytes=10-19")
    assert status == 206 and body == plain[10:20] and headers["content-encoding"] is None


def test_head_says_what_get_sends(script: str) -> None:
    _, of_get, _ = ask(script, accept_encoding="gzip")
    status, headers, body = ask(script, "HEAD", accept_encoding="gzip")
    assert status == 200 and body == b""
    for name in ("content-length", "content-encoding", "etag", "vary", "cache-control"):
        assert headers[name] == of_get[name]
