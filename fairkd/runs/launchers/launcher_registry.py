"""The launchers that send runs away, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fairkd.runs.launchers.command_template import CommandTemplate
from fairkd.runs.launchers.destination import RAY, TEMPLATE, Destination
from fairkd.runs.launchers.launcher import Launcher
from fairkd.runs.launchers.ray_jobs import RayJobs

_KINDS: Mapping[str, Callable[[Mapping[str, str]], Launcher]] = {RAY: RayJobs, TEMPLATE: CommandTemplate}


def launcher_of(destination: Destination) -> Launcher:
    """The launcher of a destination that is not this machine."""
    return _KINDS[destination.launcher](destination.settings)
