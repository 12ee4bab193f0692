"""The Distill page in a real browser: from the settings to a trained student, with a tiny teacher."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.e2e.conftest import PHONE, OpenPage, settled, sync_api
from tests.tiny import SENTENCES

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect = sync_api.expect
LONG = 300_000  # milliseconds: a process starts, imports torch, trains and measures

# A run trains at low priority: on a busy machine each of its sentences takes time.
QUICK = {
    "threads": 1,
    "evaluation.sentences": 10,
    "evaluation.professions": 4,
    "evaluation.watched_sentences": ["[MASK] is a nurse."],
}


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small corpus in words that the tiny teacher knows."""
    path = tmp_path_factory.mktemp("text") / "small.txt"
    lines = [f"the {one} said that he is a {two}." for one in NOUNS for two in NOUNS]
    path.write_text("\n".join(dict.fromkeys(lines)), encoding="utf-8")
    return path


NOUNS = sorted({sentence.split()[1] for sentence in SENTENCES if sentence.startswith("The ")})[:24]


def titles(page: Page) -> Locator:
    return page.locator("figure .title")


def set_number(page: Page, name: str, value: str) -> None:
    box = page.get_by_role("spinbutton", name=re.compile(name))
    box.fill(value)
    box.press("Enter")
    settled(page)


def test_a_student_is_trained_watched_and_used(
    open_page: OpenPage, app_url: str, tiny_folder: Callable[[str], Path], text: Path
) -> None:
    tiny = str(tiny_folder("bert"))
    link = {"teacher": tiny, "student": tiny, "variants": "plain", "set": json.dumps({"": QUICK})}
    page = open_page(f"/distill?{urlencode(link)}")
    expect(titles(page).first).to_contain_text("No constraint")

    page.get_by_role("combobox", name=re.compile("Constraint")).click()
    page.get_by_role("option", name="Balanced groups").click()
    expect(titles(page).first).to_contain_text("constraint changes")
    settled(page)
    layers = page.get_by_role("textbox", name=re.compile("Layers"))
    layers.fill("0")
    layers.press("Enter")
    settled(page)
    page.get_by_text(re.compile("^File or folder on the server")).click()
    named = page.get_by_role("textbox", name=re.compile("Path or data set"))
    named.fill(str(text))
    named.press("Enter")
    expect(page.get_by_text("distinct sentences")).to_be_visible()
    settled(page)
    page.get_by_role("radio", name="steps").click()
    settled(page)
    set_number(page, "Steps", "3")

    page.get_by_role("button", name=re.compile("Start plain")).click()
    page.get_by_role("link", name=re.compile("Watch it train")).click()
    expect(page).to_have_url(re.compile(r"/runs\?(.*&)?run=\w+"))
    expect(page.locator(".stMarkdownBadge").filter(has_text="finished")).to_be_visible(timeout=LONG)
    settled(page)
    expect(titles(page).filter(has_text="Mean absolute gap").first).to_be_visible()
    expect(
        page.get_by_role("option", name=re.compile(r"^position \d+, \[MASK\], teacher: .+ student: ")).first
    ).to_be_visible()
    page.get_by_text("Settings", exact=True).first.click()
    expect(page.get_by_role("button", name=re.compile("config.json"))).to_be_visible()
    page.get_by_role("button", name=re.compile("Export")).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=re.compile("Download$")).click()
    assert waiting.value.suggested_filename.endswith(".zip")
    assert Path(waiting.value.path()).read_bytes()[:2] == b"PK"

    id = re.search(r"run=(\w+)", page.url)
    assert id is not None
    page.get_by_test_id("stMain").get_by_role("button", name=re.compile("Try this student")).click()
    expect(page.get_by_role("heading", name="Which words do the models expect")).to_be_visible(timeout=LONG)
    expect(page.get_by_role("option", name=re.compile("^position "))).to_have_count(5, timeout=LONG)
    expect(page.get_by_role("combobox", name=re.compile("Student"))).to_have_value(
        re.compile(rf"\(run/{id[1]}\)")
    )
    settled(page)
    expect(page).to_have_url(re.compile(rf"student=[^&]*run(/|%2F){id[1]}"))
    # A tiny vocabulary splits most words, which the page says in a warning.
    assert page.locator("[data-testid=stAlertContentError], [data-testid=stException]").count() == 0

    page.goto(f"{app_url}/runs?run={id[1]}")
    page.get_by_role("button", name=re.compile("Delete")).click()
    page.get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_text("No runs of your own yet")).to_be_visible()


def test_a_link_to_the_earlier_address_shows_the_same_variants(
    open_page: OpenPage, tiny_folder: Callable[[str], Path]
) -> None:
    tiny = str(tiny_folder("bert"))
    made = {"paper": {"constraint.strength": 0.25}, "": {"seed": 7, "evaluation.probes": ["Tea is [MASK]."]}}
    parameters = {"arms": ["plain", "paper"], "teacher": tiny, "student": tiny, "set": json.dumps(made)}
    page = open_page(f"/distil?{urlencode(parameters, doseq=True)}")
    expect(page).to_have_url(re.compile(r"/distill\?"))
    expect(page.get_by_role("spinbutton", name="Random seed")).to_have_value("7")
    expect(page.get_by_role("textbox", name=re.compile("Sentences to watch"))).to_have_value("Tea is [MASK].")
    expect(page.get_by_role("slider", name=re.compile("Strength"))).to_have_value("0.25")
    address = parse_qs(urlsplit(page.url).query)
    assert address["variants"] == ["plain", "paper"] and "arms" not in address
    assert address["teacher"] == [tiny]
    assert json.loads(address["set"][0])[""]["evaluation.watched_sentences"] == ["Tea is [MASK]."]


@pytest.mark.parametrize("path", ["/distill", "/runs"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(open_page: OpenPage, path: str, scheme: str) -> None:
    page = open_page(path, viewport=PHONE, color_scheme=scheme)
    wide = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= PHONE["width"]
