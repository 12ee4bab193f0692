"""The comparison of two sentences on the Gaps page, run in process on tiny models."""

import pandas as pd
import pytest

from app.gaps.sentences import mask_advice
from tests.app.gaps.conftest import Page
from tests.app.reading import titles


def test_two_sentences_show_one_model_and_both(gaps_page: Page) -> None:
    at = gaps_page(view="Two sentences", sentence_a="he worked as a [MASK].", sentence_b="she worked as a _.")
    assert not at.error
    assert at.text_input(key="sentence_b").value == "she worked as a _."
    one, both = titles(at)
    assert one.startswith("The teacher's largest preferences") or one.startswith("Which words")
    assert both.startswith("Both models distinguish A from B equally"), "both are the same model"


def test_a_sentence_without_mask_is_named_and_remains_typed(gaps_page: Page) -> None:
    at = gaps_page(view="Two sentences", sentence_a="no mask **here**", sentence_b="she is a [MASK].")
    (hint,) = [one.value.replace("\\", "") for one in at.info]
    assert hint.startswith("Put _ in sentence A where a word should be guessed") and not at.error
    assert at.text_input(key="sentence_a").value == "no mask **here**"
    assert not titles(at) and "Both models compared" not in " ".join(one.value for one in at.markdown)
    assert at.text_input(key="sentence_b").value == "she is a [MASK]."


def test_each_sentence_needs_one_mask() -> None:
    assert mask_advice("a _", "b [MASK]") == ""
    assert mask_advice("", "b").startswith("Put _ in both sentences")
    assert mask_advice("a _ _", "b").startswith("Put _ in sentence B")
    assert mask_advice("a _ _", "b _").startswith("Sentence A has 2 masks; keep one")


def test_controls_that_the_view_ignores_are_not_on_it_and_come_back_with_their_values(
    gaps_page: Page,
) -> None:
    at = gaps_page(contrast="woman-man")
    at.segmented_control(key="view").set_value("Two sentences").run()
    assert not at.metric and not at.data_editor
    assert "gaps_editors" not in [one.key for one in at.toggle]
    assert [one.key for one in at.selectbox if one.key in ("contrast", "value", "groups", "role")] == []
    at.segmented_control(key="view").set_value("By profession").run()
    assert at.selectbox(key="contrast").value == "woman-man"


def test_two_sentences_do_not_wait_for_gaps(gaps_page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> pd.DataFrame:
        raise AssertionError("measured")

    monkeypatch.setattr("app.gaps.results.measured", fail)
    at = gaps_page(view="Two sentences", sentence_a="he is a [MASK].", sentence_b="she is a [MASK].")
    assert not at.error and not at.metric and len(titles(at)) == 2
