"""The pages for visitors of a shared dashboard: a demo and a class."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import streamlit as st

from app.distill.corpus import BUG, SMALL_TEXT
from app.distill.text_input import NAMED, UPLOAD
from app.shared.visitor import COOKIE, PROOF, hosting, is_public
from fairkd import runs
from fairkd.runs import run_access
from fairkd.utils import visitor_id
from tests.app.conftest import OpenApp, OpenDistill, OpenRuns
from tests.app.reading import started, texts
from tests.app.some_runs import add_run, training

TOKEN = "a-token-of-this-class"
MINE, THEIRS = "m" * 43, "t" * 43

pytestmark = pytest.mark.usefixtures("home", "no_examples")


@pytest.fixture
def class_mode(monkeypatch: pytest.MonkeyPatch, cookies: dict[str, str], tiny_models: None) -> None:
    """A class, in which this browser has a cookie."""
    monkeypatch.setenv("FAIRKD_MODE", "class")
    monkeypatch.setenv("FAIRKD_PRESENTER_TOKEN", TOKEN)
    cookies[COOKIE] = MINE


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch, tiny_models: None) -> None:
    monkeypatch.setenv("FAIRKD_MODE", "demo")


@pytest.fixture
def tiny_models(monkeypatch: pytest.MonkeyPatch, tiny_folder) -> None:
    """The tiny models of the tests are on the host's list."""
    monkeypatch.setenv("FAIRKD_ALLOWED_MODELS", str(tiny_folder("bert").resolve()))


def run_of(cookie: str, state: str = "cancelled") -> str:
    """A run that a visitor with this cookie has started."""
    id = add_run("one", state, events=training(100))
    content = {"visitor": visitor_id(cookie), "models": None, "text": None}
    (runs.get(id).folder / run_access.FILE).write_text(json.dumps(content))
    return id


def buttons(app) -> set[str]:
    return {button.label for button in app.button}


@pytest.mark.usefixtures("class_mode")
def test_in_a_class_others_look_at_a_run_and_the_presenter_changes_it(
    open_runs: OpenRuns, cookies: dict[str, str]
) -> None:
    id = run_of(THEIRS)
    app = open_runs(run=id)
    assert not buttons(app) & {"Resume", "Delete"} and "started by somebody else" in texts(app)
    cookies[PROOF] = hosting().proof(MINE)
    app.run()
    assert {"Resume", "Delete"} <= buttons(app) and "You are the presenter" in texts(app)
    app.button(key=f"delete_{id}").click().run()
    app.button(key=f"confirm_{id}").click().run()
    assert runs.all_runs() == []


@pytest.mark.usefixtures("class_mode")
def test_a_button_that_was_drawn_earlier_is_refused_when_it_is_pressed(
    open_runs: OpenRuns, cookies: dict[str, str]
) -> None:
    id = run_of(MINE)
    assert " · yours" in texts(open_runs())
    app = open_runs(run=id)
    assert {"Resume", "Delete"} <= buttons(app)
    cookies[COOKIE] = THEIRS
    app.button(key=f"resume_{id}").click().run()
    assert "started by somebody else" in texts(app) and runs.get(id).state == "cancelled"


@pytest.mark.usefixtures("class_mode")
def test_a_visitor_of_a_class_starts_runs_within_the_quota(
    open_distill: OpenDistill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRKD_CLASS_RUNS", "1")
    app = open_distill(["plain"])
    assert app.radio(key="distill_text").options == [BUG, SMALL_TEXT, UPLOAD]
    app.button(key="start_one").click().run()
    (run,) = runs.all_runs()
    assert run_access.read(run.folder).visitor == visitor_id(MINE)
    app.button(key="start_one").click().run()
    assert len(runs.all_runs()) == 1 and "At most 1 of your runs" in texts(app)


@pytest.mark.usefixtures("class_mode")
def test_a_path_in_a_link_is_neither_read_nor_started(
    open_distill: OpenDistill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("She is a secret nurse here.\n" * 3)
    said = set()
    for source in (secret, tmp_path / "none.txt", "hub:org/name"):
        app = open_distill(["plain"], set=json.dumps({"": {"corpus.source": str(source)}}))
        assert app.radio(key="distill_text").value == NAMED
        assert "secret nurse" not in texts(app) and app.button(key="start_one").disabled
        said.add(texts(app).replace(str(source), "SOURCE"))
    assert len(said) == 1 and "does not exist, or is not among the texts allowed here" in said.pop()
    monkeypatch.setenv("FAIRKD_ALLOWED_TEXT", f"{tmp_path.resolve()}/*")
    app = open_distill(["plain"], set=json.dumps({"": {"corpus.source": str(secret)}}))
    assert "secret nurse" in texts(app) and not app.button(key="start_one").disabled


@pytest.mark.usefixtures("class_mode")
def test_a_model_that_is_not_listed_is_neither_loaded_nor_a_student(
    open_distill: OpenDistill, tmp_path: Path
) -> None:
    change = {"student.kind": "existing", "student.reference": str(tmp_path)}
    app = open_distill(["plain"], set=json.dumps({"": change}))
    assert "not among the models allowed here" in texts(app) and app.button(key="start_one").disabled
    app = open_distill(["plain"], teacher=str(tmp_path))
    assert "not among the models allowed here" in texts(app) and app.button(key="start_one").disabled


@pytest.mark.usefixtures("class_mode")
def test_an_upload_belongs_to_the_visitor(open_distill: OpenDistill, cookies: dict[str, str]) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(UPLOAD).run()
    app.file_uploader(key="distill_upload").upload("a.txt", b"She is a nurse of mine.\n" * 3).run()
    assert "nurse of mine" in texts(app)
    app.button(key="start_one").click().run()
    source = started()["plain"].corpus.source
    cookies[COOKIE] = THEIRS
    app = open_distill(["plain"], set=json.dumps({"": {"corpus.source": source}}))
    assert "nurse of mine" not in texts(app) and "not among the texts" in texts(app)


@pytest.mark.usefixtures("demo")
def test_a_demo_shows_previews_but_starts_and_changes_nothing(
    open_distill: OpenDistill, open_runs: OpenRuns
) -> None:
    app = open_distill(["fair"])
    assert "Runs cannot be started on this server." in texts(app)
    assert not any(key.startswith(("start", "estimate")) for key in (button.key for button in app.button))
    assert app.radio(key="distill_text").options == [BUG, SMALL_TEXT] and app.get("bidi_component")
    id = run_of(MINE)
    app = open_runs(run=id)
    assert not buttons(app) & {"Resume", "Delete", "Cancel"} and runs.get(id).state == "cancelled"


@pytest.mark.usefixtures("demo")
def test_a_demo_takes_no_upload_of_professions(open_app: OpenApp) -> None:
    app = open_app()
    app.switch_page("app/pages/gaps.py").run()
    assert not app.exception and not app.get("file_uploader")


@pytest.mark.parametrize("mode", ["local", "class"])
def test_a_link_starts_cancels_and_deletes_nothing(
    open_runs: OpenRuns,
    open_distill: OpenDistill,
    monkeypatch: pytest.MonkeyPatch,
    cookies: dict[str, str],
    tiny_models: None,
    mode: str,
) -> None:
    monkeypatch.setenv("FAIRKD_MODE", mode)
    cookies[COOKIE] = MINE
    id = run_of(MINE)
    names = ("cancel", "delete", "confirm", "resume", "edit", "description")
    pressed = {key: "true" for name in names for key in (name, f"{name}_{id}")}
    app = open_runs(run=id, run_to_delete=id, action="delete", **pressed)
    assert not app.exception and runs.get(id).state == "cancelled"
    open_distill(["plain"], start_one="true", start_all="true", estimate="true")
    assert [run.id for run in runs.all_runs()] == [id]


@pytest.mark.parametrize(
    ("address", "public"),
    [("127.0.0.1", False), ("localhost", False), ("::1", False), ("[::1]", False), ("127.8.8.8", False)]
    + [(None, True), ("", True), ("0.0.0.0", True), ("::", True), ("10.0.0.7", True), ("host.example", True)],
)
def test_a_server_is_public_unless_it_listens_on_this_machine_only(
    monkeypatch: pytest.MonkeyPatch, address: str | None, public: bool
) -> None:
    monkeypatch.setattr(st, "get_option", lambda name: address)
    assert is_public() == public


def test_the_readmes_command_listens_on_this_machine_only() -> None:
    assert st.get_option("server.address") == "127.0.0.1"
