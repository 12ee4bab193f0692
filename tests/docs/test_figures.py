"""The figures show what the library computes, and every one of them is in a page."""

from __future__ import annotations

import re

import pytest

from tests import ROOT
from tools.docs_figures.__main__ import FIGURES, FOLDER, drawn

NUMBER = re.compile(r"[-−+]?\d*\.?\d+")
PAGES = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]


def numbers(text: str) -> list[float]:
    return [float(number.replace("−", "-")) for number in NUMBER.findall(text)]


@pytest.fixture(scope="module")
def today() -> dict[str, str]:
    return drawn()


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_a_figure_shows_what_the_library_computes(name: str, mode: str, today: dict[str, str]) -> None:
    file = f"{name}-{mode}.svg"
    kept = (FOLDER / file).read_text(encoding="utf-8")
    again = "run `python -m tools.docs_figures` and commit what it changes"
    assert NUMBER.sub("", kept) == NUMBER.sub("", today[file]), again
    # Another processor rounds differently: a pixel, or the last digit of a probability.
    assert numbers(kept) == pytest.approx(numbers(today[file]), rel=0.005, abs=0.011), again


def test_there_are_no_other_figures(today: dict[str, str]) -> None:
    assert {path.name for path in FOLDER.iterdir()} == today.keys()


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_stands_in_a_page_for_light_and_dark(name: str) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    assert f"figures/{name}-light.svg#gh-light-mode-only" in text
    assert f"figures/{name}-dark.svg#gh-dark-mode-only" in text


def test_a_figure_says_what_it_shows() -> None:
    for path in FOLDER.iterdir():
        title = re.search(r"<title>(.+)</title>", path.read_text(encoding="utf-8"))
        assert title and len(title[1]) > 10
