"""The Predictions page as Streamlit runs it, without a browser."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from app.predictions.compared import written_in_pieces
from tests import ROOT
from tests.app.conftest import OpenApp


def figure(app: AppTest) -> dict:
    """The data of the figure with the columns."""
    return json.loads(app.get("bidi_component")[0].proto.json)[0]


def here(app: AppTest) -> dict:
    """The chosen position in the data of the figure."""
    return figure(app)["positions"][figure(app)["selected"] - 1]


def words(app: AppTest) -> list[str]:
    return [word["text"] for word in here(app)["words"]]


# --- the start ---


def test_the_page_starts_with_milk_and_the_mask_chosen(open_app: OpenApp) -> None:
    app = open_app()
    assert app.text_input(key="text").value == "Milk is a [MASK]."
    drawn = figure(app)
    assert drawn["columns"][drawn["selected"] - 1]["masked"]
    assert [panel["role"] for panel in drawn["panels"]] == ["teacher", "student"]
    assert not app.error


def test_a_slash_at_the_end_of_a_folder_makes_no_difference(
    open_app: OpenApp, tiny_folder: Callable[[str], Path]
) -> None:
    tiny = str(tiny_folder("bert"))
    app = open_app(teacher=f"{tiny}/", word="he")
    assert not app.error and app.session_state["chosen_models"] == {
        "teacher": tiny,
        "student": tiny,
        "student2": "",
    }


def test_the_measures_of_the_position_are_shown(open_app: OpenApp) -> None:
    shown = {measure["name"]: measure["values"] for measure in here(open_app(k="5"))["measures"]}
    assert shown["Distance from the teacher"] == [["student", "1.00"]], "the model is its own student here"
    assert shown["Words in both top 5"] == [["student", "5 of 5"]]


def test_no_part_of_the_page_needs_a_large_library_in_the_browser(open_app: OpenApp) -> None:
    app = open_app(hard="true")
    assert len(app.dataframe) == 0 and len(app.get("plotly_chart")) == 0


def test_the_link_reproduces_the_view(open_app: OpenApp) -> None:
    app = open_app(
        text="he is a [MASK]",
        k="3",
        temperature="2.0",
        each="true",
        log="true",
        hard="true",
        position="2",
        word="she",
    )
    drawn = figure(app)
    assert (len(drawn["columns"]), drawn["rows"], drawn["selected"]) == (4, 3, 2)
    assert drawn["scale"]["title"] == "Shade: probability, log scale"
    assert app.slider(key="temperature").value == 2.0 and app.toggle(key="each").value
    assert here(app)["log"] and "At “is”" in here(app)["finding"]
    assert "hard label" in here(app)["targets"]["title"]
    lines = drawn["compared"]["lines"]
    assert drawn["compared"]["words"] == ["she", ""] and drawn["compared"]["number"] == 2
    assert [line["role"] for line in lines] == ["teacher", "student"] and "rank" in lines[0]["text"]


def test_two_words_of_the_link_are_compared(open_app: OpenApp) -> None:
    compared = figure(open_app(word="he", against="milk"))["compared"]
    assert compared["words"] == ["he", "milk"]
    assert all("times as likely as" in line["text"] for line in compared["lines"])


def test_a_word_of_several_pieces_is_marked_where_it_is_compared(open_app: OpenApp) -> None:
    compared = figure(open_app(word="he", against="hehe"))["compared"]
    assert compared["warning"].startswith("“hehe” is written in 3 pieces. Its probability is an estimate")
    assert not figure(open_app(word="he", against="milk"))["compared"]["warning"]


def test_words_of_the_visitor_make_the_title_unless_both_are_very_unlikely(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = figure(open_app(word="he", against="milk"))["compared"]
    assert compared["finding"].startswith("At “[MASK]”: “he” is ")
    assert "“milk” for the teacher, " in compared["finding"] and compared["finding"].endswith("the student")
    monkeypatch.setattr("app.predictions.compared.UNLIKELY", 1.0)
    compared = figure(open_app(word="he", against="milk"))["compared"]
    assert "finding" not in compared and "both words are very unlikely" in compared["warning"].lower()


def test_a_word_of_several_pieces_has_no_ratio(open_app: OpenApp) -> None:
    compared = figure(open_app(word="he", against="hehe"))["compared"]
    for line in compared["lines"]:
        assert line["text"].startswith("gives “he” ") and "times" not in line["text"]
        assert line["text"].endswith("(an estimate)")


def test_pieces_are_counted_for_each_model() -> None:
    assert written_in_pieces("x", {"teacher": 1}) == ""
    assert written_in_pieces("x", {"teacher": 2, "student": 2}).startswith("“x” is written in 2 pieces. ")
    assert "in 3 pieces by the student." in written_in_pieces("x", {"teacher": 1, "student": 3})


def test_an_invalid_position_falls_back_to_the_mask(open_app: OpenApp) -> None:
    for nonsense in ("99", "0", "-1", "x", "²", ""):
        assert figure(open_app(text="he is a [MASK]", position=nonsense))["selected"] == 4


# --- controls ---


def test_an_example_becomes_the_sentence_and_resets_the_position(open_app: OpenApp) -> None:
    app = open_app(text="he is a [MASK]", position="1")
    app.get_by_key("preset").set_value("[MASK] is a nurse.").run()
    assert not app.exception
    assert app.text_input(key="text").value == "[MASK] is a nurse."
    assert figure(app)["selected"] == 1 and figure(app)["columns"][0]["masked"]
    assert "position" not in app.query_params


def test_half_a_mask_can_be_completed(open_app: OpenApp) -> None:
    app = open_app(text="[MASK is a nurse.", position="2")
    app.button(key="complete").click().run()
    assert app.text_input(key="text").value == "[MASK] is a nurse."
    assert figure(app)["columns"][figure(app)["selected"] - 1]["masked"]
    assert not [button for button in app.button if button.key == "complete"]


def test_another_sentence_resets_the_position(open_app: OpenApp) -> None:
    app = open_app(text="he is a [MASK]", position="1")
    app.text_input(key="text").set_value("she is [MASK]").run()
    drawn = figure(app)
    assert drawn["columns"][drawn["selected"] - 1]["masked"]


def test_top_k_sets_the_rows_of_the_figure_and_of_the_bars(open_app: OpenApp) -> None:
    app = open_app()
    app.slider(key="k").set_value(4).run()
    assert {len(column) for panel in figure(app)["panels"] for column in panel["columns"]} == {4}
    assert len(words(app)) == 4


def test_temperature_flattens_the_distribution(open_app: OpenApp) -> None:
    best = [figure(open_app(temperature=t))["panels"][0]["columns"][3][0][1] for t in ("0.5", "1.0", "4.0")]
    assert best == sorted(best, reverse=True) and best[0] > best[-1]


def test_a_sentence_without_a_mask_is_read_as_written(open_app: OpenApp) -> None:
    app = open_app(text="he is a nurse")
    assert not app.error
    assert not any(column["masked"] for column in figure(app)["columns"])


def test_the_measures_of_all_positions_are_shown_when_opened(open_app: OpenApp) -> None:
    app = open_app()
    assert not app.table
    app.session_state["along"] = True
    app.run()
    assert len(app.table[0].value) == len(figure(app)["columns"])


def test_both_students_are_compared_with_the_teacher_along_the_sentence(
    open_app: OpenApp, tiny_folder: Callable[[str], Path]
) -> None:
    app = open_app(student2=str(tiny_folder("electra")))
    app.session_state["along"] = True
    app.run()
    names = [[name for name in table.value.columns if name.startswith("KL")] for table in app.table]
    assert names == [["KL(teacher ‖ student), nats"], ["KL(teacher ‖ second student), nats"]]


# --- invalid input: one clear error, and the page still works ---


def plain(text: str) -> str:
    return text.replace("\\", "").replace("\u2060", "")


def test_an_empty_sentence_is_one_error_and_the_controls_stay(open_app: OpenApp) -> None:
    app = open_app()
    app.text_input(key="text").set_value("").run()
    assert len(app.error) == 1
    app.run()  # of the whole page; a changed input draws the results alone
    assert len(app.error) == 1
    assert app.slider(key="k").value == 7
    app.text_input(key="text").set_value("he is [MASK]").run()
    assert not app.error and figure(app)["columns"]


def test_the_error_for_a_long_sentence_names_its_length(open_app: OpenApp) -> None:
    app = open_app(text="he " * 700)
    (error,) = app.error
    assert "702" in error.value, error.value


def test_unknown_characters_cause_a_warning(open_app: OpenApp) -> None:
    app = open_app(text="he is a ☃ [MASK]")
    (warning,) = app.warning
    assert "☃" in warning.value
    assert any(column["unknown"] for column in figure(app)["columns"])


@pytest.mark.parametrize("role", ["teacher", "student"])
def test_if_one_model_cannot_be_loaded_the_other_is_still_shown(open_app: OpenApp, role: str) -> None:
    app = open_app(**{role: "./no/such/<b>folder</b>"})
    (error,) = app.error
    assert "<b>folder</b>" in plain(error.value) and "<b>" not in error.value
    (panel,) = figure(app)["panels"]
    assert panel["role"] != role
    assert words(app) and not any(role in word for word in here(app)["words"])


def test_with_different_vocabularies_there_is_no_kl_and_a_reason(
    open_app: OpenApp, tiny_folder: Callable[[str], Path]
) -> None:
    app = open_app(student=str(tiny_folder("roberta")))
    assert "Distance from the teacher" not in {measure["name"] for measure in here(app)["measures"]}
    assert any("different vocabularies" in one.value for one in app.info)
    assert len(figure(app)["panels"]) == 2


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script> [MASK]", "**bold** [MASK]", "$x$ :red[y] [MASK]"]
)
def test_markup_in_the_sentence_reaches_the_browser_as_text(open_app: OpenApp, text: str) -> None:
    app = open_app(text=text, word="<i>she</i>", hard="true")
    assert figure(app)["sentence"] == text
    assert not any(text in one.value for one in [*app.markdown, *app.caption])
    assert not any("<i>she</i>" in one.value for one in app.markdown)


def test_a_word_that_cannot_be_spelled_is_named(open_app: OpenApp) -> None:
    app = open_app(word="☃")
    assert not app.exception
    assert all("☃" in line["text"] for line in figure(app)["compared"]["lines"])


# --- to the Gaps page and back ---


def test_a_sentence_can_be_measured_on_gaps_and_leads_back(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app(text="[MASK] is a nurse.", k="20")
    roles = dict.fromkeys(words(app), "subject")  # whatever the tiny model expects there
    monkeypatch.setattr("app.predictions.gap_link._ROLES", roles)
    app.run()
    (link,) = [one for one in app.get("page_link") if "Gaps" in one.proto.label]
    app.query_params["edits"] = parse_qs(link.proto.query_string)["edits"][0]
    app.switch_page("app/pages/gaps.py").run()
    assert not app.exception
    (back,) = [one for one in app.get("page_link") if "Back to" in one.proto.label]
    assert parse_qs(back.proto.query_string) == {"text": ["[MASK] is a nurse."]}


def test_a_sentence_without_a_profession_has_no_link(open_app: OpenApp) -> None:
    links = open_app(text="[MASK] is tall.").get("page_link")
    assert not [link for link in links if "Gaps" in link.proto.label]


# --- imports ---


def test_pages_import_neither_torch_nor_transformers() -> None:
    for page in (ROOT / "app" / "pages").glob("*.py"):
        names = {
            (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
            for node in ast.walk(ast.parse(page.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not {name.split(".")[0] for name in names} & {"torch", "transformers"}, page.name


def test_there_is_one_command_for_each_model_of_the_page(
    open_app: OpenApp, tiny_folder: Callable[[str], Path]
) -> None:
    models = [str(tiny_folder(name)) for name in ("bert", "distilbert", "electra")]
    app = open_app(teacher=models[0], student=models[1], student2=models[2])
    app.session_state["cite_predictions"] = True
    app.run()
    lines = next(code.value for code in app.code if code.value.startswith("fairkd predict")).splitlines()
    assert [line.split("--model ")[1].split()[0] for line in lines] == models
