"""What a first visit costs on the wire, in bytes: thirty students may share one wireless network."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import settled

MEGABYTE = 1e6
LONG = 300_000  # milliseconds: the first visit of Gaps measures both models


def visit(browser: Browser, url: str) -> tuple[float, list[str]]:
    """Megabytes that a browser with an empty cache receives, and the names of the files."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page: Page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    names: list[str] = []
    coming: set[str] = set()
    session.on("Network.requestWillBeSent", lambda event: coming.add(event["requestId"]))
    session.on("Network.loadingFailed", lambda event: coming.discard(event["requestId"]))
    session.on("Network.loadingFinished", lambda event: coming.discard(event["requestId"]))
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.on("request", lambda request: names.append(request.url.rpartition("/")[2]))
    page.goto(url)
    page.locator("figure .title, .js-plotly-plot .main-svg").first.wait_for(timeout=LONG)
    page.locator("[data-testid=stSkeleton]").first.wait_for(state="detached", timeout=LONG)
    seen = -1
    while coming or seen < len(sizes):  # the parts of a page load the files that they need
        seen = len(sizes)
        settled(page)
        page.wait_for_timeout(1000)
    context.close()
    return sum(sizes) / MEGABYTE, names


def test_the_first_page_takes_one_and_a_half_megabytes(browser: Browser, app_url: str) -> None:
    size, names = visit(browser, app_url)
    assert 0.5 < size <= 1.5, size
    large = [name for name in names if name.startswith(("DataFrame.", "PlotlyChart.", "plotly"))]
    assert not large, "the parts for tables and plotly are not needed here"


@pytest.mark.parametrize("path", ["/gaps", "/distill", "/runs"])
def test_a_page_with_plotly_takes_three_megabytes(browser: Browser, app_url: str, path: str) -> None:
    size, _ = visit(browser, app_url + path)
    assert 0.5 < size <= 3, size
