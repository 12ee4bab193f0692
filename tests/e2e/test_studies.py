"""The Studies page in a real browser, with a tiny teacher: a grid is started, fills, and has results."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest

from fairkd import studies
from tests.e2e.conftest import OpenPage, settled, sync_api
from tests.e2e.test_distill import NOUNS, QUICK

expect = sync_api.expect
LONG = 300_000  # milliseconds: two processes start, import torch, train and measure


def test_a_study_is_started_fills_and_shows_its_results(
    open_page: OpenPage,
    app_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tiny_folder: Callable[[str], Path],
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("\n".join(f"the {one} said that he is a {two}." for one in NOUNS for two in NOUNS))
    grid = {
        "variants": {"plain": {"preset": "plain"}, "fair": {"preset": "fair"}},
        "seeds": "0",
        "budget": {"steps": 3},
        "shared": {"corpus.source": str(text), "student.layers": [0], **QUICK},
    }
    tiny = str(tiny_folder("bert"))
    page = open_page(f"/studies?{urlencode({'teacher': tiny, 'student': tiny, 'grid': json.dumps(grid)})}")
    expect(page.get_by_role("table", name="variants by seeds")).to_be_visible()
    page.get_by_role("button", name="Start 2 runs").click()
    expect(page).to_have_url(re.compile(r"study=\w+"), timeout=LONG)
    page.reload()  # the study is in the address
    for name in ("plain, seed 0", "fair, seed 0"):
        expect(page.get_by_role("button", name=re.compile(f"^{name}: finished"))).to_be_visible(timeout=LONG)
    settled(page)
    assert page.locator("[data-testid=stAlertContentError], [data-testid=stException]").count() == 0
    monkeypatch.setenv("FAIRKD_HOME", str(app_home))
    [record] = studies.all_studies()
    studies.delete(record.id)


def test_a_run_is_reached_by_arrow_keys_and_leads_back(open_page: OpenPage, study: str) -> None:
    page = open_page(f"/studies?study={study}")
    page.get_by_role("button", name=re.compile("^plain, seed 0: ")).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name=re.compile("^fair, seed 1: "))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="fair, seed 1")).to_be_visible()
    page.get_by_role("link", name="Study: A study").click()
    expect(page.get_by_role("heading", name="A study", exact=True)).to_be_visible()
