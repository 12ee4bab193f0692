"""The end of the Distill page: names of runs, and the command that starts the same ones."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from app.distill.reproduce_variants import command
from app.distill.start import few_steps_warning
from app.shared.launcher_choice import KEY
from fairkd import runs
from fairkd.cli.commands import app as fairkd
from fairkd.distill.config.config import make_config
from fairkd.distill.config.flat_settings import flat
from tests.app.conftest import OpenDistill
from tests.app.reading import started

pytestmark = pytest.mark.usefixtures("home")


def test_runs_get_the_name_owner_and_note_that_were_typed(open_distill: OpenDistill) -> None:
    app = open_distill(["plain", "fair"])
    app.text_input(key="distill_name").set_value("Lesson 3")
    app.text_input(key="distill_owner").set_value("Ada")
    app.text_input(key="distill_note").set_value("does it help?")
    app.button(key="start_all").click().run()
    assert not app.exception and set(started()) == {"plain, Lesson 3", "fair, Lesson 3"}
    assert {(run.owner, run.note) for run in runs.all_runs()} == {("Ada", "does it help?")}


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ({"steps": 30}, "30 steps are too few to learn from"),
        ({"steps": 30}, "only tests the setup"),
        ({"minutes": 0.5}, "0.5 minutes of training may be fewer than 50 steps"),
        ({"steps": 50}, None),
        ({"minutes": 5}, None),
    ],
)
def test_a_budget_that_only_tests_the_setup_is_named_before_the_start(
    budget: dict[str, float], words: str | None
) -> None:
    found = few_steps_warning(make_config({"budget": {"steps": None, "minutes": None} | budget}))
    assert found is None if words is None else found is not None and words in found


def test_one_run_has_the_typed_name_alone(open_distill: OpenDistill) -> None:
    app = open_distill(["fair"])
    app.text_input(key="distill_name").set_value("mine").run()
    app.button(key="start_one").click().run()
    assert list(started()) == ["mine"]


def test_where_to_run_is_asked_only_where_there_is_a_choice(
    open_distill: OpenDistill, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [box.key for box in open_distill(["fair"]).selectbox]
    assert KEY not in keys
    monkeypatch.setenv("FAIRKD_COMMAND", "sh -c 'echo job 1; : {command}'")
    monkeypatch.setenv("FAIRKD_CHECK_SECONDS", "0")
    app = open_distill(["fair"])
    assert app.selectbox(key=KEY).options == ["This machine", "sh"]
    app.session_state["reproduce_distill"] = True
    app.run()
    assert "--on" not in app.code[0].value
    app.selectbox(key=KEY).set_value("command").run()
    assert app.code[0].value.endswith(" --on command")
    app.button(key="start_one").click().run()
    assert not app.exception and [run.launcher for run in runs.all_runs()] == ["command"]


def test_the_command_starts_the_runs_that_the_page_starts(open_distill: OpenDistill) -> None:
    link = (
        '{"": {"seed": 3, "budget.steps": 7, "budget.minutes": null, "corpus.column": "1e3",'
        ' "evaluation.watched_sentences": ["Tea is \\"hot\\": [MASK]."]}, "fair": {"objective.group": 4.0}}'
    )
    app = open_distill(["fair"], set=link)
    app.button(key="start_one").click().run()
    (page,) = runs.all_runs()
    changes = app.session_state["distill_changes"]
    words = command(["fair"], {"teacher": page.config["teacher"], **changes[""], **changes["fair"]})
    result = CliRunner().invoke(fairkd, [*words[1:], "--json"])
    assert result.exception is None, result.output
    (typed,) = [run for run in runs.all_runs() if run.id != page.id]
    assert flat(typed.config) == flat(page.config)


def test_the_element_shows_one_command_for_variants_without_changes(open_distill: OpenDistill) -> None:
    app = open_distill(["plain", "fair"])
    app.session_state["reproduce_distill"] = True
    app.run()
    said = " ".join(code.value for code in app.code)
    assert "fairkd runs submit --preset plain --preset fair --set" in said
    app.slider(key="strength:fair").set_value(0.5).run()
    said = " ".join(code.value for code in app.code)
    assert "--preset plain" not in said and "--set constraint.strength=0.5" in said
