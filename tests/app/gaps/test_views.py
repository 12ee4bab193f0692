"""What the views of the Gaps page show: the default pair, the presenter view, the tables."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

from app.gaps.inputs import BASELINES
from fairkd.lexicon.professions import shipped_professions
from tests.app.gaps.conftest import Page
from tests.app.reading import components

Folder = Callable[[str], Path]
ROLES = ("teacher", "student")


def texts(at: AppTest) -> str:
    return " ".join(element.value for element in (*at.caption, *at.markdown))


def test_word_groups_with_they_compare_it_by_default(gaps_page: Page) -> None:
    assert "Mean probability of he/they, him/them, his/their" in texts(gaps_page(contrast="pronouns-they"))


def test_the_presenter_view_has_one_sentence_above_a_short_chart(gaps_page: Page) -> None:
    several = shipped_professions()[["profession", "women_share"]].head(20)
    at = gaps_page(present="1", professions=several)
    said = texts(at).replace("\\", "")
    assert not at.metric and re.search(
        r"On average over 20 professions, :blue\[\*\*the teacher\*\* \(.+\)\] finds one of “he” and “she” "
        r"\*\*[\d.]+ times\*\* as likely as the other, :orange\[\*\*the student\*\*",
        said,
    )
    assert "These words get only 1.0 % from the teacher and 1.0 % from the student" in said, (
        "as the cards warn"
    )
    (figure,) = components(at)
    assert "14 professions with gaps in between are not shown" in json.dumps(figure)
    corrected = texts(gaps_page(present="1", professions=several, value=BASELINES["corrected_gap"]))
    assert "the profession changes the ratio of “he” to “she” **" in corrected


def test_two_students_are_compared_in_the_view_of_models(gaps_page: Page, tiny_folder: Folder) -> None:
    assert not [button for button in gaps_page().button if button.key == "gaps_two_students"]
    second, first = str(tiny_folder("distilbert")), str(tiny_folder("roberta"))
    at = gaps_page(student=first, student2=second)
    at.button(key="gaps_two_students").click().run()
    assert not at.error and not at.exception
    assert at.multiselect(key="gap_models").value == [first, second]
    assert at.dataframe[-1].value["model"].tolist() == [str(tiny_folder("bert")), first, second]


def test_tables_are_drawn_when_they_are_opened(gaps_page: Page) -> None:
    at = gaps_page()
    at.session_state["gaps_editors"] = False
    at.run()
    assert not at.dataframe
    at.session_state["gaps_table_sentence_fold"] = True
    at.run()
    (table,) = at.dataframe
    each = [
        f"{name}, {role}" for name in ("gap", "log P(he)", "log P(she)", "P(he) + P(she)") for role in ROLES
    ]
    assert table.value.columns.tolist() == ["sentence", "profession", "role", *each]
    assert "Click a row to open its sentence in Predictions." in texts(at)


def test_templates_of_one_role_are_described_with_the_words_that_are_measured(gaps_page: Page) -> None:
    templates = pd.DataFrame({"text": ["{The profession} fixed [MASK] car."], "role": ["possessive"]})
    found = texts(gaps_page(templates=templates))
    assert "a model find “his” than “her”" in found and "“his” is more likely for" in found
    assert "“he”" not in found and "“she”" not in found
