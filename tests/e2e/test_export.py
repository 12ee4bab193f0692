"""A page is exported as a web page that opens offline, and as a notebook that a kernel runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import nbclient
import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from fairkd import runs
from fairkd.reports import report
from tests import ROOT
from tests.e2e.conftest import DESKTOP, PHONE, OpenPage
from tests.e2e.test_accessibility import AXE, violations

OpenFile = Callable[..., Page]


@pytest.fixture
def open_offline(browser: Browser) -> Iterator[OpenFile]:
    """`open_offline(file)` opens it without a network; it may ask for nothing, and break nothing."""
    faults: list[str] = []

    def open_(file: Path, **about: Any) -> Page:
        page = browser.new_context(offline=True, **about).new_page()
        page.on("request", lambda request: faults.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.goto(file.as_uri())
        faults.remove(file.as_uri())
        return page

    yield open_
    assert not [fault for fault in faults if not fault.startswith(("data:", "blob:"))]


def downloaded(page: Page, folder: Path, label: str) -> Path:
    """The file behind a button of the page's export."""
    button = page.get_by_role("button", name=label)
    if not button.is_visible():
        page.get_by_text("Export this page").click()
    with page.expect_download() as found:
        button.click()
    file = folder / found.value.suggested_filename
    found.value.save_as(file)
    return file


def is_sound(page: Page) -> None:
    """In both themes: nothing wider than the window, and no violation of axe's rules."""
    page.add_script_tag(content=Path(AXE).read_text(encoding="utf-8"))
    themes: dict[Literal["light", "dark"], str] = {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 21, 28)"}
    for scheme, ground in themes.items():
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(200)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert not violations(page), scheme


def test_the_predictions_open_offline_and_run_in_a_notebook(
    open_page: OpenPage, open_offline: OpenFile, tmp_path: Path
) -> None:
    here = open_page("/?text=%5BMASK%5D%20is%20a%20nurse.")
    notebook = nbformat.reads(downloaded(here, tmp_path, "Notebook (.ipynb)").read_text(), as_version=4)
    page = open_offline(downloaded(here, tmp_path, "Web page (.html)"), viewport=DESKTOP)
    expect(page.locator(".columns svg")).to_be_visible()
    page.locator(".columns .column").nth(3).click()
    expect(page.locator(".words caption")).to_have_text("Most probable words at “nurse”")
    is_sound(page)

    nbformat.validate(notebook)
    about = {"metadata": {"path": str(ROOT)}}
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=about).execute()
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    assert "data-component=&quot;columns&quot;" in outputs[-2][0]["data"]["text/html"]
    word, probability, *_ = here.locator(".words tbody tr").first.inner_text().split()
    first = outputs[-1][0]["data"]["text/plain"].splitlines()[1].split()
    assert first[1] == word and f"{100 * float(first[2]):.0f}" == probability


def test_plotly_draws_offline_in_both_themes(
    open_page: OpenPage, open_offline: OpenFile, tmp_path: Path
) -> None:
    here = open_page("/gaps?view=Bias+transfer", color_scheme="dark")
    page = open_offline(downloaded(here, tmp_path, "Web page (.html)"), viewport=PHONE)
    expect(page.locator(".js-plotly-plot .scatterlayer").first).to_be_visible()
    is_sound(page)
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(200)
    assert page.evaluate("document.querySelector('.js-plotly-plot').layout.paper_bgcolor") == "#ffffff"


def test_a_report_replays_its_watched_sentences(open_offline: OpenFile, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(report([runs.get(f"example-{name}") for name in ("plain", "fair")]), encoding="utf-8")
    page = open_offline(file, viewport=DESKTOP)
    nurse = page.locator("figure", has_text="[MASK] is a nurse.")
    trained = nurse.inner_text()
    slider = page.get_by_role("slider", name="Step")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("#shown")).to_have_text("0")
    assert nurse.inner_text() != trained
    page.keyboard.press("End")
    assert nurse.inner_text() == trained
    is_sound(page)
