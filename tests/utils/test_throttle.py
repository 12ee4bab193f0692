"""How often something is let through."""

from __future__ import annotations

import pytest

from fairkd.utils import Throttle, throttle


class Clock:
    """`time.monotonic`, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(throttle.time, "monotonic", lambda: self.now)

    def due(self, throttle: Throttle, *, until: int) -> list[float]:
        """The seconds, tried every quarter up to `until`, at which the throttle is due."""
        begin, found = self.now, []
        while self.now < begin + until:
            self.now += 0.25
            if throttle.due():
                found.append(self.now - begin)
        return found


def test_a_throttle_is_due_once_in_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    assert clock.due(Throttle(2), until=7) == [2, 4, 6]
    assert clock.due(Throttle(), until=1) == [0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("first", [0.0, 3.0])
def test_the_first_time_may_be_another(monkeypatch: pytest.MonkeyPatch, first: float) -> None:
    clock = Clock(monkeypatch)
    limited = Throttle(2, first=first)
    assert limited.due() == (first == 0)
    assert clock.due(limited, until=6)[:2] == ([2, 4] if first == 0 else [3, 5])


def test_a_late_call_does_not_bring_the_next_one_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    limited = Throttle(2)
    clock.now += 3.5
    assert limited.due()
    assert clock.due(limited, until=3) == [2]


def test_a_restart_begins_the_seconds_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    limited = Throttle(2)
    clock.now += 1.5
    limited.restart()
    assert clock.due(limited, until=3) == [2]
