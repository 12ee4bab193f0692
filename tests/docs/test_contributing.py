"""The tree in CONTRIBUTING.md is the tree."""

from __future__ import annotations

import subprocess

import pytest

from tests import ROOT
from tools.docs_reference.tree import BEGIN, END, FOLDERS


def listed() -> set[str]:
    """The paths that the tree names, folders with a slash at their end."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = text.partition(BEGIN)[2].partition(END)[0].strip().strip("`").splitlines()
    found, parents = set(), []
    for line in filter(None, lines):
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        parents[depth:] = [name]
        found.add("".join(parents[: depth + 1]))
    return found


def test_the_tree_names_every_folder_and_module_and_no_other() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *FOLDERS],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if tracked.returncode:
        pytest.skip("no checkout")
    modules = {
        path for path in tracked.stdout.splitlines() if path.endswith(".py") and (ROOT / path).exists()
    }
    folders = {path.rpartition("/")[0] + "/" for path in modules}
    expected = folders | {path for path in modules if not path.endswith("__init__.py")}
    assert listed() - {"fairkd/assets/", "fairkd/resources/"} == expected


def test_every_line_of_the_tree_has_a_comment() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = text.partition(BEGIN)[2].partition(END)[0].strip().strip("`").splitlines()
    assert [line for line in lines if line and len(line.split()) < 2] == []
