"""The lists of allowed models and texts at submit, and in the run's own process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fairkd import corpora, runs
from fairkd.distill.config import make_config
from fairkd.errors import FairKDError, InputError
from fairkd.runs import RunAccess, run_access, supervision
from fairkd.runs.runner import serve
from fairkd.utils import Access
from tests.runs import stand_in
from tests.runs.conftest import stored

NOTHING = RunAccess(Access(models=(), text=()), "visitor")


@pytest.mark.parametrize(
    "values",
    [
        {"teacher": "org/name"},
        {"teacher": "/no/such/folder"},
        {"student": {"kind": "existing", "reference": "org/name"}},
        {"student": {"reference": "/etc"}},
        {"corpus": {"source": "/etc/hostname"}},
        {"corpus": {"source": "hub:org/name"}},
        {"corpus": {"source": "small", "held_out": "/etc/hostname"}},
        {"student": {"kind": "fresh", "tokenizer": "org/name"}},
    ],
)
def test_what_is_not_allowed_is_refused_at_submit(quiet: Path, values: dict) -> None:
    with pytest.raises(FairKDError, match="does not exist, or is not among"):
        runs.submit(make_config({"teacher": "embedded/teacher", **values}), access=NOTHING)
    assert runs.all_runs() == [] and not list((quiet / "runs").glob("*"))


def test_the_environment_is_the_default_and_needs_no_torch(quiet: Path) -> None:
    code = (
        "import sys; from fairkd import runs; from fairkd.distill.config import make_config\n"
        "try: runs.submit(make_config({'teacher': 'org/name'}))\n"
        "except ValueError as error: print(error, 'torch' in sys.modules)"
    )
    environment = {
        "FAIRKD_HOME": str(quiet),
        "FAIRKD_ALLOWED_MODELS": "other/*",
        "PYTHONPATH": ":".join(sys.path),
    }
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert "org/name does not exist, or is not among the models" in found.stdout and "False" in found.stdout


def test_an_allowed_text_is_stored_by_its_resolved_path(quiet: Path, tmp_path: Path) -> None:
    (tmp_path / "text.txt").touch()
    (tmp_path / "link.txt").symlink_to(tmp_path / "text.txt")
    lists = RunAccess(Access(text=(f"{tmp_path.resolve()}/text.txt",)), "visitor")
    config = make_config({"corpus": {"source": str(tmp_path / "link.txt")}, "budget": {"steps": 1}})
    run = runs.submit(config, access=lists)
    assert run.config["corpus"]["source"] == str(tmp_path.resolve() / "text.txt")
    assert run_access.read(run.folder) == lists


def test_a_runner_without_the_variables_does_not_train_what_was_forbidden(
    quiet: Path,
) -> None:
    run = runs.submit(stand_in.config(2), access=RunAccess(Access(models=())))
    values = {**json.loads((run.folder / "config.json").read_text()), "teacher": "org/name"}
    (run.folder / "config.json").write_text(json.dumps(values))
    serve(command=stand_in.command, slots=1, poll=0.02)
    assert stored(run.id).state == "failed" and "not among the models allowed" in stored(run.id).sentence
    assert not (run.folder / "steps.txt").exists()
    with pytest.raises(FairKDError, match="not among the models"):
        runs.resume(run.id)
    (run.folder / run_access.FILE).write_text("{}")
    with pytest.raises(InputError, match=r"access\.json is damaged"):
        runs.resume(run.id)


def test_the_lists_of_the_dashboard_do_not_hold_for_a_run_of_the_command_line(
    quiet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.submit(stand_in.config(1))
    monkeypatch.setenv("FAIRKD_ALLOWED_TEXT", "")  # a dashboard starts the runner
    serve(command=stand_in.command, slots=1, poll=0.02)
    assert stored(run.id).state == "finished"


def test_the_process_of_a_run_has_the_lists_of_the_run(quiet: Path) -> None:
    given = {"PATH": "/bin", "FAIRKD_ALLOWED_MODELS": "org/*"}
    lists = RunAccess(Access(None, ("/srv/*", "/home/a,b/uploads/*")))
    run = runs.submit(make_config({"budget": {"steps": 1}}), access=lists)
    assert run_access.environment(given, run.folder) == {"PATH": "/bin", "FAIRKD_ALLOWED_TEXT": "/srv/*"}
    (run.folder / run_access.FILE).write_text("[]")
    closed = {"PATH": "/bin", "FAIRKD_ALLOWED_MODELS": "", "FAIRKD_ALLOWED_TEXT": ""}
    assert run_access.environment(given, run.folder) == closed
    (run.folder / run_access.FILE).unlink()
    assert run_access.environment(given, run.folder) == given


def test_a_resumed_run_must_be_allowed_by_the_lists_of_today(quiet: Path) -> None:
    run = runs.submit(make_config({"teacher": "org/name", "budget": {"steps": 1}}))
    runs.cancel(run.id)
    with pytest.raises(FairKDError, match="not among the models"):
        runs.resume(run.id, access=Access(models=()))
    assert runs.resume(run.id).state == "queued"


def test_a_visitor_of_a_class_changes_their_own_runs_only_through_a_run(quiet: Path) -> None:
    config = make_config({"budget": {"steps": 1}})

    def folder(visitor: str, limited: bool) -> Path:
        return runs.submit(config, access=RunAccess(Access(), visitor, own_runs_only=limited)).folder

    mine, too, theirs, host = folder("1", True), folder("1", True), folder("2", True), folder("", False)
    assert run_access.may_change(mine, too) and not run_access.may_change(mine, theirs)
    assert not run_access.may_change(mine, host) and run_access.may_change(host, mine)
    (theirs / run_access.FILE).write_text('{"models": null, "text": null, "visitor": "1"}')
    assert run_access.may_change(mine, theirs), "as an earlier version wrote it"
    for damage in ("{", "[]", '{"visitor": 5}'):
        (theirs / run_access.FILE).write_text(damage)
        assert not run_access.may_change(mine, theirs) and not run_access.may_change(theirs, mine)


def test_the_reader_checks_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text.txt").write_text("She is a nurse there.\nHe is an engineer here.\n")
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAIRKD_ALLOWED_TEXT", f"{tmp_path.resolve()}/*.txt")
    assert corpora.read(tmp_path / "text.txt").name == "text.txt"
    monkeypatch.setenv("FAIRKD_ALLOWED_TEXT", "")
    for read in (corpora.read, corpora.columns):
        with pytest.raises(InputError, match="not among the texts"):
            read(tmp_path / "text.txt")


def test_the_presenters_token_does_not_reach_runner_and_runs(
    quiet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRKD_PRESENTER_TOKEN", "a-token-of-this-class")
    assert "FAIRKD_PRESENTER_TOKEN" not in supervision.detached_environment()
