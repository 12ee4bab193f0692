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
from tests.e2e.test_distill import NOUNS

expect = sync_api.expect
LONG = 300_000  # milliseconds: four processes start, import torch, train and measure


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
        "seeds": "0-1",
        "budget": {"steps": 3},
        "shared": {"corpus.source": str(text), "student.layers": [0], "evaluation.professions": 8},
    }
    tiny = str(tiny_folder("bert"))
    page = open_page(f"/studies?{urlencode({'teacher': tiny, 'student': tiny, 'grid': json.dumps(grid)})}")
    expect(page.get_by_role("table", name="variants by seeds")).to_be_visible()
    page.get_by_role("button", name="Start 4 runs").click()
    expect(page).to_have_url(re.compile(r"study=\w+"), timeout=LONG)
    page.reload()  # the study is in the address
    first = page.get_by_role("button", name=re.compile("^plain, seed 0: "))
    expect(first).to_be_visible()
    for name in ("plain, seed 0", "fair, seed 0", "plain, seed 1", "fair, seed 1"):
        expect(page.get_by_role("button", name=re.compile(f"^{name}: finished"))).to_be_visible(timeout=LONG)
    settled(page)
    assert page.locator("[data-testid=stAlertContentError], [data-testid=stException]").count() == 0
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name=re.compile("^fair, seed 1: "))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="fair, seed 1")).to_be_visible()
    page.get_by_role("link", name="Study: Study").click()
    expect(page.get_by_role("heading", name="Study", exact=True)).to_be_visible()
    monkeypatch.setenv("FAIRKD_HOME", str(app_home))
    [record] = studies.all_studies()
    studies.delete(record.id)
