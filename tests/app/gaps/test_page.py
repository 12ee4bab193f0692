"""The Gaps page, run in process on tiny models."""

import json
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.gaps.inputs import BASELINES
from app.gaps.link import template_link
from app.shared.widgets import literal
from fairkd.lexicon.professions import shipped_professions
from tests.app.gaps.conftest import TINY, Page
from tests.app.reading import components, titles

Folder = Callable[[str], Path]
TOO_FEW = "Too few professions for a test (at least 6)"


def drawn(at: AppTest) -> list[str]:
    """The professions in the figure."""
    (figure,) = components(at)
    return [row["name"] for row in figure["rows"]]


def edit(at: AppTest, *, added: Sequence[dict] = (), deleted: Sequence[int] = ()) -> None:
    """Add and delete rows of the professions, as their editor does."""
    change = {"edited_rows": {}, "added_rows": list(added), "deleted_rows": list(deleted)}
    at.session_state["gaps_professions_editor_0"] = change
    at.run()


def texts(at: AppTest) -> str:
    return " ".join(element.value for element in (*at.caption, *at.markdown))


def helps(at: AppTest) -> list[str]:
    """The help of both models' summaries."""
    return [one.help for one in at.markdown if one.help and "mean absolute" in one.help]


def nats(at: AppTest) -> list[float]:
    """Both models' mean absolute gap, as their summaries show it."""
    return [float(found) for found in re.findall(r"gap \*\*([\d.]+) nats\*\*", texts(at))]


def errors(at: AppTest) -> list[str]:
    return [error.value for error in at.error]


def test_the_page_opens_with_the_summary_and_the_professions(gaps_page: Page) -> None:
    at = gaps_page()
    assert not at.error
    assert [metric.label for metric in at.metric] == [
        "Teacher: mean absolute gap",
        "Student: mean absolute gap",
    ], "without markup, which a screen reader would read aloud"
    assert all(metric.value.endswith(" times as likely") for metric in at.metric)
    assert titles(at) == [TOO_FEW + ": the student's mean absolute gap is smaller for 0 of 3 professions"]
    said = texts(at).replace("\\", "")
    assert (
        said.count("no interval: 3 professions, at least 6 needed") == 2
        and "3 professions × 10 templates = 30" in said
    )
    assert said.count("Mean probability of he/she, him/her, his/her: ") == 2


def test_a_model_does_not_differ_from_itself_and_few_professions_are_no_evidence(gaps_page: Page) -> None:
    assert "**Too few professions for a test (at least 6)**" in texts(gaps_page())
    several = shipped_professions()[["profession", "women_share"]].head(6)
    assert "**No clear difference**" in texts(gaps_page(professions=several))


def test_the_summary_explains_the_mean_absolute_gap_without_nats(gaps_page: Page) -> None:
    at = gaps_page()
    assert len(helps(at)) == 2 and all("sign ignored" in one for one in helps(at))
    factor = at.metric[0].value.removesuffix(" times as likely")
    assert float(factor) == pytest.approx(math.exp(nats(at)[0]), abs=0.1)
    said = texts(at)
    assert "is one group as the other. " in said and all("geometric mean" in one for one in helps(at))
    assert re.search(r"“he” is more likely for \d professions, “she” for \d", said)
    corrected = gaps_page(value=BASELINES["corrected_gap"])
    assert "one group as the other" not in texts(corrected)
    assert "the profession changes the groups' ratio" in texts(corrected)
    assert all("the profession changes nothing" in one for one in helps(corrected))
    assert "At the vertical line the profession changes nothing" in texts(corrected)
    assert "equally likely" not in texts(corrected) + " ".join(helps(corrected))


@pytest.mark.parametrize(
    ("view", "title"),
    [
        ("Bias transfer", "professions|no bias to transfer"),
        ("Labour market", "profession"),
    ],
)
def test_a_link_opens_its_view(gaps_page: Page, view: str, title: str) -> None:
    at = gaps_page(view=view)
    assert not at.error
    assert len(titles(at)) == 1, "only the chosen view is drawn"
    assert re.search(title, titles(at)[0])


def test_other_word_groups_have_other_templates(gaps_page: Page) -> None:
    at = gaps_page()
    at.selectbox(key="contrast").select("woman-man").run()
    assert not at.error and not at.exception
    assert "P(man …) + P(woman …)" in texts(at), "each is a sum of several words"
    assert all("stands for: man, boy, gentleman" in one.replace("\\", "") for one in helps(at))
    editors = [set(editor.value["role"]) for editor in at.data_editor if "role" in editor.value]
    assert editors == [{"noun"}]


def test_of_three_groups_two_are_chosen(gaps_page: Page) -> None:
    at = gaps_page(contrast="pronouns-they", groups="she / they")
    assert not at.error
    assert "Mean probability of she/they, her/them, her/their" in texts(at)
    assert "does not fit" not in texts(at), "templates that fit they are chosen"
    unfit = pd.DataFrame({"text": ["[MASK] is {a profession}."], "role": ["subject"]})
    edits = template_link(*unfit.iloc[0])
    said = texts(gaps_page(contrast="pronouns-they", groups="she / they", **edits)).replace("\\", "")
    assert said.count("“they” does not fit 1 of 1 templates") == 2, "where the numbers stand"


def test_the_prior_corrected_gap_is_named_everywhere(gaps_page: Page) -> None:
    at = gaps_page(value=BASELINES["corrected_gap"])
    assert not at.error
    assert all("prior-corrected gap" in metric.label for metric in at.metric)
    assert "prior-corrected gap" in titles(at)[0]
    (figure,) = components(at)
    assert figure["sides"][0] == [f"more {one} than without the profession" for one in ("he", "she")]


def test_own_words_are_measured(gaps_page: Page) -> None:
    at = gaps_page(contrast="own", words_a="father, brother", words_b="mother, sister")
    assert not at.error
    assert "P(father …) + P(mother …)" in texts(at)


def test_the_shipped_words_are_shown_and_can_be_edited(gaps_page: Page) -> None:
    at = gaps_page()
    assert "**he**: he (subject), him (object), his (possessive)" in texts(at).replace("\\", "")
    at.selectbox(key="contrast").select("woman-man").run()
    assert "**woman**: woman\\, girl" in texts(at)
    at.button(key="gaps_words_edit").click().run()
    assert not at.error and not at.exception
    assert at.selectbox(key="contrast").value == "own" and at.selectbox(key="role").value == "noun"
    assert at.text_input(key="words_a").value == "man, boy, gentleman, male, guy, lad"
    assert at.text_input(key="words_b").value.startswith("woman, girl")
    assert "**Words**" not in texts(at), "they stand in the boxes now"


def test_a_link_determines_which_professions_are_shown(gaps_page: Page) -> None:
    many = shipped_professions()[["profession", "women_share"]].head(30)
    (figure,) = components(gaps_page(professions=many))
    assert any("note" in row for row in figure["rows"]), "both ends only"
    assert len(drawn(gaps_page(professions=many, gaps_rows="All"))) == 30


def test_a_link_marks_a_profession_that_would_not_be_shown(gaps_page: Page) -> None:
    many = shipped_professions()[["profession", "women_share"]].head(40)
    (figure,) = components(gaps_page(professions=many))
    shown = [row["name"] for row in figure["rows"] if "name" in row]
    other = next(name for name in many["profession"] if name not in shown)
    (figure,) = components(gaps_page(professions=many, profession=other))
    assert [row["name"] for row in figure["rows"] if row.get("marked")] == [other]
    (figure,) = components(gaps_page(professions=many, profession="<b>wizard</b>"))
    assert not any(row.get("marked") for row in figure["rows"])


def link_of(at: AppTest) -> str:
    """The edits in the address."""
    (text,) = (
        [at.query_params["edits"]] if isinstance(at.query_params["edits"], str) else at.query_params["edits"]
    )
    return text


def test_edits_are_a_part_of_the_link(gaps_page: Page) -> None:
    shipped = shipped_professions()[["profession", "women_share"]]
    at = gaps_page(professions=shipped)
    assert "edits" not in at.query_params
    edit(at, added=[{"profession": "wizard", "women_share": None}], deleted=[0])
    first = shipped["profession"][0]
    assert json.loads(link_of(at)) == {"professions": {"drop": [first], "add": [["wizard", None]]}}

    other = gaps_page(professions=shipped, edits=link_of(at), gaps_rows="All")
    assert "wizard" in drawn(other) and first not in drawn(other)
    assert link_of(other) == link_of(at)
    other.button(key="gaps_professions_reset").click().run()
    assert first in drawn(other) and "edits" not in other.query_params


def test_edited_templates_are_a_part_of_the_link(gaps_page: Page) -> None:
    one = pd.DataFrame({"text": ["[MASK] is {a profession}."], "role": ["subject"]})
    at = gaps_page(templates=one)
    assert "templates" in json.loads(link_of(at))
    other = gaps_page(edits=link_of(at))
    table = next(editor.value for editor in other.data_editor if "role" in editor.value)
    assert table[["text", "role"]].values.tolist() == one.values.tolist()


def test_an_invalid_row_in_a_link_gives_an_error_and_can_be_reset(gaps_page: Page) -> None:
    at = gaps_page(edits=json.dumps({"professions": {"add": [["wizard", 7]]}}))
    assert literal("The share of women for 'wizard' must be a number from 0 to 1") in errors(at)[0]
    at.button(key="gaps_professions_reset").click().run()
    assert not at.error and "edits" not in at.query_params


def test_a_note_names_the_table_with_too_many_edits_for_the_link(gaps_page: Page) -> None:
    many = pd.DataFrame({"profession": [f"keeper of {n} sheep" for n in range(300)], "women_share": 0.5})
    one = pd.DataFrame({"text": ["[MASK] is {a profession}."], "role": ["subject"]})
    at = gaps_page(professions=many, templates=one)
    assert "The link does not include the professions, because too many were edited" in texts(at)
    assert list(json.loads(link_of(at))) == ["templates"]


def test_one_template_and_one_profession_have_no_interval(gaps_page: Page) -> None:
    one = pd.DataFrame({"text": ["[MASK] is {a profession}."], "role": ["subject"]})
    at = gaps_page(templates=one, professions=TINY.head(1))
    assert not at.error and not at.exception
    said = texts(at).replace("\\", "").replace("\u2060", "")
    assert said.casefold().count("no interval: 1 profession, at least 6 needed") == 2, (
        "both models and the comparison"
    )
    assert "95 % interval" not in said and "nan" not in said
    assert "the only template, so there are no intervals" in said
    (figure,) = components(at)
    assert "NaN" not in json.dumps(figure)


def test_a_note_names_words_of_several_subword_tokens_and_the_model(
    gaps_page: Page, tiny_folder: Folder
) -> None:
    at = gaps_page(contrast="own", words_a="man, zoologist", words_b="woman")
    (note,) = [caption.value for caption in at.caption if "several subword tokens" in caption.value]
    assert literal(str(tiny_folder("bert"))) in note and r"zoologist \(" in note
    assert "man" not in note.replace("many", "")
    assert "several subword tokens" not in texts(gaps_page())


def test_a_warning_names_unreadable_text_and_its_sentence(gaps_page: Page, tiny_folder: Folder) -> None:
    odd = pd.DataFrame({"text": ["火 said that [MASK] is {a profession}."], "role": ["subject"]})
    at = gaps_page(templates=odd)
    (warning,) = [one.value for one in at.warning]
    assert literal(str(tiny_folder("bert"))) in warning
    assert "“火” in “火 said that" in warning.replace("\\", "")
    at = gaps_page(view="Two sentences", sentence_a="水 is a [MASK].", sentence_b="he is a [MASK].")
    (warning,) = [one.value for one in at.warning]
    assert "“水” in “水 is a" in warning.replace("\\", "")
    assert not gaps_page(view="Two sentences", sentence_a="he is a _.", sentence_b="she is a _.").warning


def test_markup_in_own_words_is_literal_in_the_summary_and_the_notes(gaps_page: Page) -> None:
    names = ["<b>x</b>", "$y$", "**z**"]
    rows = pd.DataFrame({"profession": names, "women_share": [0.1, 0.5, 0.9]})
    at = gaps_page(professions=rows, contrast="own", words_a=f"{names[0]}, {names[1]}", words_b=names[2])
    assert not at.error and not at.exception
    said = [*(one.value for one in at.caption), *helps(at)]
    assert any(f"P({literal(names[0])} …) + P({literal(names[2])})" in one for one in said)
    assert any(literal(f"{names[0]} (") in one and "several subword tokens" in one for one in said)
    for name in names:
        assert not any(name in one for one in said)
    assert drawn(at) and set(drawn(at)) == set(names), "the figure does not interpret Markdown"


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [("", "mother", "first word list is empty"), ("father", "mother, father", "father")],
)
def test_an_error_names_invalid_words_which_remain_typed(
    gaps_page: Page, a: str, b: str, sentence: str
) -> None:
    at = gaps_page(contrast="own", words_a="x", words_b=b)
    at.text_input(key="words_a").set_value(a).run()
    assert not at.exception
    assert len(at.error) == 1 and sentence in errors(at)[0]
    assert at.text_input(key="words_b").value == b
    assert not at.metric and at.selectbox(key="contrast").value == "own"


def test_an_error_names_an_invalid_template_and_the_rest_works(gaps_page: Page) -> None:
    at = gaps_page(templates=pd.DataFrame({"text": ["[MASK] is here."], "role": ["subject"]}))
    assert len(at.error) == 1 and "no placeholder for the profession" in errors(at)[0]
    assert len(at.data_editor) == 2
    at.segmented_control(key="view").set_value("Two sentences").run()
    assert len(titles(at)) == 2


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "$x$", "**b**", "`c`", ":red[d]"])
def test_markup_in_a_profession_is_literal_in_figures_and_messages(gaps_page: Page, name: str) -> None:
    rows = pd.DataFrame({"profession": [name, "nurse"], "women_share": [0.5, 0.9]})
    at = gaps_page(professions=rows, view="Bias transfer")
    found = errors(at)
    assert not at.exception
    if found:  # a tokenizer may not know such a word; the error then names it literally
        assert literal(name) in found[0]
    else:
        (chart,) = at.get("plotly_chart")
        assert "<script" not in chart.proto.spec and "$x$" not in chart.proto.spec


def test_edited_professions_are_measured(gaps_page: Page) -> None:
    at = gaps_page()
    edit(at, added=[{"profession": "teacher", "women_share": 0.7}], deleted=[0])
    assert not at.exception and not at.error
    assert "teacher" in drawn(at) and "nurse" not in drawn(at)


def test_all_professions_remain_shown_when_one_is_added(gaps_page: Page) -> None:
    at = gaps_page(professions=shipped_professions().head(30)[["profession", "women_share"]])
    at.query_params["gaps_rows"] = "All"
    at.run()
    assert len(drawn(at)) == 30
    edit(at, added=[{"profession": "wizard", "women_share": None}])
    assert not at.exception and len(drawn(at)) == 31


def test_edits_are_used_and_kept_while_the_tables_are_hidden(gaps_page: Page) -> None:
    at = gaps_page()
    edit(at, deleted=[0, 2])
    at.session_state["gaps_editors"] = False
    at.run()
    assert not at.data_editor and drawn(at) == ["carpenter"]
    at.session_state["gaps_editors"] = True
    at.run()
    table = next(editor.value for editor in at.data_editor if "profession" in editor.value)
    assert table["profession"].tolist() == ["carpenter"] == drawn(at)


def test_edits_survive_another_page_and_reset_restores_the_shipped_rows(gaps_page: Page) -> None:
    at = gaps_page()
    edit(at, deleted=[0, 2])
    at.switch_page("app/pages/predictions.py").run()
    at.switch_page("app/pages/gaps.py").run()
    assert drawn(at) == ["carpenter"]
    at.button(key="gaps_professions_reset").click().run()
    table = next(editor.value for editor in at.data_editor if "profession" in editor.value)
    assert len(table) >= 60


def test_an_uploaded_csv_replaces_the_professions(gaps_page: Page) -> None:
    at = gaps_page()
    at.file_uploader(key="gaps_upload").upload("mine.csv", b"profession\nlawyer\nfarmer\n").run()
    assert not at.error and not at.exception
    assert sorted(drawn(at)) == ["farmer", "lawyer"]


def test_an_invalid_csv_file_gives_one_error_and_changes_nothing(gaps_page: Page) -> None:
    at = gaps_page()
    at.file_uploader(key="gaps_upload").upload("mine.csv", b"job\nlawyer\n").run()
    assert len(at.error) == 1 and "no column" in errors(at)[0]
    assert len(drawn(at)) == 3, "the previous professions are still shown"


def test_only_the_labour_market_needs_shares(gaps_page: Page) -> None:
    at = gaps_page(view="Labour market", professions=TINY.assign(women_share=float("nan")))
    assert not at.error and not at.get("plotly_chart")
    assert "No profession has a share" in at.info[0].value


def test_an_error_names_a_model_that_cannot_be_loaded_and_the_inputs_remain(
    gaps_page: Page, tmp_path: Path
) -> None:
    at = gaps_page(student=str(tmp_path / "missing"))
    assert len(at.error) == 1 and "missing" in errors(at)[0]
    assert len(at.data_editor) == 2 and at.selectbox(key="contrast").value == "pronouns"
    at.segmented_control(key="view").set_value("Two sentences").run()
    assert len(titles(at)) == 1, "the teacher's preferences are still drawn"


def test_models_of_different_vocabularies_have_gaps_and_some_words_in_common(
    gaps_page: Page, tiny_folder: Callable[[str], Path]
) -> None:
    at = gaps_page(student=str(tiny_folder("roberta")))
    assert not at.error and len(titles(at)) == 1
    at.segmented_control(key="view").set_value("Two sentences").run()
    assert not at.exception
    assert len(titles(at)) + len(at.error) >= 2


def test_a_link_from_another_page_replaces_the_templates_of_this_session(gaps_page: Page) -> None:
    at = gaps_page()
    edit(at, deleted=[0])
    text = "{The profession} said that [MASK] was late."
    at.query_params["edits"] = template_link(text, "subject")["edits"]
    at.run()
    assert not at.error and not at.exception
    table = next(editor.value for editor in at.data_editor if "role" in editor.value)
    assert table["text"].tolist() == [text]
    assert "× 1 template = " in texts(at).replace("\\", "")
