"""What an installation consists of: the files of the package, and the distributions that it needs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OURS = {"app", "fairkd", "streamlit_app"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def named(requirements: list[str]) -> set[str]:
    """The distributions that lines of a requirements file name."""
    found = (re.match(r"[A-Za-z0-9][\w.-]*", line) for line in requirements)
    return {normal(match[0]) for match in found if match}


def third_party() -> dict[str, set[str]]:
    """Top-level modules that the app and the library import anywhere, each with where."""
    found: dict[str, set[str]] = {}
    for path in [ROOT / "streamlit_app.py", *(ROOT / "app").rglob("*.py"), *(ROOT / "fairkd").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                found.setdefault(name.partition(".")[0], set()).add(str(path.relative_to(ROOT)))
    return {name: where for name, where in found.items() if name not in sys.stdlib_module_names | OURS}


def test_requirements_name_every_distribution_that_is_imported() -> None:
    extras = named(sum(PROJECT["project"]["optional-dependencies"].values(), []))
    listed = named((ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()) | extras
    distributions = packages_distributions()
    for module, where in third_party().items():
        owners = {normal(owner) for owner in distributions.get(module, [module])}
        assert owners & listed, f"{module}, imported by {sorted(where)}, is in no line of requirements.txt"


def test_requirements_are_pinned() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)


def test_the_package_holds_every_file_that_is_no_code() -> None:
    tracked = subprocess.run(["git", "ls-files", "fairkd"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("no checkout")
    files = {ROOT / line for line in tracked.stdout.splitlines() if not line.endswith(".py")}
    globs = PROJECT["tool"]["setuptools"]["package-data"]["fairkd"]
    packaged = {path for glob in globs for path in (ROOT / "fairkd").glob(glob)}
    assert len(files) > 10 and files <= packaged, sorted(files - packaged)
