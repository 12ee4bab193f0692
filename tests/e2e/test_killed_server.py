"""The dashboard's server is killed while a run that was started in it trains: the run goes on."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest

from fairkd import runs
from fairkd.runs import events
from tests.e2e.conftest import dashboard, sync_api
from tests.tiny import SENTENCES

STEPS = 300  # some seconds, in which the server is killed
LONG = 300.0  # seconds: processes start, import torch, train and measure, on a busy machine perhaps


def the_run(wanted: Callable[[runs.Run], bool]) -> runs.Run:
    """The only run of this home, as soon as it is as wanted."""
    until = time.monotonic() + LONG
    while True:
        found = runs.all_runs()
        if found and wanted(found[0]):
            assert len(found) == 1
            return found[0]
        assert time.monotonic() < until, found
        time.sleep(0.1)


def test_a_run_survives_the_server_that_started_it(
    browser: sync_api.Browser,
    tiny_folder: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, text, tiny = tmp_path / "home", tmp_path / "text.txt", str(tiny_folder("bert"))
    monkeypatch.setenv("FAIRKD_HOME", str(home))
    text.write_text("\n".join(SENTENCES))
    changes = {
        "": {
            "corpus.source": str(text),
            "threads": 1,
            "budget.steps": STEPS,
            "evaluation.sentences": 20,
            "log_every": 1,
        }
    }
    link = urlencode({"teacher": tiny, "student": tiny, "variants": "plain", "set": json.dumps(changes)})
    with dashboard(home, tmp_path / "log.txt") as (url, server):
        page = browser.new_page()
        page.set_default_timeout(1000 * LONG)
        page.goto(f"{url}/distill?{link}")
        page.get_by_role("button", name=re.compile("Start plain")).click()
        before = the_run(lambda run: run.state == "running" and run.step > 0)
        server.kill()
        server.wait()
        page.close()
    after = the_run(lambda run: run.state not in ("queued", "running"))
    assert (after.state, after.step) == ("finished", STEPS) and before.step < STEPS
    happened, _ = events.read(after)
    assert [event["type"] for event in happened].count("start") == 1, "it was never begun again"
    with dashboard(home, tmp_path / "again.txt") as (url, _):
        page = browser.new_page()
        page.set_default_timeout(1000 * LONG)
        page.goto(f"{url}/runs?run={after.id}")
        sync_api.expect(page.locator(".stMarkdownBadge").filter(has_text="finished")).to_be_visible()
        page.close()
