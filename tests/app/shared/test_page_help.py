"""Every page says what it shows, and leads to the glossary."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from streamlit.testing.v1 import AppTest

from app.shared.page_help import LESSONS, SENTENCES, PageName
from fairkd.lessons import glossary_terms
from tests import ROOT
from tests.app.conftest import OpenApp

PAGES = get_args(PageName)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_it_shows_in_three_short_sentences(name: PageName) -> None:
    for sentence in SENTENCES[name]:
        assert sentence.rstrip("”").endswith(".") and len(re.findall(r"\.(?=\s)", sentence)) == 0
        assert len(sentence.split()) <= 36


@pytest.mark.parametrize("name", PAGES)
def test_every_page_shows_its_sentences(name: str) -> None:
    called = re.findall(
        r'(?:heading|way_back)\([^)]*"(\w+)"', (ROOT / f"app/pages/{name}.py").read_text("utf-8")
    )
    assert called == [name]


def test_predictions_leads_to_the_glossary(open_app: OpenApp) -> None:
    app = open_app()
    assert any(SENTENCES["predictions"][0] in one.value for one in app.markdown)
    assert "Glossary" in [link.label.split(":")[0] for link in app.get("page_link")]


def test_every_page_has_a_lesson() -> None:
    assert LESSONS.keys() == set(PAGES)
    assert {name for lessons in LESSONS.values() for name, _ in lessons} <= {
        one.lesson for one in glossary_terms()
    }


def test_the_glossary_finds_a_term_of_its_address() -> None:
    app = AppTest.from_file(str(ROOT / "app/pages/glossary.py"))
    app.query_params["term"] = "Soft target"
    app.run()
    assert app.markdown[0].value.startswith("### soft target\n*Also: soft targets.* The teacher")
    app.text_input(key="term").set_value("no such thing").run()
    assert "nothing on “no such thing”" in app.info[0].value and not app.markdown
