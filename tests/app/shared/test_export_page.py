"""What a page shows as one HTML file: whole, escaped, and with nothing to load."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd
import pytest

from app.charts.base import base_figure
from app.components.columns import standalone_columns
from app.shared.export_page import MOST_ROWS, view_page
from app.shared.export_view import ShownFigure, ShownTable

MARKUP = "<script>alert(1)</script>"
FRAME = pd.DataFrame({"a_word": [MARKUP, "nurse"], "gap": [1.2345, float("nan")]})


def page(*elements: Any, **about: Any) -> str:
    given = {"settings": {}, "models": {}, "citation": "@software{fairkd}"} | about
    return view_page("A title", elements, **given)


def test_everything_typed_is_text() -> None:
    figure = base_figure(title=MARKUP, height=300, dark=False, notes=[(MARKUP, "#000000")])
    html = page(
        ShownFigure(figure, f"Read {MARKUP}"),
        ShownFigure(standalone_columns({"sentence": MARKUP})),
        ShownTable(MARKUP, lambda: (FRAME, {"gap": "{:.2f}".format})),
        sentences=[f":blue[**{MARKUP}**]"],
        settings={MARKUP: MARKUP},
        models={MARKUP: ""},
        command=MARKUP,
        note=MARKUP,
        files={MARKUP: MARKUP},
    )
    assert MARKUP not in html
    assert "<strong>&lt;script&gt;" in html, "Markdown is laid out, and colours are left out"
    (drawn,) = re.findall(r'data-component="columns"><script type="application/json">(.*?)</script>', html)
    assert json.loads(drawn)[0]["sentence"] == MARKUP


def test_a_table_is_rounded_as_on_the_page_and_its_first_rows_are_whole() -> None:
    many = pd.DataFrame({"n": range(MOST_ROWS + 1)})
    html = page(
        ShownTable("Words", lambda: (FRAME, {"gap": "{:.2f}".format})), ShownTable("Many", lambda: (many, {}))
    )
    assert "<td>1.23</td>" in html and "<td>–</td>" in html and ">a word<" in html
    assert f"the first {MOST_ROWS} of {len(many):,} rows" in html
    assert f">{MOST_ROWS - 1}</th>" in html and f">{MOST_ROWS}</th>" not in html


@pytest.mark.parametrize("dark", [False, True])
def test_plotly_is_in_the_file_where_it_draws(dark: bool) -> None:
    figure = base_figure(title="Gaps", height=300, dark=dark)
    assert "Plotly.react(chart" in page(ShownFigure(figure))
    assert len(page(ShownTable("Words", lambda: (FRAME, {})))) < 50_000


def test_the_browser_may_load_nothing() -> None:
    assert "default-src 'none'" in page()


def test_it_says_how_to_make_and_cite_it() -> None:
    html = page(
        command="fairkd gaps --templates templates.csv",
        files={"templates.csv": "text,role\n"},
        models={"embedded/teacher": "0123456789abcdef" * 4, "run/gone": ""},
    )
    assert "fairkd gaps --templates templates.csv" in html and "text,role" in html
    assert "0123456789abcdef" * 4 in html and "not there any more" in html
    assert "@software{fairkd}" in html
    assert "To reproduce this" not in page()
