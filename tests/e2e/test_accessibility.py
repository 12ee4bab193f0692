"""Every page against axe-core's rules for WCAG 2.2 AA and its best practices; in dark, those on colours."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from fairkd import runs
from fairkd.benchmarks import measure, promoted_words, stored_results
from tests.app.some_runs import MEASURED, add_measurement, add_run, training
from tests.benchmarks.made_results import items, result
from tests.benchmarks.test_crows_pairs import FILES
from tests.e2e.conftest import OpenPage, settled

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from fairkd.models import MaskedLM

AXE = str(files("axe_playwright_python") / "axe.min.js")  # the npm package axe-core, unchanged
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]  # what another theme can change
GRID = (
    '{"variants": {"plain": {"preset": "plain"}, "half": {"preset": "fair", '
    '"set": {"constraint.strength": 0.5}}}}'
)
SENTENCES = ("She is a very good doctor.", "He likes milk.")
PAGES = {
    "predictions": "/",
    "two masks": "/?text=The+[MASK]+thanked+[MASK]+mother.&log=true",
    "gaps by profession": "/gaps",
    "gaps for an audience": "/gaps?present=1&profession=journalist",
    "bias transfer": "/gaps?view=Bias+transfer",
    "labour market": "/gaps?view=Labour+market",
    "models": "/gaps?view=Models",
    "two sentences": "/gaps?view=Two+sentences",
    "measures": "/measures",
    "a measurement": "/measures?measurement={measurement}",
    "what changed": "/measures?measurement={measurement}&results=Changes",
    "distill": "/distill",
    "runs": "/runs",
    "studies": "/studies?grid={grid}",
    "a study": "/studies?study={study}",
    "a run": "/runs?run={run}",
    "glossary": "/glossary?term=mask",
    "about": "/about",
}


@pytest.fixture(scope="module")
def run(home: Path) -> Iterator[str]:
    """The id of one of two finished runs, which are gone after the tests."""
    ids = [add_run(name, "finished", preset=name, events=training(400)) for name in ("plain", "fair")]
    yield ids[0]
    for id in ids:
        runs.delete(id)


@pytest.fixture(scope="module")
def measurement(home: Path) -> Iterator[str]:
    """The id of a finished measurement, which is gone after the tests."""
    scores = ([1.0] * 30 + [-1.0] * 10, [1.0] * 15 + [-2.0] * 25)
    results = [
        result(model, items(one, ["gender", "age"] * 20))
        for model, one in zip(MEASURED["models"], scores, strict=True)
    ]
    id = add_measurement("measured", results=results)
    yield id
    runs.delete(id)


@pytest.fixture
def measured_views(home: Path, tiny_model: Callable[[str], MaskedLM], tmp_path: Path) -> Iterator[str]:
    """The id of a measurement with results for every view, which is gone after the test."""
    pairs, text = tmp_path / "pairs.csv", tmp_path / "text.txt"
    pairs.write_bytes(FILES["pairs.csv"])
    text.write_text("\n".join(SENTENCES))
    teacher, student = tiny_model("bert"), tiny_model("distilbert")
    measures = {"crows-pairs": pairs, "aul": pairs, "calibration": text}
    results = [
        measure(model, name, data=data, cached=False)
        for name, data in measures.items()
        for model in (teacher, student)
    ]
    results.append(measure(student, "fidelity", reference=teacher, data=text, cached=False))
    models = [teacher.reference, student.reference]
    id = add_measurement("every view", results=results, models=models, benchmarks=[*measures, "fidelity"])
    words = promoted_words(teacher, student, SENTENCES, k=4)
    stored_results.store_words(words, home / "runs" / id, student.reference)
    yield id
    runs.delete(id)


def test_no_view_of_a_measurement_has_a_violation(open_page: OpenPage, measured_views: str) -> None:
    # In dark, where fewer colours of Streamlit are readable.
    page = open_page(f"/measures?measurement={measured_views}&results=Items", color_scheme="dark")
    page.add_script_tag(path=AXE)
    for view in ("By category", "Side effects", "Contradictions", "Calibration", "Words", "Items"):
        page.get_by_text(view, exact=True).click()
        page.mouse.move(0, 0)
        drawn(page)
        assert not violations(page, within="[data-testid=stMain]"), view


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_a_page_has_no_violation(
    open_page: OpenPage, run: str, measurement: str, study: str, path: str
) -> None:
    page = open_page(path.format(run=run, measurement=measurement, study=study, grid=quote(GRID)))
    drawn(page)
    page.add_script_tag(path=AXE)
    assert not violations(page), "in light"
    page.emulate_media(color_scheme="dark")
    drawn(page)
    until = time.monotonic() + 60  # the page's own colours come with a run of its script
    while (found := violations(page, rules=OF_COLOURS)) and time.monotonic() < until:
        page.wait_for_timeout(500)
    assert not found, "in dark"


def drawn(page: Page) -> None:
    """Wait until nothing on the page is a placeholder, and every chart has the colours of the theme."""
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner]')", timeout=90_000
    )
    settled(page)
    page.wait_for_function(
        """() => {
          const page = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor
          const probe = document.createElement("i")
          return [...document.querySelectorAll(".js-plotly-plot")].every(({ layout }) => {
            probe.style.color = layout.paper_bgcolor
            return probe.style.color === page
          })
        }"""
    )
    settled(page)


def violations(page: Page, *, within: str = "html", rules: Sequence[str] = RULES) -> list[str]:
    """Each broken rule with the elements that break it. `rules` are names of rules, or tags of them."""
    run = "([within, rules]) => axe.run(within, { runOnly: rules, resultTypes: ['violations'] })"
    found = page.evaluate(run, [within, rules])["violations"]
    return [
        f"{rule['id']}: {rule['help']}: " + "; ".join(node["html"][:160] for node in rule["nodes"][:4])
        for rule in found
    ]
