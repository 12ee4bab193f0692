"""What visitors may do, by the mode of the dashboard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fairkd import runs
from fairkd.distill.config import Config, make_config
from fairkd.errors import FairKDError, InputError
from fairkd.runs import Visitor, run_access
from fairkd.runs.visitors import NO_CHANGE, NO_COOKIE, NO_START, NOT_YOURS
from fairkd.utils import Access, Hosting

LOCAL = Visitor()
CLASS = Hosting(mode="class", shared=True, access=Access((), ()), unfinished_runs=2, minutes=5)
ONE, OTHER = Visitor(CLASS, "1" * 64), Visitor(CLASS, "2" * 64)
PRESENTER, STRANGER = Visitor(CLASS, "3" * 64, presenter=True), Visitor(CLASS)
DEMO = Visitor(Hosting(mode="demo", shared=True, access=Access((), ())), "4" * 64)


def config(**budget: float) -> Config:
    return make_config({"teacher": "embedded/teacher", "budget": budget or {"minutes": 5}})


def test_a_visitor_of_a_class_changes_their_own_runs_only(quiet: Path) -> None:
    (mine,) = ONE.submit([("mine", config())], owner="Ada")
    assert (mine.name, mine.owner, run_access.read(mine.folder).visitor) == ("mine", "Ada", ONE.id)
    changes = (runs.cancel, runs.delete, lambda id: runs.describe(id, name="x"))
    for stranger, reason in (
        (OTHER, NOT_YOURS.format("run")),
        (STRANGER, NOT_YOURS.format("run")),
        (DEMO, NO_CHANGE),
    ):
        assert stranger.change_refusal(mine) == reason
        for action in changes:
            with pytest.raises(InputError, match="changed on this server|started by somebody else"):
                stranger.change(mine.id, action)
        with pytest.raises(InputError):
            stranger.resume(mine.id)
    assert runs.get(mine.id) == mine
    assert ONE.change(mine.id, runs.cancel).state == "cancelled"
    assert PRESENTER.change_refusal(mine) is None and PRESENTER.resume(mine.id).state == "queued"
    assert LOCAL.change(mine.id, runs.cancel).state == "cancelled"
    PRESENTER.change(mine.id, runs.delete)
    assert runs.all_runs() == []


def test_nobody_in_a_class_owns_a_run_of_the_command_line_or_a_damaged_one(quiet: Path) -> None:
    run = runs.submit(config())
    assert ONE.change_refusal(run) == STRANGER.change_refusal(run) == NOT_YOURS.format("run")
    for content in ("{", json.dumps({"visitor": [ONE.id], "models": None, "text": None})):
        (run.folder / run_access.FILE).write_text(content)
        assert ONE.change_refusal(run) == NOT_YOURS.format("run") and PRESENTER.change_refusal(run) is None


def test_nothing_is_started_in_a_demo_or_without_a_cookie(quiet: Path) -> None:
    for visitor, reason in ((DEMO, NO_START), (STRANGER, NO_COOKIE)):
        assert visitor.start_refusal() == reason and visitor.upload_refusal() is not None
        with pytest.raises(InputError, match=reason[:20]):
            visitor.submit([("a", config())])
        with pytest.raises(InputError):
            visitor.upload("a.txt", b"She is a nurse.\n")
    assert runs.all_runs() == [] and not (quiet / "uploads").exists()


def test_the_quota_counts_what_is_queued_and_what_is_resumed(quiet: Path) -> None:
    first, _ = ONE.submit([("a", config()), ("b", config())])
    with pytest.raises(
        InputError, match="At most 2 of your runs can be queued or at work at a time, and 2 are"
    ):
        ONE.submit([("c", config())])
    with pytest.raises(InputError, match="At most 2"):
        OTHER.submit([(name, config()) for name in "abc"])
    assert OTHER.submit([("a", config())]) and PRESENTER.submit([(name, config()) for name in "abc"])
    ONE.change(first.id, runs.cancel)
    ONE.submit([("c", config())])
    with pytest.raises(InputError, match="At most 2"):
        ONE.resume(first.id)


def test_a_run_of_a_class_has_a_limited_training_time(quiet: Path) -> None:
    for budget, given in (({"minutes": 6}, "6 minutes"), ({"steps": 10}, "10 steps")):
        with pytest.raises(InputError, match=f"at most 5 minutes on this server, got {given}"):
            ONE.submit([("a", config(**budget))])
        PRESENTER.may_use(config(**budget))
    assert runs.all_runs() == []


def test_an_upload_is_for_the_visitor_who_has_uploaded_it(quiet: Path, tmp_path: Path) -> None:
    path = ONE.upload("letters.txt", b"She is a nurse there.\n")
    private = tmp_path / "private.txt"
    private.touch()
    assert ONE.access.source(path) == path
    wanted = make_config({"teacher": "embedded/teacher", "corpus": {"source": path}})
    for visitor in (OTHER, STRANGER, PRESENTER):
        with pytest.raises(FairKDError, match="not among the texts"):
            visitor.may_use(wanted)
    assert ONE.submit([("a", wanted)])[0].config["corpus"]["source"] == path
    with pytest.raises(FairKDError, match="not among the texts"):
        ONE.access.source(str(private))
    assert LOCAL.access.source(str(private)) == str(private)


def test_uploads_of_a_class_have_a_size_together(quiet: Path) -> None:
    visitor = Visitor(Hosting(mode="class", shared=True, megabytes=1), "5" * 64)
    visitor.upload("a.txt", b"a" * 2**19)
    with pytest.raises(InputError, match="1 MB together"):
        visitor.upload("b.txt", b"b" * (2**19 + 1))
    assert (visitor.upload_megabytes, LOCAL.upload_megabytes) == (1, 200)
