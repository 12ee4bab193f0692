"""The Runs page in a real browser, on runs that the tests lay down: its live parts run without the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fairkd import runs
from fairkd.distill.config.config import make_config
from fairkd.runs import Session, foreground, store
from fairkd.runs.lock import RunnerLock
from tests.app.some_runs import add_run, training
from tests.e2e.conftest import OpenPage, settled, sync_api

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect = sync_api.expect
LONG = 300_000  # milliseconds: the browser reads plotly once


@pytest.fixture
def run(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The id of a finished run, gone after the test."""
    monkeypatch.setenv("FAIRKD_HOME", str(app_home))
    id = add_run("fair", "finished", preset="fair", events=training(400))
    yield id
    runs.delete(id)


@pytest.fixture
def live(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A run that trains for as long as the test lasts, which says what happens in it; gone afterwards."""
    monkeypatch.setenv("FAIRKD_HOME", str(app_home))
    store.make_home()
    held = RunnerLock.acquire()  # so the server starts no runner
    assert held is not None
    with foreground(make_config({}), name="live") as session:
        happens(session, 0, 200)
        yield session
    held.release()
    runs.delete(session.run.id)


def happens(session: Session, after: int, until: int) -> None:
    """What a training of 400 steps does between two steps."""
    for event in training(400):
        if after < event.get("step", 0) <= until or not after and not event.get("step"):
            session.emit(event)


def chart(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key} .js-plotly-plot")


def zoom(page: Page, plot: Locator) -> list[float]:
    """Drag a box over the middle of a chart; the range across that it then shows."""
    plot.scroll_into_view_if_needed()
    before = across(plot)
    box = plot.locator(".nsewdrag").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.3 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=5)
    page.mouse.up()
    page.wait_for_function(
        "([plot, before]) => Number(plot._fullLayout.xaxis.range[1]) < before",
        arg=[plot.element_handle(), before[1]],
        timeout=LONG,
    )
    after = across(plot)
    assert before[0] < after[0] < after[1] < before[1]
    return after


def across(plot: Locator) -> list[float]:
    return plot.evaluate("plot => plot._fullLayout.xaxis.range.map(Number)")


def hide_first(plot: Locator) -> list[str]:
    """Hide the first curve by its name in the legend; what is hidden then."""
    plot.locator(".legendtoggle").first.click()
    plot.page.wait_for_function(  # plotly waits for a second click
        "plot => plot.data.some(one => one.visible == 'legendonly')", arg=plot.element_handle(), timeout=LONG
    )
    return hidden(plot)


def hidden(plot: Locator) -> list[str]:
    return plot.evaluate("plot => plot.data.filter(one => one.visible == 'legendonly').map(one => one.name)")


def comes_to(page: Page, plot: Locator, last: float) -> None:
    """Wait until the last point of a chart lies there."""
    page.wait_for_function(
        "([plot, last]) => Math.max(...plot.data.flatMap(one => Array.from(one.x ?? []))) >= last",
        arg=[plot.element_handle(), last],
        timeout=LONG,
    )


def shows(page: Page, id: str, condition: str) -> None:
    """Wait until the chart of the loss has drawn a last step of which the condition on `last` holds."""
    plot = f"document.querySelector('.st-key-loss_{id} .js-plotly-plot')"
    page.wait_for_function(
        f"() => {{ const last = {plot}?._fullLayout?.xaxis?.range?.[1]; return {condition} }}", timeout=LONG
    )


def test_a_click_on_a_name_opens_its_run(open_page: OpenPage, run: str) -> None:
    page = open_page("/runs")
    page.get_by_role("button", name="fair", exact=True).click()
    expect(page.get_by_role("heading", name="fair", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(f"run={run}"))


def test_a_zoom_stays_and_can_be_reset(open_page: OpenPage, run: str) -> None:
    page = open_page(f"/runs?run={run}")
    shows(page, run, "last >= 400")
    loss = page.locator(f".st-key-loss_{run} .js-plotly-plot")
    zoom(page, loss)
    shows(page, run, "last < 300")
    page.wait_for_timeout(1500)  # Python hears of it and draws the chart anew
    settled(page)
    shows(page, run, "last < 300")
    loss.locator(".nsewdrag").dblclick()
    shows(page, run, "last >= 400")
    page.wait_for_timeout(1500)
    settled(page)
    shows(page, run, "last >= 400")


def test_live_charts_stay_and_keep_zoom_and_hidden_words_while_points_arrive(
    open_page: OpenPage, live: Session
) -> None:
    id = live.run.id
    page = open_page(f"/runs?run={id}")
    plots = {key: chart(page, f"{key}_{id}") for key in ("loss", "gap_absolute", "watched_sentence_words")}
    for plot in plots.values():
        expect(plot).to_be_visible(timeout=LONG)
        comes_to(page, plot, 200)
    gone = hide_first(plots["watched_sentence_words"])
    zoomed = {key: zoom(page, plot) for key, plot in plots.items()}
    mounted = {key: plot.element_handle() for key, plot in plots.items()}
    for step in (300, 400):
        happens(live, step - 100, step)
        for key, plot in plots.items():
            comes_to(page, plot, step)
            assert across(plot) == pytest.approx(zoomed[key])
    assert all(handle.evaluate("plot => plot.isConnected") for handle in mounted.values())
    assert hidden(plots["watched_sentence_words"]) == gone
    plots["loss"].locator(".nsewdrag").dblclick()
    shows(page, id, "last >= 400")


def test_compared_charts_keep_zoom_and_hidden_runs_while_points_arrive(
    open_page: OpenPage, run: str, live: Session
) -> None:
    page = open_page("/runs?compared_over=step")
    curves, quality = chart(page, "compared"), chart(page, "bias_quality")
    comes_to(page, curves, 400)
    # A link holds the runs, though nobody chose them.
    expect(page).to_have_url(re.compile(f"compare={live.run.id}.*compare={run}"))
    expect(quality).to_be_visible(timeout=LONG)
    gone = hide_first(curves)
    zoomed, mounted = [zoom(page, plot) for plot in (curves, quality)], curves.element_handle()
    happens(live, 200, 300)
    page.wait_for_function(
        "plot => plot.data.some(one => Array.from(one.x).at(-1) == 300)", arg=mounted, timeout=LONG
    )
    assert [across(plot) for plot in (curves, quality)] == [pytest.approx(one) for one in zoomed]
    assert mounted.evaluate("plot => plot.isConnected") and hidden(curves) == gone


def compared(page: Page) -> list[str]:
    """The chosen runs, as the picker shows them."""
    return page.locator(".st-key-compare [data-tag][aria-label]").evaluate_all(
        "tags => tags.filter(tag => tag.offsetParent).map(tag => tag.ariaLabel)"
    )


def test_back_returns_to_the_list(open_page: OpenPage, run: str) -> None:
    page = open_page("/runs")
    page.get_by_role("button", name="fair", exact=True).click()
    expect(page.get_by_role("heading", name="fair", exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()


def test_back_returns_to_the_compared_runs(open_page: OpenPage) -> None:
    page = open_page("/runs")
    expect(page.locator(".st-key-compare [data-tag][aria-label^='paper (example']:visible")).to_have_count(1)
    settled(page)
    three = compared(page)
    assert three == [f"{name} (example)" for name in ("plain", "paper", "fair")]
    page.get_by_role("button", name=re.compile("^Remove paper")).first.click()
    expect(page.locator(".st-key-compare [aria-label^='paper (example']:visible")).to_have_count(0)
    settled(page)
    page.go_back()
    expect(page.locator(".st-key-compare [data-tag][aria-label^='paper (example']:visible")).to_have_count(1)
    settled(page)
    assert compared(page) == three


def test_an_example_is_replayed_on_a_page_without_runs(open_page: OpenPage) -> None:
    page = open_page("/runs")
    page.get_by_role("button", name="fair (example)", exact=True).click()
    expect(page.get_by_role("heading", name="fair (example)", exact=True)).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=LONG)
    for absent in ("Delete", "Resume", "Export", "Try this student"):
        expect(page.get_by_role("button", name=absent)).to_have_count(0)


def test_a_hidden_tab_is_not_updated_until_it_is_seen_again(open_page: OpenPage, live: Session) -> None:
    page = open_page(f"/runs?run={live.run.id}")
    loss = chart(page, f"loss_{live.run.id}")
    comes_to(page, loss, 200)
    hide = """hidden => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true })
      document.dispatchEvent(new Event("visibilitychange"))
    }"""
    page.evaluate(
        """() => {
      const app = document.querySelector("[data-testid=stApp]")
      const note = () => (window.lastChange = performance.now())
      new MutationObserver(note).observe(app, { attributeFilter: ["data-test-script-state"] })
      note()
    }"""
    )
    page.evaluate(hide, True)
    # Longer than between two updates, so Python has heard of it.
    page.wait_for_function("() => performance.now() - window.lastChange > 6000", timeout=LONG)
    happens(live, 200, 300)
    page.wait_for_timeout(5000)
    assert loss.evaluate("plot => Math.max(...plot.data.flatMap(one => Array.from(one.x)))") == 200
    page.evaluate(hide, False)
    comes_to(page, loss, 300)
