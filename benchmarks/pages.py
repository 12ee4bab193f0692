"""Time the pages in a real browser, on their own or beside another checkout.

    python -m benchmarks.pages [--sentences 20] [--starts 5] [--against CHECKOUT]

It starts the dashboard with the embedded models and measures, by the browser's clock,

* from the command to the first figure on the front page, several times, with a warm disk from the second
  time on; and immediately on to the default Gaps page, before its gaps are measured in advance;
* bytes on the wire of a first visit to each page;
* from Enter to the redrawn figures and measures, for new sentences, with the server's processor time and its
  messages for each;
* from the click on the page's name to the default Gaps page after those sentences, and again;
* the server's share of a core while a run's page is open (`benchmarks.live_run`; this checkout alone);
* from Enter to the redrawn figures while a run trains in the background, in its own home folder.

With `--against` both checkouts take turns in every measurement, and the table has the ratio of their medians:
this one's divided by the other's. Of two servers only one works at a time.

For comparison it prints the time of a request to the server's health page. It needs Chromium and Playwright
(requirements-dev.txt).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks.browsing import (
    Server,
    bytes_of,
    change_sentence,
    dashboard,
    front_page,
    seconds_back_to_gaps,
    seconds_to_gaps,
)
from benchmarks.live_run import live_run_shares

ROOT = Path(__file__).parents[1]
PATHS = ("/", "/gaps", "/distill", "/runs")
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

Values = dict[Path, list[float]]  # of each checkout


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sentences", type=int, default=20)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--against", type=Path, help="another checkout, such as one of an earlier commit")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("This benchmark needs chromium on the path.")
    checkouts = [ROOT] + ([options.against.resolve()] if options.against else [])
    nouns = NOUNS[: options.sentences]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        homes = {checkout: f"{folder}/{number}" for number, checkout in enumerate(checkouts)}
        _starts(browser, homes, options.starts)
        with _servers(homes) as servers:
            _wire(browser, servers)
            _sentences(browser, servers, nouns, "a changed sentence redrawn")
            health = {checkout: [server.health()] for checkout, server in servers.items()}
            _report("a health request", health, digits=4)
            _gaps(browser, servers)
        for line in live_run_shares(browser):
            print(line, flush=True)
        with _training(folder), _servers(homes) as servers:
            _sentences(browser, servers, nouns, "a changed sentence during a run")
        browser.close()


def _report(what: str, values: Values, *, unit: str = "s", digits: int = 2) -> None:
    """The medians, and with two checkouts the ratio of the first to the second."""
    medians = [statistics.median(each) for each in values.values()]
    line = f"{what}: {medians[0]:.{digits}f} {unit}"
    if len(medians) == 2:
        line += f"; the other: {medians[1]:.{digits}f} {unit}; ratio {medians[0] / medians[1]:.2f}"
    print(line, flush=True)
    if max(map(len, values.values())) > 1:
        for each in values.values():
            print("   ", " ".join(f"{one:.{digits}f}" for one in each), flush=True)


@contextmanager
def _servers(homes: dict[Path, str]) -> Iterator[dict[Path, Server]]:
    with ExitStack() as stack:
        yield {
            checkout: stack.enter_context(dashboard(checkout, home=home)) for checkout, home in homes.items()
        }


def _starts(browser: Browser, homes: dict[Path, str], rounds: int) -> None:
    """From the command to the first figure, and at once on to the Gaps page."""
    charts: Values = defaultdict(list)
    gaps: Values = defaultdict(list)
    for _ in range(rounds):
        for checkout, home in homes.items():
            begin = time.perf_counter()
            with dashboard(checkout, home=home) as server:
                tab = front_page(browser, server)
                charts[checkout].append(time.perf_counter() - begin)
                seconds_to_gaps(tab)
                gaps[checkout].append(time.perf_counter() - begin)
                tab.page.close()
    _report("first chart after the command", charts)
    _report("default Gaps page after the command, by way of that chart", gaps)


def _wire(browser: Browser, servers: dict[Path, Server]) -> None:
    for path in PATHS:
        sizes = {checkout: [bytes_of(browser, server, path) / 1e6] for checkout, server in servers.items()}
        _report(f"first visit to {path}", sizes, unit="MB")


def _sentences(browser: Browser, servers: dict[Path, Server], nouns: list[str], what: str) -> None:
    tabs = {checkout: front_page(browser, server) for checkout, server in servers.items()}
    for server in servers.values():
        server.wait_until_quiet()
    seconds: Values = defaultdict(list)
    cpu: Values = defaultdict(list)
    messages: Values = defaultdict(list)
    for noun in nouns:
        for checkout, tab in tabs.items():
            tab.page.bring_to_front()
            change = change_sentence(servers[checkout], tab, noun)
            seconds[checkout].append(change.seconds)
            cpu[checkout].append(change.cpu_seconds)
            messages[checkout].append(change.messages)
    for tab in tabs.values():
        tab.page.close()
    _report(what, seconds)
    _report("    processor time of the server", cpu)
    _report("    messages", messages, unit="messages", digits=0)


def _gaps(browser: Browser, servers: dict[Path, Server]) -> None:
    first: Values = defaultdict(list)
    same: Values = defaultdict(list)
    new: Values = defaultdict(list)
    for checkout, server in servers.items():
        tab = front_page(browser, server)
        first[checkout].append(seconds_to_gaps(tab))
        same[checkout] += [seconds_back_to_gaps(tab) for _ in range(5)]
        tab.page.close()
        for _ in range(5):
            tab = front_page(browser, server)
            new[checkout].append(seconds_to_gaps(tab))
            tab.page.close()
    _report("default Gaps page, after these sentences", first)
    _report("default Gaps page, again, same tab", same)
    _report("default Gaps page, again, new tab", new)


@contextmanager
def _training(folder: str) -> Iterator[None]:
    """A run in the background; its text is generated, so that nothing is downloaded."""
    text = Path(folder) / "text.txt"
    text.write_text("\n".join(f"The {noun} of number {n} was here." for noun in NOUNS for n in range(200)))
    fairkd = [sys.executable, "-m", "fairkd", "runs"]
    environment = {**os.environ, "FAIRKD_HOME": f"{folder}/runs"}

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


if __name__ == "__main__":
    main()
