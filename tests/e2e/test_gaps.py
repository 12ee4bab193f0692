"""The Gaps page in a real browser, on the embedded models."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from fairkd.lexicon.professions import shipped_professions
from tests.e2e.conftest import PHONE, OpenPage, settled

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

LONG = 300_000  # milliseconds: the first visit loads and measures both models
FEW = b"profession,women_share\nnurse,0.879\ncarpenter,0.031\n"


@pytest.fixture
def gaps_page(open_page: OpenPage) -> OpenPage:
    """Open the page with these parameters, and wait for its first figure."""

    def page(query: str = "", **options: Any) -> Any:
        opened = open_page(f"/gaps{query}", **options)
        expect(title(opened)).to_be_visible(timeout=LONG)
        settled(opened)
        return opened

    return page


def title(page: Any) -> Any:
    """The title of the first figure."""
    return page.locator("figure .title").first


def rows(page: Any) -> Any:
    """The names of the professions in the figure by profession."""
    return page.locator("figure text.name")


def upload(page: Any, content: bytes) -> None:
    """Open the editors and replace the professions by a file."""
    page.get_by_text("Edit words and sentences").click()
    file = {"name": "mine.csv", "mimeType": "text/csv", "buffer": content}
    page.locator("input[type=file]").set_input_files(file)


def test_the_page_shows_the_summary_and_the_professions(gaps_page: OpenPage) -> None:
    page = gaps_page()
    expect(page.get_by_test_id("stMetric")).to_have_count(2)
    expect(title(page)).to_contain_text("gap is smaller than the")
    expect(rows(page)).to_have_count(24)
    # On a projector the first screen shows a part of the chart.
    page.set_viewport_size({"width": 1280, "height": 720})
    settled(page)
    box = rows(page).nth(4).bounding_box()
    assert box is not None and box["y"] + box["height"] < 720
    page.get_by_role("button", name="Show all 87 professions").click()
    expect(page).to_have_url(re.compile(r"gaps_rows=All"))
    settled(page)
    expect(rows(page)).to_have_count(len(shipped_professions()))
    page.get_by_role("button", name="Show 24 of 87 professions").click()
    expect(page).not_to_have_url(re.compile(r"gaps_rows"))
    expect(rows(page)).to_have_count(24)


def test_from_a_sentence_to_its_profession_among_the_others(open_page: OpenPage) -> None:
    page = open_page("/?text=_+is+a+journalist.")
    link = page.get_by_role("link", name=re.compile("Measure this sentence on Gaps"))
    link.click(timeout=LONG)
    expect(rows(page)).to_have_count(25, timeout=LONG)
    expect(rows(page).filter(has_text="journalist")).to_have_attribute("font-weight", "700")
    expect(page).to_have_url(re.compile(r"profession=journalist"))


def test_an_audience_sees_all_rows_and_the_axis(gaps_page: OpenPage) -> None:
    page = gaps_page("?present=1", viewport={"width": 1280, "height": 720})
    axis = page.get_by_text("times as likely as the other group").bounding_box()
    assert axis is not None and axis["y"] + axis["height"] < 720
    expect(rows(page)).to_have_count(8)


def test_other_word_groups_are_measured_and_are_part_of_the_link(gaps_page: OpenPage) -> None:
    page = gaps_page()
    upload(page, FEW)
    expect(title(page)).to_contain_text("of 2")
    page.get_by_role("combobox", name=re.compile("Word groups")).click()
    page.get_by_role("option", name="woman-man").click()
    settled(page)
    expect(page.get_by_test_id("stMetric").first).to_be_visible(timeout=LONG)
    expect(page.get_by_text("P(man …) + P(woman …)").first).to_be_visible(timeout=LONG)
    expect(page).to_have_url(re.compile(r"[?&]contrast=woman-man"))
    expect(rows(page)).to_have_count(2)


def test_a_link_of_an_earlier_version_still_works(gaps_page: OpenPage) -> None:
    edits = '{"patterns":{"drop":["[MASK] is {a profession}."]},"professions":{"add":[["wizard",null]]}}'
    page = gaps_page(
        "?contrast=own&words_a=he&words_b=she&slot=subject&value=prior-corrected+gap&gaps_rows=All&"
        + urlencode({"edits": edits})
    )
    expect(page.get_by_role("combobox", name=re.compile("Grammatical role"))).to_have_value("subject")
    expect(title(page)).to_contain_text("prior-corrected gap")
    expect(rows(page).filter(has_text="wizard")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"[?&]role=subject"))
    expect(page).not_to_have_url(re.compile(r"slot=|patterns|prior-corrected"))
    assert page.get_by_test_id("stAlert").count() == page.get_by_test_id("stException").count() == 0


def test_a_link_opens_the_view_it_was_copied_from(gaps_page: OpenPage) -> None:
    page = gaps_page()
    page.get_by_role("radio", name="Bias transfer").click()
    expect(page).to_have_url(re.compile(r"view=Bias"))
    expect(page.get_by_role("radio", name="Bias transfer")).to_be_checked()
    page.reload()
    expect(page.get_by_role("radio", name="Bias transfer")).to_be_checked(timeout=LONG)
    expect(title(page)).to_contain_text("professions", timeout=LONG)


def test_edits_are_part_of_the_link_and_survive_another_page(gaps_page: OpenPage) -> None:
    page = gaps_page()
    upload(page, FEW)
    expect(title(page)).to_contain_text("of 2")
    expect(page).to_have_url(re.compile(r"[?&]edits="))
    page.get_by_role("link", name="Predictions").click()
    expect(page.get_by_role("option").first).to_be_visible(timeout=LONG)
    expect(page).not_to_have_url(re.compile(r"edits="))
    page.get_by_role("link", name="Gaps").click()
    expect(title(page)).to_contain_text("of 2", timeout=LONG)
    expect(page).to_have_url(re.compile(r"[?&]edits="))
    page.reload()
    expect(title(page)).to_contain_text("of 2", timeout=LONG)


def test_a_profession_typed_into_the_table_is_measured(gaps_page: OpenPage) -> None:
    page = gaps_page()
    upload(page, FEW)
    expect(title(page)).to_contain_text("of 2")
    table = page.get_by_test_id("stDataFrame").nth(1)
    table.scroll_into_view_if_needed()
    # A mouse hits the button only while it is over the table, and a page that is still being
    # drawn can move the table away: the event goes to the button itself.
    table.hover()
    table.get_by_role("button", name="Add row").dispatch_event("click")
    settled(page)
    # The table is a canvas; the new row is the third below the header.
    cell = page.locator("#portal").locator("textarea, input").first
    for _ in range(40):
        box = table.locator("canvas").first.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 120, box["y"] + 3.5 * 35)
        page.keyboard.press("Enter")  # opens the cell, unless the table is just being drawn again
        page.wait_for_timeout(500)
        if cell.count():
            break
    cell.fill("pilot")
    cell.press("Enter")
    expect(title(page)).to_contain_text("of 3", timeout=LONG)
    expect(rows(page).filter(has_text="pilot")).to_have_count(1)


def test_markup_in_a_profession_is_literal(gaps_page: OpenPage) -> None:
    dialogs: list[str] = []
    page = gaps_page()
    page.once("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    names = ["<script>alert(1)</script>", "$x$", "**b**", "<b>nurse</b>"]
    upload(page, "profession\n{}\n".format("\n".join(names)).encode())
    expect(title(page)).to_contain_text("of 4", timeout=LONG)
    shown = [text.strip() for text in rows(page).all_text_contents()]
    assert sorted(shown) == sorted(names)
    for name in names:
        rows(page).get_by_text(name, exact=True).hover(force=True)
        expect(page.locator("figure .tip-word")).to_have_text(name)
        expect(page.locator("figure .tip-rest")).to_contain_text("student")
    assert dialogs == []


def test_two_sentences_are_compared_and_shared_by_link(gaps_page: OpenPage) -> None:
    page = gaps_page("?view=Two+sentences")
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    page.get_by_label("Sentence A").fill("The man was a [MASK].")
    page.get_by_label("Sentence A").press("Enter")
    expect(page).to_have_url(re.compile(r"sentence_a=The"))
    expect(page.locator("figure .notes").first).to_contain_text("A: The man was a [MASK].")
    page.get_by_label("Sentence B").fill("no mask <b>here</b>")
    page.get_by_label("Sentence B").press("Enter")
    expect(page.get_by_test_id("stAlert").first).to_contain_text("Put _ in sentence B")
    expect(page.get_by_label("Sentence B")).to_have_value("no mask <b>here</b>")


def test_an_invalid_csv_file_gives_one_error_and_the_figure_remains(gaps_page: OpenPage) -> None:
    page = gaps_page()
    upload(page, b"job,share\nnurse,0.9\n")
    expect(page.get_by_test_id("stAlert")).to_contain_text("no column 'profession'")
    expect(rows(page)).to_have_count(24)


@pytest.mark.parametrize(
    "view", ["By+profession", "Bias+transfer", "Labour+market", "Models", "Two+sentences"]
)
def test_nothing_crosses_the_edge_of_a_phone(gaps_page: OpenPage, view: str) -> None:
    page = gaps_page(f"?view={view}", viewport=PHONE, color_scheme="dark")
    names = ("By profession", "Bias transfer", "Labour market", "Models", "Two sentences")
    boxes = [page.get_by_role("radio", name=name).bounding_box() for name in names]
    assert len({box["y"] for box in boxes if box}) == 1, "the views are in one row"
    wide = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= PHONE["width"]
    for text in page.locator("figure .title, .js-plotly-plot .xtitle, figure svg > text").all():
        box = text.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]


@pytest.mark.parametrize("kind", ["SVG", "PNG"])
def test_the_figure_by_profession_downloads_with_its_title(gaps_page: OpenPage, kind: str) -> None:
    page = gaps_page()
    with page.expect_download() as download:
        page.get_by_role("radio", name=kind).click()
        page.get_by_role("button", name=f"Download gaps as {kind}").click()
    assert download.value.suggested_filename == f"fairkd-gaps-by-profession.{kind.lower()}"
    content = download.value.path().read_bytes()
    if kind == "PNG":
        assert content.startswith(b"\x89PNG")
    else:
        drawn = content.decode()
        assert (
            "gap is smaller than the" in drawn
            and "63 professions with gaps in between" in drawn
            and "times as likely as the other group" in drawn
            and "Student: student-fair" in drawn
        )
