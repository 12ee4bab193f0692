"""The dashboard in a real browser, for `benchmarks.pages`: servers, pages, stopwatches."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, WebSocket

QUIET = 0.05  # cores; a server that uses less has nothing left to do

# From Enter to the last frame in which a figure or a measure changed.
STOPWATCH = """() => {
  const note = () => requestAnimationFrame(() => (window.changed = performance.now()))
  const parts = [...document.querySelectorAll("[data-testid=stMetric]")]
  for (const element of document.querySelectorAll("*")) {
    if (element.shadowRoot?.querySelector("svg")) parts.push(element.shadowRoot)
  }
  for (const part of parts) {
    new MutationObserver(note).observe(part, { subtree: true, childList: true, characterData: true })
  }
  const enter = event => event.key === "Enter" && (window.entered = performance.now())
  document.addEventListener("keydown", enter, { capture: true, once: true })
}"""

# From the click on the page's name to the first frame with a profession in the first figure.
GAPS_STOPWATCH = """() => {
  document.addEventListener("click", () => {
    const begin = performance.now()
    const named = element => element.shadowRoot?.querySelector("text.name")
    const drawn = () => [...document.querySelectorAll("*")].some(named)
    const look = () => (drawn() ? (window.drawn = performance.now() - begin) : requestAnimationFrame(look))
    requestAnimationFrame(look)
  }, { capture: true, once: true })
  window.drawn = null
}"""


@dataclass
class Tab:
    """A page of the dashboard in a tab of its own."""

    page: Page
    messages: int = 0  # received over the websocket

    def listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._count)

    def _count(self, _: object) -> None:
        self.messages += 1


@dataclass(frozen=True)
class Server:
    """A running dashboard."""

    url: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        used = self.process.cpu_times()
        return float(used.user + used.system)

    def wait_until_quiet(self, timeout: float = 120) -> None:
        """Wait until nothing is computed in advance any more, which would slow down another server."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            before = self.cpu_seconds()
            time.sleep(3)  # it waits for a moment before it computes in advance
            if self.cpu_seconds() - before < 3 * QUIET:
                return
        sys.exit("The dashboard did not become quiet.")

    def health(self) -> float:
        """The median seconds of twenty requests to the health page."""
        times = []
        for _ in range(20):
            begin = time.perf_counter()
            urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5).read()
            times.append(time.perf_counter() - begin)
        return statistics.median(times)


@contextmanager
def dashboard(checkout: Path, home: str) -> Iterator[Server]:
    """A new server of a checkout; `home` is the folder of its runs."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless=true"]
    server = subprocess.Popen(
        [*command, f"--server.port={port}", "--server.address=127.0.0.1"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout), "FAIRKD_HOME": home},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"{url}/_stcore/health")
        yield Server(url, psutil.Process(server.pid))
    finally:
        server.terminate()
        server.wait()


def front_page(browser: Browser, server: Server) -> Tab:
    """A new tab with the front page and its first figure, and an empty cache."""
    tab = Tab(browser.new_page(viewport={"width": 1440, "height": 900}))
    tab.page.on("websocket", tab.listen)
    tab.page.goto(server.url)
    _first_figure(tab.page)
    return tab


def seconds_back_to_gaps(tab: Tab) -> float:
    """Seconds to the default Gaps page after a visit to the front page."""
    tab.page.get_by_role("link", name="Predictions").click()
    _first_figure(tab.page)
    _settle(tab.page)
    return seconds_to_gaps(tab)


def seconds_to_gaps(tab: Tab) -> float:
    """Seconds from the click on the page's name to its first figure."""
    tab.page.wait_for_timeout(100)
    tab.page.evaluate(GAPS_STOPWATCH)
    tab.page.get_by_role("link", name="Gaps").click()
    tab.page.wait_for_function("window.drawn", timeout=120_000)
    return float(tab.page.evaluate("window.drawn")) / 1000


@dataclass(frozen=True)
class Change:
    """What a changed sentence costs."""

    seconds: float  # from Enter to the last change of figures and measures, by the browser's clock
    cpu_seconds: float  # of the server
    messages: int  # over the websocket


def change_sentence(server: Server, tab: Tab, noun: str) -> Change:
    """Type a sentence and wait until everything shows it."""
    page = tab.page
    box = page.get_by_role("textbox", name="Sentence", exact=True)
    page.evaluate(STOPWATCH)
    cpu, messages = server.cpu_seconds(), tab.messages
    box.fill(f"A bit of {noun} is a [MASK].")
    box.press("Enter")
    page.get_by_role("option", name=noun).first.wait_for(timeout=10_000)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=10_000)
    _settle(page)
    seconds = float(page.evaluate("window.changed - window.entered")) / 1000
    return Change(seconds, server.cpu_seconds() - cpu, tab.messages - messages)


def bytes_of(browser: Browser, server: Server, path: str) -> int:
    """Bytes on the wire of a first visit to a page, headers included, websocket excluded."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    total: list[float] = []
    session.on("Network.loadingFinished", lambda event: total.append(event["encodedDataLength"]))
    page.goto(server.url + path)
    page.get_by_role("heading").first.wait_for(timeout=60_000)
    seen = -1
    while seen < len(total):  # figures load their parts late
        seen = len(total)
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
        page.wait_for_timeout(2000)
    context.close()
    return round(sum(total))


def _first_figure(page: Page) -> None:
    page.get_by_role("option").first.wait_for(timeout=60_000)


def _settle(page: Page) -> None:
    page.wait_for_timeout(700)


def _wait(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=2).read()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    sys.exit("The dashboard did not start within a minute.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
