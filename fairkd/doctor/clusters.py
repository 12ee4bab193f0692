"""Checks of the launchers: where runs work, and whether the clusters with settings here can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from fairkd.doctor.finding import Finding
from fairkd.errors import FairKDError
from fairkd.runs import launchers


def launcher() -> Iterator[Finding]:
    """Whether the default launcher exists, and each that has settings can be reached."""
    try:
        default = launchers.chosen(None)
        launchers.remote_slots()
    except FairKDError as error:
        yield Finding("launcher", "problem", str(error), "Correct the variable, or unset it.")
        return
    for name in launchers.configured():
        usual = " This is where runs work unless `--on` says otherwise." if name == default.launcher else ""
        if name == launchers.LOCAL:
            yield Finding("launcher", "ok", f"local: this machine.{usual}")
            continue
        try:
            said = launchers.launcher_of(launchers.chosen(name)).examine()
        except FairKDError as error:
            yield Finding("launcher", "problem", f"{name}: {error}")
        else:
            yield Finding("launcher", "ok", f"{name}: {said}{usual}")
