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
from tests import ROOT

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
Kind = tuple[int, int, str, bool]  # width, height, colour scheme, whether it is touched


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def app_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the dashboard keeps its runs."""
    return tmp_path_factory.mktemp("home")


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
def contexts(browser: sync_api.Browser) -> dict[Kind, sync_api.BrowserContext]:
    """One browser context per kind of screen, so that pages share the browser cache."""
    return {}


@pytest.fixture
def open_page(
    app_url: str,
    browser: sync_api.Browser,
    contexts: dict[Kind, sync_api.BrowserContext],
) -> Iterator[OpenPage]:
    """`open_page("/?k=3", viewport=PHONE, color_scheme="dark")` opens it and waits until it is drawn."""
    pages: list[sync_api.Page] = []

    def open_(
        path: str = "/", *, viewport: dict | None = None, color_scheme: str = "light", touch: bool = False
    ) -> sync_api.Page:
        size = viewport or DESKTOP
        key = (size["width"], size["height"], color_scheme, touch)
        if key not in contexts:
            contexts[key] = browser.new_context(
                viewport=size,
                color_scheme=color_scheme,
                has_touch=touch,
                accept_downloads=True,
                locale="en-GB",
            )
            # Nobody is here for the first time, except in `test_tour.py`.
            contexts[key].add_cookies([{"name": COOKIE, "value": ENDED, "url": app_url}])
        page = contexts[key].new_page()
        pages.append(page)
        page.set_default_timeout(90_000)
        page.goto(app_url + path)
        page.get_by_role("heading", level=2).first.wait_for()
        settled(page)
        return page

    yield open_
    for page in pages:
        page.close()


def settled(page: sync_api.Page) -> None:
    """Wait until the page's script has finished."""
    page.wait_for_timeout(150)
    app = page.get_by_test_id("stApp")
    sync_api.expect(app).to_have_attribute(
        "data-test-script-state", re.compile("notRunning|initial"), timeout=120_000
    )
