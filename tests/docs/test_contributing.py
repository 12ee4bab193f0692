"""The tree in CONTRIBUTING.md is the tree."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml

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


def test_every_step_that_is_described_is_in_the_makefile() -> None:
    steps = set(re.findall(r"(?m)^([a-z-]+):.*## .+", (ROOT / "Makefile").read_text(encoding="utf-8")))
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        described = set(re.findall(r"(?:`|\n)make ([a-z-]+)", text))
        assert described and described <= steps, name


def test_hooks_before_a_commit_download_nothing() -> None:
    settings = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repo in settings["repos"] for hook in repo["hooks"]]
    assert {repo["repo"] for repo in settings["repos"]} == {"local"}
    assert {hook["language"] for hook in hooks} <= {"system", "pygrep"}
