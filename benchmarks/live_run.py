"""How much of a core the server uses while a run trains: with its page open, hidden, and without a tab.

    python -m benchmarks.live_run [--seconds 30]

The run is an example's recording, played again with a new step every few seconds, so nothing else computes.
`benchmarks.pages` prints the same figures. It needs Chromium and Playwright (requirements-dev.txt).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.browsing import Server, dashboard
from fairkd import runs
from fairkd.distill import make_config
from fairkd.runs import Session

ROOT = Path(__file__).parents[1]
SECONDS_PER_STEP_EVENT = 5.0  # a run on two cores logs every quarter of a minute
STEPS = 20  # between two training events; an evaluation follows every fourth

# What a tab in the background reports. A headless browser has no other way to hide one.
HIDE = """() => {
  Object.defineProperty(document, "hidden", { value: true, configurable: true })
  Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true })
  document.dispatchEvent(new Event("visibilitychange"))
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("This benchmark needs chromium on the path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for line in live_run_shares(browser, seconds=options.seconds):
            print(line, flush=True)
        browser.close()


def live_run_shares(browser: Browser, *, checkout: Path = ROOT, seconds: float = 30) -> Iterator[str]:
    """A line for each way of looking at a run that trains, with the server's share of a core."""
    with tempfile.TemporaryDirectory() as home, _training(home) as id, dashboard(checkout, home) as server:
        _open(browser, server, id).close()
        server.wait_until_quiet()  # a first visit starts measurements in advance
        page = _open(browser, server, id)
        yield f"a live run's page, looked at: {_share(server, page, seconds):.1%} of a core"
        page.evaluate(HIDE)
        yield f"    in a hidden tab: {_share(server, page, seconds):.1%} of a core"
        page.close()
        page = browser.new_page()
        page.goto(f"{server.url}/runs")
        page.get_by_role("heading", name="Runs", exact=True).wait_for(timeout=120_000)
        yield f"the list of runs, looked at: {_share(server, page, seconds):.1%} of a core"
        page.close()
        yield f"no tab open: {_share(server, None, seconds):.1%} of a core"


def _open(browser: Browser, server: Server, id: str) -> Page:
    """A tab with the run's page, once its first chart is drawn."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{server.url}/runs?run={id}")
    page.locator(f".st-key-loss_{id} .js-plotly-plot").wait_for(timeout=120_000)
    return page


def _share(server: Server, page: Page | None, seconds: float) -> float:
    """The server's processor time divided by the time that passes, once it has drawn everything."""
    server.wait_until_quiet() if page is None else page.wait_for_timeout(6000)
    begin, before = time.monotonic(), server.cpu_seconds()
    if page is None:
        time.sleep(seconds)
    else:
        page.wait_for_timeout(1000 * seconds)
    return (server.cpu_seconds() - before) / (time.monotonic() - begin)


@contextmanager
def _training(home: str) -> Iterator[str]:
    """A run that goes on until the context ends; its id."""
    held = os.environ.get("FAIRKD_HOME")
    os.environ["FAIRKD_HOME"] = home
    done = threading.Event()
    try:
        with runs.foreground(make_config({}), name="live") as session:
            _play(session, 0)
            player = threading.Thread(target=_keep_playing, args=(session, done), daemon=True)
            player.start()
            yield session.run.id
            done.set()
            player.join()
            session.emit({"type": "end", "state": "finished", "step": 0})
    finally:
        os.environ.pop("FAIRKD_HOME") if held is None else os.environ.update(FAIRKD_HOME=held)


def _keep_playing(session: Session, done: threading.Event) -> None:
    number = 1
    while not done.wait(SECONDS_PER_STEP_EVENT):
        _play(session, number)
        number += 1


def _play(session: Session, number: int) -> None:
    """The events of an example between two steps, at the steps of this run."""
    known = runs.events.read(runs.examples()[0])[0]
    trained = [event for event in known if event["type"] == "train"]
    measured = [event for event in known if event["type"] in ("evaluation", "watched_sentence")]
    steps = sorted({event["step"] for event in measured})
    if number == 0:
        for event in known:
            if event["type"] in ("start", "teacher") or event.get("model") == "teacher":
                session.emit(event)
        session.emit({"type": "phase", "phase": "training"})
    else:
        event = trained[min(number, len(trained)) - 1]
        session.emit({**event, "step": STEPS * number, "progress": 0.5, "time": time.time()})
    if number % 4 == 0:
        then = steps[min(number // 4, len(steps) - 1)]
        for event in measured:
            if event["step"] == then and event.get("model") != "teacher":
                session.emit({**event, "step": STEPS * number, "time": time.time()})


if __name__ == "__main__":
    main()
