"""What the pages tell readers to type works: commands, settings, Python, paths."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from fairkd.cli import app
from fairkd.distill.config import preset, read_config
from fairkd.runs import read_run_config
from fairkd.studies import read_study
from tests import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "api"),
]
BLOCK = re.compile(r"(?ms)^( *)```(\w*)\n(.*?)^ *```$")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str, path: Path) -> Iterator[str]:
    for indent, found, text in BLOCK.findall(path.read_text(encoding="utf-8")):
        if found == language:
            yield re.sub(rf"(?m)^{indent}", "", text)


def commands() -> list[str]:
    """Every `fairkd ...` in a block of the pages, without what starts it."""
    lines = [line for path in PAGES for block in blocks("", path) for line in block.splitlines()]
    found = [re.search(r"(?:^|&& |-m |[A-Z_]+=\S+ )(fairkd .*)", line) for line in lines]
    usage = re.compile(r"\[OPTIONS\]|COMMAND")
    return sorted({match[1] for match in found if match and not usage.search(match[1])})


def parsed(line: str) -> dict[str, Any]:
    """The arguments of a command, as the command itself reads them."""
    command, words = typer.main.get_command(app), shlex.split(line, comments=True)
    while hasattr(command, "commands") and len(words) > 1 and not words[1].startswith("-"):
        command, words = command.commands[words[1]], words[1:]
    if hasattr(command, "commands"):
        assert words[1:] in (["--help"], ["--version"])
        return {}
    return dict(command.make_context(words[0], words[1:]).params)


@pytest.mark.parametrize("line", commands())
def test_a_command_of_the_pages_can_be_typed(line: str) -> None:
    given = parsed(line)
    if "change" in given:
        presets = given.get("preset")  # a study has variants instead
        for name in presets if isinstance(presets, list | tuple) else [presets]:
            read_config(None, given["change"] or (), start=preset(name) if name else None)


def test_commands_are_found() -> None:
    assert len(commands()) > 15
    assert "fairkd gaps --model embedded/teacher --model embedded/student-fair --csv gaps.csv" in commands()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_settings_of_the_pages_are_accepted(path: Path, tmp_path: Path) -> None:
    for block in blocks("yaml", path):
        file = tmp_path / "settings.yaml"
        file.write_text(block, encoding="utf-8")
        read = read_study if "variants:" in block else read_run_config
        read(file)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [path for path in PAGES if any(blocks("python", path))], ids=lambda path: path.name
)
def test_python_of_the_pages_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks("python", path):
        if "# not run" not in block:
            exec(compile(block, str(path), "exec"), names)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_paths_that_the_pages_name_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    earlier = path.name == "CHANGELOG.md"
    named = (
        set()
        if earlier
        else set(re.findall(r"`((?:app|fairkd|tests|tools|docs|benchmarks)/[\w/.-]*)`", text))
    )
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []
    modules = set(re.findall(r"python -m ((?:benchmarks|tools)\.\w+)", text))
    assert [
        name
        for name in modules
        if not any((ROOT / name.replace(".", "/")).parent.glob(f"{name.split('.')[1]}*"))
    ] == []


def test_the_readme_fits_on_a_screen() -> None:
    assert len(README.splitlines()) <= 80


def test_the_readme_names_the_two_commands() -> None:
    assert "pip install -r requirements.txt && streamlit run streamlit_app.py" in README
    assert "pip install -r requirements-dev.txt && pytest" in README


def test_links_between_files_outside_the_site_lead_somewhere() -> None:
    for path in (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")):
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (ROOT / link).exists(), f"{path.name} links to {link}"


@pytest.mark.parametrize(
    "path",
    [path for path in PAGES if path.name not in ("CONTRIBUTING.md", "CHANGELOG.md")],
    ids=lambda path: path.name,
)
def test_pages_use_the_words_of_the_field(path: Path) -> None:
    text = BLOCK.sub("", path.read_text(encoding="utf-8"))
    # Earlier names of settings are quoted, links have paths.
    text = re.sub(r"`[^`\n]+`|\]\([^)]*\)", "", text)
    coined = (
        r"(?i)\b(heat|rooms?|slots?|pieces?|probes?|arms?|distils?|mask(ed)? in turn|go(ne|es)? on with)\b"
    )
    assert [match[0] for match in re.finditer(coined, text)] == [], "CONTRIBUTING.md has the terms"
