"""A real server and a real browser for the end-to-end tests, one of each for the whole session.

`app_url` is the address of the dashboard on a free local port. `open_page(path, ...)` opens a page of it and
returns when it is drawn. Nothing leaves the machine.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.components.tour import COOKIE, ENDED
from fairkd import studies
from fairkd.runs import State, store
from fairkd.runs.lock import RunnerLock
from tests import ROOT
from tests.app.some_studies import add_study

sync_api = pytest.importorskip("playwright.sync_api")

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# Usually this takes milliseconds, but a busy machine with few cores is slow.
sync_api.expect.set_options(timeout=60_000)

OpenPage = Callable[..., "sync_api.Page"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def app_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the dashboard keeps its runs."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def home(app_home: Path) -> Iterator[Path]:
    """The same folder, for what a module's fixtures lay down in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAIRKD_HOME", str(app_home))
        yield app_home


@pytest.fixture(scope="module")
def study(home: Path) -> Iterator[str]:
    """The id of a study with runs in several states, which is gone after the tests."""
    store.make_home()
    held = _runner_lock()  # so the server starts no runner while the runs are queued
    states: dict[tuple[str, int], State] = {
        ("plain", 0): "finished",
        ("fair", 0): "finished",
        ("plain", 1): "failed",
        ("fair", 1): "cancelled",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fairkd.runs.supervision.ensure_runner", lambda: None)
        record = add_study(states, seeds=(0, 1))
    held.release()
    yield record.id
    studies.delete(record.id)


def _runner_lock() -> RunnerLock:
    """The lock of this home's runner; that of an earlier test may need some seconds to end."""
    until = time.monotonic() + 120
    while (held := RunnerLock.acquire()) is None:
        assert time.monotonic() < until, "the runner of an earlier test goes on"
        time.sleep(0.2)
    return held


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory, app_home: Path) -> Iterator[str]:
    """The address of the dashboard."""
    with dashboard(app_home, tmp_path_factory.mktemp("server") / "log.txt") as (url, _):
        yield url


@contextmanager
def dashboard(
    home: Path, log: Path, *, base: str = "", **variables: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The server as `streamlit run streamlit_app.py` starts it, on a free port: address and process.

    `base` is the path below which it is served.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless=true"]
    command += ["--server.address=127.0.0.1", f"--server.port={port}", f"--server.baseUrlPath={base}"]
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "HF_HUB_OFFLINE": "1",
                "FAIRKD_HOME": str(home),
                "FAIRKD_STANDBY": "0",
                **variables,
            },
        )
        url = f"http://127.0.0.1:{port}/{base}".rstrip("/")
        try:
            _wait_until_healthy(url, server, log)
            yield url, server
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"The server did not start:\n{log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def browser() -> Iterator[sync_api.Browser]:
    """The installed Chromium, headless."""
    path = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=_QUIET)
        yield started
        started.close()


@pytest.fixture(scope="session")
def idle_pages() -> dict[bool, list[sync_api.Page]]:
    """Pages that no test uses, by whether they are touched.

    A page keeps the compiled scripts, so a visit in one takes a third of the time of one in a new page.
    """
    return {False: [], True: []}


@pytest.fixture
def open_page(
    app_url: str, browser: sync_api.Browser, idle_pages: dict[bool, list[sync_api.Page]]
) -> Iterator[OpenPage]:
    """`open_page("/?k=3", viewport=PHONE, color_scheme="dark")` opens it and waits until it is drawn."""
    used: list[tuple[bool, sync_api.Page]] = []

    def open_(
        path: str = "/", *, viewport: dict | None = None, color_scheme: str = "light", touch: bool = False
    ) -> sync_api.Page:
        page = idle_pages[touch].pop() if idle_pages[touch] else _new_page(browser, app_url, touch=touch)
        used.append((touch, page))
        page.set_viewport_size(viewport or DESKTOP)
        page.emulate_media(color_scheme=color_scheme)
        page.goto(app_url + path)
        page.get_by_role("heading", level=2).first.wait_for()
        settled(page)
        return page

    yield open_
    for touch, page in used:
        page.mouse.move(0, 0)
        page.goto("about:blank")  # its session ends, and a live page asks for nothing any more
        idle_pages[touch].append(page)


def _new_page(browser: sync_api.Browser, url: str, *, touch: bool) -> sync_api.Page:
    context = browser.new_context(has_touch=touch, locale="en-GB", reduced_motion="reduce")
    # Nobody is here for the first time, except in `test_tour.py`.
    context.add_cookies([{"name": COOKIE, "value": ENDED, "url": url}])
    page = context.new_page()
    page.set_default_timeout(90_000)
    return page


def settled(page: sync_api.Page) -> None:
    """Wait until the page's script has finished."""
    page.wait_for_timeout(150)
    app = page.get_by_test_id("stApp")
    sync_api.expect(app).to_have_attribute(
        "data-test-script-state", re.compile("notRunning|initial"), timeout=300_000
    )
