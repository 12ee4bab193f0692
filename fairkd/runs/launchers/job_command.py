"""The shell command of a job: Python there, with the environment of a run and the log in its folder."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from fairkd.runs import run_access
from fairkd.runs.launchers.destination import PYTHON, RAY_CPUS, Destination
from fairkd.runs.launchers.job_files import LOG
from fairkd.utils import home

# What a job gets of the environment here. No secrets: a cluster shows the commands of its jobs to many.
_PASSED = (
    "FAIRKD_ALLOWED_MODELS",
    "FAIRKD_ALLOWED_TEXT",
    "FAIRKD_CACHE_GB",
    "FAIRKD_WHEELS",
    "HF_HOME",
    "HF_HUB_OFFLINE",
)
THREADS = "OMP_NUM_THREADS"


def job_command(destination: Destination, module: str, folder: Path, *arguments: str) -> str:
    """The command that runs `python -m MODULE FOLDER ARGUMENTS` as a job, as one line for a shell.

    Its output goes to the log in `folder`, also what Python says if it finds no such module.
    """
    python = destination.settings.get(PYTHON)
    words = [python or sys.executable, "-m", module, str(folder), *arguments]
    variables = environment(destination, folder, own_package=python is None)
    pairs = [f"{name}={value}" for name, value in sorted(variables.items())]
    line = f"umask 77; exec {shlex.join(['env', *pairs, *words])} >> {shlex.quote(str(folder / LOG))} 2>&1"
    # With a shell of its own, also where the launcher starts commands without one.
    return shlex.join(["sh", "-c", line])


def environment(destination: Destination, folder: Path, *, own_package: bool) -> Mapping[str, str]:
    """The variables of a job. `own_package` says that it uses the FairKD and Python of this machine."""
    found = run_access.environment({name: os.environ[name] for name in _PASSED if name in os.environ}, folder)
    found["FAIRKD_HOME"] = str(home())
    threads = os.environ.get(THREADS) or destination.settings.get(RAY_CPUS)
    if threads and threads.isdigit():
        found[THREADS] = threads
    if own_package:
        known: Sequence[str] = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        package = str(Path(__file__).resolve().parents[3])
        found["PYTHONPATH"] = os.pathsep.join(dict.fromkeys((package, *(path for path in known if path))))
    return found
