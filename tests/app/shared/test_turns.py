"""Long work waits for redraws, not for other long work, and never for long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.shared import turns


@contextmanager
def another_script(all_turns: turns.Turns, *, long: bool = False) -> Iterator[threading.Event]:
    """Another visitor's script, which runs until the event is set."""
    begun, end = threading.Event(), threading.Event()

    def run() -> None:
        with all_turns.script_run("one"):
            if long:
                all_turns.give_way()
            begun.set()
            end.wait(90)

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(10)
    yield end
    end.set()
    thread.join(10)


class LongWork:
    """Long work in a thread of its own; `ended` is set when it need not wait any more."""

    def __init__(self, all_turns: turns.Turns) -> None:
        self.ended = threading.Event()
        self._turns = all_turns
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        with self._turns.script_run("one"):
            self._turns.give_way()
            self.ended.set()


@pytest.fixture
def all_turns(monkeypatch: pytest.MonkeyPatch) -> turns.Turns:
    """With limits that no test reaches, however busy the machine is."""
    monkeypatch.setattr(turns, "LONGEST_WAIT", 60.0)
    monkeypatch.setattr(turns, "LONGEST_REDRAW", 60.0)
    return turns.Turns()


def test_long_work_alone_does_not_wait(all_turns: turns.Turns) -> None:
    assert LongWork(all_turns).ended.wait(30)


def test_long_work_waits_until_a_redraw_has_ended(all_turns: turns.Turns) -> None:
    with another_script(all_turns) as end:
        work = LongWork(all_turns)
        assert not work.ended.wait(0.2)
        end.set()
        assert work.ended.wait(30)


def test_long_work_goes_on_however_long_a_redraw_takes(
    all_turns: turns.Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LONGEST_WAIT", 0.1)
    with another_script(all_turns):
        assert LongWork(all_turns).ended.wait(20)


def test_long_work_does_not_wait_for_long_work(
    all_turns: turns.Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    with another_script(all_turns, long=True):
        assert LongWork(all_turns).ended.wait(20)
    monkeypatch.setattr(turns, "LONGEST_REDRAW", 0.0)
    with another_script(all_turns):
        assert LongWork(all_turns).ended.wait(20)


def test_a_session_is_alone_until_another_one_is_seen(
    all_turns: turns.Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    with all_turns.script_run("one"):
        assert all_turns.is_alone("one") and all_turns.is_alone("")
        assert not all_turns.is_alone("two")
    monkeypatch.setattr(turns, "ALONE_AFTER", 0.0)
    assert all_turns.is_alone("two")


def test_a_script_inside_a_script_is_the_same_one(all_turns: turns.Turns) -> None:
    with all_turns.script_run("one"):
        with all_turns.script_run("one"):
            pass
        assert len(all_turns._begun) == 1
    assert not all_turns._begun
