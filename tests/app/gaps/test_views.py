"""What the views of the Gaps page show: the default pair, the presenter view, the tables."""

import json

from streamlit.testing.v1 import AppTest

from fairkd.lexicon.professions import shipped_professions
from tests.app.gaps.conftest import Page
from tests.app.reading import components

ROLES = ("teacher", "student")


def texts(at: AppTest) -> str:
    return " ".join(element.value for element in (*at.caption, *at.markdown))


def test_word_groups_with_they_compare_it_by_default(gaps_page: Page) -> None:
    assert "Mean probability of he/they, him/them, his/their" in texts(gaps_page(contrast="pronouns-they"))


def test_the_presenter_view_has_one_line_above_a_short_chart(gaps_page: Page) -> None:
    several = shipped_professions()[["profession", "women_share"]].head(20)
    at = gaps_page(present="1", professions=several)
    assert not at.metric and "**Teacher**" in texts(at) and "**No clear difference**" in texts(at)
    (figure,) = components(at)
    assert "12 professions not shown" in json.dumps(figure)


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
