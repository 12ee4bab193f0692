"""Time the pages in a real browser.

    python -m benchmarks.pages [--sentences 20] [--starts 5]

It starts the dashboard with the embedded models and measures, by the browser's clock,

* from the command to the first figure on the front page, several times, with a warm disk from the second
  time on; and immediately from there to the default Gaps page, before its gaps are measured in advance;
* from Enter to the redrawn figures and metrics, for new sentences;
* from the click on the page's name to the default Gaps page after those sentences, during which its gaps
  were measured in advance; and again;
* from Enter to the redrawn figures while a run trains in the background, in its own home folder.

For comparison it prints the time of a request to the server's health page. It needs Chromium and Playwright
(requirements-dev.txt).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
NOUNS = [
    "bread",
    "water",
    "tea",
    "coffee",
    "iron",
    "paper",
    "glass",
    "wood",
    "sugar",
    "salt",
    "rice",
    "oil",
    "gold",
    "silver",
    "wool",
    "cotton",
    "stone",
    "sand",
    "snow",
    "ice",
]

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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sentences", type=int, default=20)
    parser.add_argument("--starts", type=int, default=5)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("This benchmark needs chromium on the path.")
    nouns = NOUNS[: options.sentences]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        starts = [_start(browser) for _ in range(options.starts)]
        _report("first chart after the command", [chart for chart, _ in starts])
        _report("default Gaps page, at once", [gaps for _, gaps in starts])
        with _dashboard() as url:
            page = _front_page(browser, url)
            _settle(page)
            _report("a changed sentence redrawn", [_change(page, noun) for noun in nouns])
            print(f"a health request: {1000 * _health(url):.1f} ms (median of 20)")
            _report("default Gaps page, after these sentences", [_open_gaps(page)])
            _report("default Gaps page, again, same tab", [_back_to_gaps(page) for _ in range(5)])
            tabs = [_open_gaps(_front_page(browser, url)) for _ in range(5)]
            _report("default Gaps page, again, new tab", tabs)
        with tempfile.TemporaryDirectory() as home, _training(home), _dashboard(home) as url:
            page = _front_page(browser, url)
            _settle(page)
            _report("a changed sentence during a run", [_change(page, noun) for noun in nouns])
        browser.close()


def _report(what: str, seconds: list[float]) -> None:
    each = f" (median of {', '.join(f'{one:.2f}' for one in seconds)})" if len(seconds) > 1 else ""
    print(f"{what}: {statistics.median(seconds):.2f} s{each}", flush=True)


@contextmanager
def _training(home: str) -> Iterator[None]:
    """A run in the background; its text is generated, so that nothing is downloaded."""
    text = Path(home) / "text.txt"
    text.write_text("\n".join(f"The {noun} of number {n} was here." for noun in NOUNS for n in range(200)))
    fairkd = [sys.executable, "-m", "fairkd", "runs"]
    environment = {**os.environ, "FAIRKD_HOME": home}

    def call(*arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [*fairkd, *arguments, "--json"], env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE
        )
        return dict(json.loads(done.stdout))

    settings = [f"corpus.source={text}", "budget.minutes=60"]
    id = call("submit", "--preset", "fair", *(part for one in settings for part in ("--set", one)))["id"]
    try:
        until = time.monotonic() + 300
        while not call("show", id)["step"]:
            if time.monotonic() > until:
                sys.exit("The run did not start within five minutes.")
            time.sleep(1)
        yield
    finally:
        subprocess.run([*fairkd, "cancel", id], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
        while call("show", id)["state"] in ("running", "cancelling"):
            time.sleep(0.5)


@contextmanager
def _dashboard(home: str | None = None) -> Iterator[str]:
    """The address of a new server; `home` is the folder of its runs."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless=true"]
    server = subprocess.Popen(
        [*command, f"--server.port={port}"],
        cwd=ROOT,
        env={**os.environ, **({"FAIRKD_HOME": home} if home else {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"{url}/_stcore/health")
        yield url
    finally:
        server.terminate()
        server.wait()


def _start(browser: Browser) -> tuple[float, float]:
    """Seconds from the command to the first figure, and from there to the default Gaps page.

    There is no time to measure gaps in advance.
    """
    begin = time.perf_counter()
    with _dashboard() as url:
        page = _front_page(browser, url)
        chart = time.perf_counter() - begin
        gaps = _open_gaps(page)
        page.close()
    return chart, gaps


def _front_page(browser: Browser, url: str) -> Page:
    """A new tab with the front page and its first figure."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url)
    page.get_by_role("option").first.wait_for(timeout=60_000)
    return page


def _back_to_gaps(tab: Page) -> float:
    """Seconds to the default Gaps page after a visit to the front page."""
    tab.get_by_role("link", name="Predictions").click()
    tab.get_by_role("option").first.wait_for(timeout=60_000)
    _settle(tab)
    return _open_gaps(tab)


def _open_gaps(tab: Page) -> float:
    """Seconds from the click on the page's name to its first figure."""
    tab.wait_for_timeout(100)
    tab.evaluate(GAPS_STOPWATCH)
    tab.get_by_role("link", name="Gaps").click()
    tab.wait_for_function("window.drawn", timeout=120_000)
    return float(tab.evaluate("window.drawn")) / 1000


def _change(page: Page, noun: str) -> float:
    """Seconds from Enter to the last change of both figures and the metrics."""
    box = page.get_by_role("textbox", name="Sentence")
    box.fill(f"A bit of {noun} is a [MASK].")
    page.evaluate(STOPWATCH)
    box.press("Enter")
    page.get_by_role("option", name=noun).first.wait_for(timeout=10_000)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=10_000)
    _settle(page)
    return float(page.evaluate("window.changed - window.entered")) / 1000


def _settle(page: Page) -> None:
    page.wait_for_timeout(700)


def _health(url: str) -> float:
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        urllib.request.urlopen(f"{url}/_stcore/health", timeout=5).read()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def _wait(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=2).read()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit("The dashboard did not start within a minute.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
