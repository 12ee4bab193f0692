"""The standby: a process that has imported what a run needs before somebody starts one.

The imports take most of the time from the click to a run's first step. So a page where runs are started calls
`prepare`, which notes when, and by which process, in `standby.json` in the home folder, and starts a runner
if none is alive. While that process lives, and for `IDLE_SECONDS` after its last call, the runner keeps one
standby as its child, unless all slots are taken or memory is short.

The standby (`worker.stand_by`) imports, and waits for one line on its standard input. The line says which run
it is to work on. From then on it is the process of that run, like one that the runner has just started. If
its input ends without a line, it exits at once: the runner was killed, or needs it no longer. A run for which
there is no standby, or whose standby has died, gets a new process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from fairkd.errors import FairKDError
from fairkd.runs import process_identity, supervision
from fairkd.runs.process_identity import Identity
from fairkd.runs.run_record import Entry
from fairkd.utils import hardware, home, make_private, parse_json, write_private

IDLE_SECONDS = 600.0  # that a standby waits for a run after the last call of `prepare`
MEMORY = 2 * 2**30  # bytes that must be free: a standby takes a fifth of them, and its run more
EXIT_SECONDS = 5.0  # that a standby may take to exit


def prepare() -> None:
    """Get ready for a run that may be started soon, so that it takes its first step earlier.

    It returns at once, is cheap, and may be called again and again. It raises nothing: a run starts without
    it, only later. It does nothing where FAIRKD_STANDBY is 0.
    """
    if os.environ.get("FAIRKD_STANDBY", "").strip() == "0":
        return
    with suppress(FairKDError, OSError):
        make_private(home())
        write_private(_note_path(), json.dumps(asdict(process_identity.this_process())))
        if not supervision.is_starting():
            supervision.ensure_runner()


def is_wanted() -> bool:
    """Whether a living process of this machine has called `prepare` in the last `IDLE_SECONDS`."""
    try:
        passed = time.time() - _note_path().stat().st_mtime
        caller = Identity.read(parse_json(_note_path().read_bytes()))
    except (OSError, ValueError):
        return False
    # It is in the future where the clock was set back.
    return -1 < passed < IDLE_SECONDS and caller is not None and caller.alive


class Standby:
    """The standby of one runner, which starts it by `command`; there is at most one at a time."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._environment: Mapping[str, str] = {}
        self._code: set[tuple[str, float]] = set()
        self._has_failed = False  # then this runner starts no other one

    def keep(self, environment: Mapping[str, str] | None) -> None:
        """Start the standby with this environment if there is none; with None, end it."""
        self._has_failed |= self._process is not None and self._process.poll() is not None
        if environment is None or self._has_failed:
            self.end()
        elif self._process is None and hardware.free_memory() >= MEMORY:
            self._environment, self._code = dict(environment), _code()
            try:
                self._process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.PIPE,
                    start_new_session=True,
                    umask=supervision.UMASK,
                    cwd=home(),
                    env=self._environment,
                )
            except OSError:
                self._has_failed = True

    def hand_over(self, entry: Entry, environment: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
        """Give a claimed run to the standby; None if there is none, or it has imported code that has changed.

        The run gets this environment. It may differ from that of the standby in variables that no import
        reads.
        """
        process = self._process
        if process is None:
            return None
        self._has_failed |= process.poll() is not None
        if self._has_failed or self._code != _code():
            self.end()
            return None
        names = {*environment, *self._environment}
        changed = {name for name in names if environment.get(name) != self._environment.get(name)}
        order = {
            "id": entry.run.id,
            "attempt": entry.attempt,
            "folder": str(entry.run.folder),
            "environment": {name: environment.get(name) for name in sorted(changed)},
        }
        assert process.stdin is not None
        try:
            with process.stdin as pipe:
                pipe.write(json.dumps(order).encode() + b"\n")
        except OSError:
            self.end()
            return None
        self._process = None
        return process

    def end(self) -> None:
        """End the standby, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:  # it was stopped
            process.kill()
            process.wait()


def _code() -> set[tuple[str, float]]:
    """When FairKD's files were written, and a package was last installed: a standby has imported them."""
    with suppress(OSError):
        found = [*Path(__file__).parents[1].rglob("*.py"), Path(sysconfig.get_path("purelib"))]
        return {(str(path), path.stat().st_mtime) for path in found}
    return set()  # they are being replaced


def _note_path() -> Path:
    return home() / "standby.json"
