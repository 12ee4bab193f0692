"""Where a run works: the launchers by name, and the settings that a run is sent away with.

The settings come from the environment of whoever submits a run, and are stored with the run: the runner may
have been started with others.
"""

from __future__ import annotations

import os
import shlex
import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from fairkd.errors import InputError
from fairkd.utils import did_you_mean, nearest, quoted

VARIABLE = "FAIRKD_LAUNCHER"
SLOTS = "FAIRKD_REMOTE_SLOTS"
PYTHON = "FAIRKD_REMOTE_PYTHON"
RAY_ADDRESS, RAY_CPUS, RAY_GPUS = "FAIRKD_RAY_ADDRESS", "FAIRKD_RAY_CPUS", "FAIRKD_RAY_GPUS"
RAYS_OWN_ADDRESS = "RAY_ADDRESS"  # Ray's own variable, where FairKD's is not set
COMMAND, CANCEL_COMMAND, STATUS_COMMAND = (
    "FAIRKD_COMMAND",
    "FAIRKD_COMMAND_CANCEL",
    "FAIRKD_COMMAND_STATUS",
)
# What a template may hold, and what it must.
PLACEHOLDERS = {
    COMMAND: ({"command", "name"}, "command"),
    CANCEL_COMMAND: ({"job", "name"}, "job"),
    STATUS_COMMAND: ({"job", "name"}, "job"),
}

LOCAL = "local"
RAY = "ray"
TEMPLATE = "command"
LAUNCHERS = (LOCAL, RAY, TEMPLATE)
USUAL_SLOTS = 64  # runs sent away at a time: beyond them, the cluster's own queue decides


@dataclass(frozen=True)
class Destination:
    """A launcher by name, with the settings of it that held when a run was submitted."""

    launcher: str = LOCAL
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def away(self) -> bool:
        """Whether runs are sent away."""
        return self.launcher != LOCAL

    @property
    def place(self) -> str:
        """Where that is, in words: `Ray at http://head:8265`, `sbatch`."""
        if self.launcher == RAY:
            return f"Ray at {self.settings.get(RAY_ADDRESS, '')}"
        words = self.settings.get(COMMAND, "").split()
        return words[0] if self.launcher == TEMPLATE and words else "This machine"


def chosen(on: str | None) -> Destination:
    """The destination of a launcher's name; by default that of FAIRKD_LAUNCHER, else this machine.

    Raises
    ------
    InputError
        When there is no such launcher, or one of its settings is missing or invalid.
    """
    given = _variable(VARIABLE) if on is None else on.strip()
    name = given or LOCAL
    if name not in LAUNCHERS:
        source = VARIABLE if on is None else "--on"
        raise InputError(
            f"There is no launcher {quoted(name)} ({source}): expected {', '.join(LAUNCHERS[:-1])} or"
            f" {LAUNCHERS[-1]}.{did_you_mean(nearest(name, LAUNCHERS))}"
        )
    settings = {LOCAL: dict, RAY: _ray_settings, TEMPLATE: _template_settings}[name]()
    if name != LOCAL and (python := _variable(PYTHON)):
        settings[PYTHON] = python
    return Destination(name, settings)


def configured() -> list[str]:
    """The launchers that the environment has settings for, FAIRKD_LAUNCHER's first."""
    known = [LOCAL]
    if _ray_address():
        known.append(RAY)
    if _variable(COMMAND):
        known.append(TEMPLATE)
    return sorted(known, key=lambda name: name != (_variable(VARIABLE) or LOCAL))


def place_of(name: str) -> str:
    """Where a launcher's runs work, in words; the name where its settings are wrong."""
    try:
        return chosen(name).place
    except InputError:
        return name


def remote_slots() -> int:
    """How many runs are sent away at a time: FAIRKD_REMOTE_SLOTS, 64 by default.

    Raises
    ------
    InputError
        When it is no such number.
    """
    return int(_number(SLOTS, str(USUAL_SLOTS), least=1, most=9999, whole=True))


def _ray_settings() -> dict[str, str]:
    address = _ray_address()
    if not address:
        raise InputError(
            f"The launcher ray needs the address of Ray's dashboard: set {RAY_ADDRESS}, for example to "
            "http://127.0.0.1:8265."
        )
    if not address.startswith(("http://", "https://")):
        raise InputError(
            f"{RAY_ADDRESS} (or {RAYS_OWN_ADDRESS}) is the address of Ray's dashboard: expected one such as "
            f"http://127.0.0.1:8265, got {quoted(address)}."
        )
    return {
        RAY_ADDRESS: address,
        RAY_CPUS: f"{_number(RAY_CPUS, '1', least=0.001, most=9999):g}",
        RAY_GPUS: f"{_number(RAY_GPUS, '0', least=0, most=9999):g}",
    }


def _ray_address() -> str:
    return (_variable(RAY_ADDRESS) or _variable(RAYS_OWN_ADDRESS)).rstrip("/")


def _template_settings() -> dict[str, str]:
    if not _variable(COMMAND):
        raise InputError(
            f"The launcher command needs a template: set {COMMAND}, for example to "
            "`sbatch --wrap {command}`."
        )
    found = {name: _variable(name) for name in (COMMAND, CANCEL_COMMAND, STATUS_COMMAND)}
    return {name: _checked_template(name, template) for name, template in found.items() if template}


def _checked_template(variable: str, template: str) -> str:
    """A template that can be filled in; InputError if it cannot."""
    allowed, needed = PLACEHOLDERS[variable]
    try:
        words = shlex.split(template)
        used = {
            name for word in words for _, name, _, _ in string.Formatter().parse(word) if name is not None
        }
    except ValueError as error:
        raise InputError(
            f"{variable} is no template of a command ({error}): got {quoted(template)}."
        ) from error
    if unknown := sorted(used - allowed):
        raise InputError(
            f"{variable} may hold {' and '.join(f'{{{one}}}' for one in sorted(allowed))}, got "
            f"{{{unknown[0]}}} in {quoted(template)}."
        )
    if needed not in used:
        raise InputError(
            f"{variable} must say with {{{needed}}} where the {needed} goes, got {quoted(template)}."
        )
    return template


def _number(variable: str, default: str, *, least: float, most: float, whole: bool = False) -> float:
    text = _variable(variable) or default
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not text.isascii() or not least <= number <= most or (whole and number != int(number)):
        kind = "a whole number" if whole else "a number"
        raise InputError(f"{variable} must be {kind} from {least:g} to {most:g}, got {quoted(text)}.")
    return number


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip()
