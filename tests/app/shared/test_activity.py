"""The warm-up: it computes the right gaps, and only while no script runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.gaps import results
from app.gaps.cache import GapStore
from app.gaps.inputs import default_question
from app.shared import activity
from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM
from tests import ROOT


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Replaces measuring and records each call: the template and the number of professions."""
    asked: list[tuple[str, int]] = []

    def measure(model: object, question: object, templates: list, names: list, *_: object) -> pd.DataFrame:
        asked.extend((template.text, len(names)) for template in templates)
        rows = [(template.text, template.role, name.name, 0.0) for template in templates for name in names]
        return pd.DataFrame(rows, columns=["template", "role", "profession", "gap"])

    monkeypatch.setattr(results, "measure", measure)
    return asked


def test_the_gaps_page_shows_precomputed_gaps(
    tiny_folder: Callable[[str], Path], tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = str(tiny_folder("bert"))
    store = GapStore()
    monkeypatch.setattr(results, "store", lambda: store)
    activity.precompute_gaps(activity.Activity(), store, {model: tiny_bert}, default_question())

    def fail(*_: object) -> pd.DataFrame:
        raise AssertionError("measured again")

    monkeypatch.setattr(results, "measure", fail)
    monkeypatch.setattr("app.shared.sidebar.model_options", lambda: (model, model))
    at = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120)
    at.query_params["teacher"] = at.query_params["student"] = model
    at.run()
    at.switch_page("app/pages/gaps.py").run()
    assert not at.exception and not at.error and len(at.metric) == 2


def test_every_run_of_a_fragment_counts_as_activity(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = activity.Activity()
    monkeypatch.setattr(activity, "activity", lambda: watched)

    @activity.track_activity()
    def body() -> bool:
        waiting = threading.Thread(target=watched.wait_until_idle, args=(0.0,))
        waiting.start()
        waiting.join(0.1)
        return waiting.is_alive()

    assert body() and body()
    watched.wait_until_idle(0.0)  # returns, because nothing runs any more


def test_nothing_is_precomputed_while_a_script_runs(measured: list[tuple[str, int]]) -> None:
    watched, question = activity.Activity(), default_question()
    with watched.script_run():
        models: dict = {"a": None}
        thread = threading.Thread(
            target=activity.precompute_gaps, args=(watched, GapStore(), models, question), daemon=True
        )
        thread.start()
        time.sleep(activity.IDLE_SECONDS + 0.3)
        assert not measured
    thread.join(60)
    assert measured == [(template.text, len(question.names)) for template in question.templates]


def test_models_are_loaded_only_once_the_page_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = activity.Activity()
    loaded: list[str] = []
    monkeypatch.setattr(activity, "activity", lambda: watched)
    monkeypatch.setattr(activity, "load_silently", loaded.append)
    with watched.script_run():
        thread = threading.Thread(target=activity._warm_up, args=("a", "b"), daemon=True)
        thread.start()
        time.sleep(activity.IDLE_SECONDS + 0.2)
        assert not loaded
    thread.join(60)
    assert loaded == ["a", "b"]


def test_the_default_models_are_loaded_without_a_visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(activity, "activity", activity.Activity)
    monkeypatch.setattr(activity, "UNVISITED_SECONDS", 0.01)
    monkeypatch.setattr(activity, "load_silently", loaded.append)
    activity.load_default_models()
    assert loaded == ["embedded/teacher", "embedded/student-fair"]


def test_threads_work_from_the_start_of_the_server_to_its_end() -> None:
    watched = activity.Activity()
    idle: list[bool] = []
    watched.start(lambda: idle.append(watched.wait_until_idle(0.0)))
    watched.open()
    watched.start(lambda: idle.append(watched.wait_until_idle(60)))
    time.sleep(0.1)
    assert not idle
    watched.close()
    assert idle == [False], "the end of the server ends the wait, and the first one was before its start"


def test_the_server_is_idle_only_after_the_last_of_several_scripts() -> None:
    watched = activity.Activity()
    over = threading.Event()

    def wait() -> None:
        watched.wait_until_idle(0.2)
        over.set()

    with watched.script_run():
        with watched.script_run():
            threading.Thread(target=wait, daemon=True).start()
        assert not over.wait(0.5), "one still runs"
    assert over.wait(30)


def test_a_failed_script_no_longer_counts_as_running() -> None:
    watched = activity.Activity()
    with pytest.raises(ZeroDivisionError), watched.script_run():
        _ = 1 / 0
    watched.wait_until_idle(0.01)


def test_the_warm_up_ignores_gaps_that_cannot_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> pd.DataFrame:
        raise InputError("The tokenizer does not know 'nurse'.")

    monkeypatch.setattr(results, "measure", refuse)
    activity.precompute_gaps(activity.Activity(), GapStore(), {"a": None}, default_question())


@pytest.mark.parametrize("pair", [("embedded/teacher", "some/model"), ("some/model", "embedded/teacher")])
def test_only_embedded_models_are_warmed_up(pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, str]] = []
    monkeypatch.setattr(activity, "_start", lambda *pair: started.append(pair))
    activity.warm_up(*pair)
    assert not started
    activity.warm_up("embedded/teacher", "embedded/student-fair")
    assert started == [("embedded/teacher", "embedded/student-fair")]
