"""Where a run works: the launchers by name, and the settings that a run is sent away with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from fairkd.errors import InputError
from fairkd.utils import did_you_mean, nearest, quoted

VARIABLE = "FAIRKD_LAUNCHER"
LOCAL = "local"  # the runner of this machine
LAUNCHERS = (LOCAL,)


@dataclass(frozen=True)
class Destination:
    """A launcher by name, with the settings of it that held when a run was submitted."""

    launcher: str = LOCAL
    settings: Mapping[str, str] = field(default_factory=dict)


def chosen(on: str | None) -> Destination:
    """The destination of a launcher's name; by default that of FAIRKD_LAUNCHER, else this machine.

    Raises
    ------
    InputError
        When there is no such launcher.
    """
    given = os.environ.get(VARIABLE, "") if on is None else on
    name = given.strip() or LOCAL
    if name not in LAUNCHERS:
        source = VARIABLE if on is None else "--on"
        raise InputError(
            f"There is no launcher {quoted(name)} ({source}): expected {' or '.join(LAUNCHERS)}."
            + did_you_mean(nearest(name, LAUNCHERS))
        )
    return Destination(name)
