"""A dashboard that several people share, in a real browser: a class, and a demo."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.shared.visitor import COOKIE
from fairkd import runs
from fairkd.runs import run_access, store
from fairkd.runs.lock import RunnerLock
from fairkd.utils import visitor_id
from tests.app.some_runs import add_run
from tests.e2e.conftest import dashboard, settled, sync_api

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

TOKEN = "a-token-of-this-class"
expect = sync_api.expect


def visit(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("heading", level=2).first.wait_for()
    settled(page)


def test_in_a_class_only_the_owner_and_the_presenter_can_cancel_a_run(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    store.make_home()
    held = RunnerLock.acquire()  # so the server starts no runner
    assert held is not None
    variables = {"FAIRKD_MODE": "class", "FAIRKD_PRESENTER_TOKEN": TOKEN}
    with dashboard(tmp_path / "home", tmp_path / "log.txt", **variables) as (url, _):
        owner, other = (browser.new_context().new_page() for _ in range(2))
        owner.goto(f"{url}/about")
        (cookie,) = [one for one in owner.context.cookies() if one["name"] == COOKIE]
        assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"
        id = add_run("one", "queued")
        content = {"visitor": visitor_id(cookie["value"]), "models": None, "text": None}
        (runs.get(id).folder / run_access.FILE).write_text(json.dumps(content))
        for page in (owner, other):
            visit(page, f"{url}/runs?run={id}")
        expect(owner.get_by_role("button", name="Cancel")).to_be_visible()
        expect(other.get_by_text("started by somebody else")).to_be_visible()
        expect(other.get_by_role("button", name="Cancel")).to_have_count(0)
        visit(other, f"{url}/runs?run={id}&token={TOKEN}")
        assert "token" not in other.url and f"run={id}" in other.url
        other.reload()
        expect(other.get_by_text("You are the presenter")).to_be_visible()
        settled(other)
        other.get_by_role("button", name="Cancel").click()
        expect(other.get_by_role("button", name="Resume")).to_be_visible()
        expect(owner.get_by_role("button", name="Resume")).to_be_visible()
        assert runs.get(id).state == "cancelled"
        for page in (owner, other):
            page.context.close()
    held.release()


def test_a_demo_predicts_below_a_path_and_starts_nothing(browser: Browser, tmp_path: Path) -> None:
    # Below a path, as behind a reverse proxy: that must change nothing.
    with dashboard(tmp_path / "home", tmp_path / "log.txt", base="fair/kd", FAIRKD_MODE="demo") as (url, _):
        page = browser.new_context().new_page()
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer))
        visit(page, f"{url}/?text=Milk+is+a+%5BMASK%5D.")
        expect(page.get_by_role("figure").first).to_be_visible()
        page.get_by_role("link", name="Runs").click()
        expect(page.get_by_text("Runs cannot be started on this server.")).to_be_visible()
        assert page.url.startswith(f"{url}/runs")
        (cookie,) = [one for one in page.context.cookies() if one["name"] == COOKIE]
        upload = urllib.request.Request(f"{url}/_stcore/upload_file/x/y", b"text", method="PUT")
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(upload)
        assert cookie["path"] == "/"
        assert [one.url for one in answers if one.status >= 400] == []
        scripts = [one for one in answers if "/fair/kd/static/" in one.url and one.url.endswith(".js")]
        assert scripts and {one.headers.get("content-encoding") for one in scripts} == {"gzip"}
        page.context.close()
