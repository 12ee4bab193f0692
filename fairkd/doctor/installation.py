"""Checks of the installation: versions of packages, embedded models, environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from fairkd import models, runs
from fairkd.doctor.finding import Finding
from fairkd.errors import FairKDError, listed
from fairkd.utils import Hosting, did_you_mean, home, nearest, quoted

_PACKAGE = Path(__file__).parents[1]
PINS = "requirements.txt"  # in a wheel beside the package's modules, in a checkout beside the package
DASHBOARD = frozenset({"streamlit", "plotly", "starlette"})  # what the library works without
OPTIONAL = {  # package: its extra, and what it is for
    "datasets": ("datasets", "text of the Hugging Face Hub"),
    "pyarrow": ("parquet", "text in .parquet and .zst files"),
    "tensorboard": ("tensorboard", "curves for TensorBoard"),
}
VARIABLES = (
    "FAIRKD_ALLOWED_MODELS",
    "FAIRKD_ALLOWED_TEXT",
    "FAIRKD_CACHE_GB",
    "FAIRKD_CLASS_MEGABYTES",
    "FAIRKD_CLASS_MINUTES",
    "FAIRKD_CLASS_RUNS",
    "FAIRKD_COMMAND",
    "FAIRKD_COMMAND_CANCEL",
    "FAIRKD_COMMAND_STATUS",
    "FAIRKD_HOME",
    "FAIRKD_LAUNCHER",
    "FAIRKD_MODE",
    "FAIRKD_NICE",
    "FAIRKD_PRESENTER_TOKEN",
    "FAIRKD_CHECK_SECONDS",
    "FAIRKD_RAY_ADDRESS",
    "FAIRKD_RAY_CPUS",
    "FAIRKD_RAY_GPUS",
    "FAIRKD_REMOTE_PYTHON",
    "FAIRKD_REMOTE_SLOTS",
    "FAIRKD_RUN",  # set by FairKD for the processes that it starts
    "FAIRKD_SLOTS",
    "FAIRKD_STANDBY",
    "FAIRKD_WHEELS",
)


def packages() -> Iterator[Finding]:
    """Whether the installed versions are those that FairKD is tested with."""
    pins = tested_versions()
    if not pins:
        yield Finding("packages", "warning", f"The list of tested versions, {PINS}, is not installed.")
        return
    missing, others = [], []
    for name, tested in pins.items():
        try:
            found = version(name).partition("+")[0]  # 2.13.0+cpu is 2.13.0 for one kind of machine
        except PackageNotFoundError:
            missing.append(name)
            continue
        if found != tested:
            others.append(f"{name} {found} (tested: {tested})")
    if lacking := [name for name in missing if name not in DASHBOARD]:
        yield Finding("packages", "problem", f"Not installed: {listed(lacking)}.", _install(lacking))
    if lacking := [name for name in missing if name in DASHBOARD]:
        yield Finding(
            "packages",
            "warning",
            f"Not installed: {listed(lacking)}. The dashboard needs them, the command line does not.",
            "pip install 'fairkd[dashboard]'",
        )
    if others:
        yield Finding(
            "packages",
            "warning",
            f"Other versions than the tested ones: {listed(others)}.",
            f"For the tested ones: pip install -r {PINS}",
        )
    if not missing and not others:
        yield Finding("packages", "ok", f"All {len(pins)} packages have the tested versions.")


def tested_versions() -> dict[str, str]:
    """The tested version of each package that FairKD needs; empty if the list is missing."""
    for folder in (_PACKAGE, _PACKAGE.parent):
        if (folder / PINS).is_file():
            text = (folder / PINS).read_text(encoding="utf-8")
            return dict(re.findall(r"(?m)^([\w.-]+)==([\w.]+)", text))
    return {}


def optional_packages() -> Iterator[Finding]:
    """Which packages of the extras are installed. FairKD works without them."""
    installed, missing = [], []
    for name, (extra, purpose) in OPTIONAL.items():
        if find_spec(name) is not None:
            installed.append(name)
        else:
            missing.append(f"{name} ({purpose}: pip install 'fairkd[{extra}]')")
    sentences = [f"Installed: {listed(installed)}."] if installed else []
    sentences += [f"Not installed: {listed(missing)}."] if missing else []
    yield Finding("optional packages", "ok", " ".join(sentences))


def _install(names: list[str]) -> str:
    return f"pip install {' '.join(names)}"


def embedded_models() -> Iterator[Finding]:
    """Whether the embedded models are there and are those that were shipped."""
    again = "Install FairKD again, or fetch the checkout's files again (git lfs pull, if it uses LFS)."
    expected = models.shipped_hashes()
    wrong = []
    for reference, sha256 in expected.items():
        try:
            if models.embedded_hash(reference) != sha256:
                wrong.append(f"{reference} differs from the shipped one")
        except (FairKDError, OSError):
            wrong.append(f"{reference} is missing")
    if wrong:
        yield Finding("embedded models", "problem", f"{'; '.join(wrong)}.", again)
    elif not expected:
        yield Finding("embedded models", "problem", "There are no embedded models.", again)
    else:
        yield Finding("embedded models", "ok", f"All {len(expected)} are there, with the right hashes.")


def settings() -> Iterator[Finding]:
    """Whether the environment variables have values that FairKD understands."""
    problems = []
    readers: tuple[Callable[[], object], ...] = (runs.slots, partial(Hosting.from_environment, public=False))
    for read in readers:
        try:
            read()
        except FairKDError as error:
            problems.append(Finding("settings", "problem", str(error), "Correct the variable, or unset it."))
    given = os.environ.get("FAIRKD_WHEELS")
    if given and not Path(given).is_dir():
        problems.append(
            Finding(
                "settings",
                "problem",
                f"FAIRKD_WHEELS is no folder: {quoted(given)}.",
                "Name the folder that holds the data sets' wheel, or unset the variable.",
            )
        )
    given = os.environ.get("FAIRKD_HOME")
    if given and not Path(given).expanduser().is_absolute():
        problems.append(
            Finding(
                "settings",
                "warning",
                f"FAIRKD_HOME is a relative path, {quoted(given)}: which folder that is depends on where a "
                "command is started.",
                f"Set it to {home()}",
            )
        )
    given = os.environ.get("OMP_NUM_THREADS", "").strip()
    if given and not (given.isascii() and given.isdigit() and int(given[:9]) > 0):
        problems.append(
            Finding(
                "settings",
                "warning",
                f"OMP_NUM_THREADS is not a number above 0: {quoted(given)}. PyTorch ignores it.",
                "Set it to a number of threads, or unset it.",
            )
        )
    for name in sorted(name for name in os.environ if name.startswith("FAIRKD_") and name not in VARIABLES):
        hint = did_you_mean(nearest(name, VARIABLES))
        problems.append(
            Finding("settings", "warning", f"FairKD has no variable {quoted(name)}.{hint}", "Unset it.")
        )
    yield from problems
    if not problems:
        given_names = [name for name in VARIABLES if name in os.environ]
        sentence = f"Set, with values that FairKD knows: {listed(given_names, len(VARIABLES))}."
        yield Finding("settings", "ok", sentence if given_names else "All have their defaults.")
