"""The generated reference is up to date, and leaves nothing out."""

from __future__ import annotations

import importlib
import re

import pytest

from fairkd.distill.config import PRESETS, flat, make_config
from fairkd.measures import evaluation_keys
from tests import ROOT
from tools.docs_reference import commands
from tools.docs_reference.__main__ import stale
from tools.docs_reference.packages import surfaces
from tools.docs_reference.paths import API, REFERENCE

CLI = (ROOT / REFERENCE / "cli.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / REFERENCE / "settings.md").read_text(encoding="utf-8")


def test_generated_pages_are_up_to_date() -> None:
    assert stale() == [], "run `python -m tools.docs_reference` and commit what it changes"


@pytest.mark.parametrize("context", commands.walk(), ids=lambda context: context.command_path)
def test_every_command_is_documented_with_its_options(context: commands.Context) -> None:
    assert context.command.help
    if context.parent is None:
        return
    heading = f"# {context.command_path}\n"
    assert CLI.count(heading) == 1
    assert f"](#{commands.anchor(context)})" in CLI or hasattr(context.command, "commands")
    section = re.split(r"\n##+ ", CLI.partition(heading)[2])[0]
    for param in context.command.params:
        assert param.help, f"{context.command_path} does not say what {param.opts[0]} is for"
        for name in param.opts:
            assert f"| `{name}`" in section or f", `{name}`" in section


def test_every_setting_is_documented() -> None:
    keys = flat(make_config({}).model_dump(mode="json"))
    assert set(re.findall(r'<span id="([^"]+)">', SETTINGS)) == keys.keys()


def test_every_measure_is_documented() -> None:
    page = (ROOT / REFERENCE / "measures.md").read_text(encoding="utf-8")
    assert [key for key in evaluation_keys() if f"`{key}`" not in page] == []


def test_every_preset_is_documented() -> None:
    assert [name for name in PRESETS if f"\n| `{name}` | " not in SETTINGS] == []


@pytest.mark.parametrize("package", surfaces())
def test_every_exported_name_is_documented(package: str) -> None:
    page = (ROOT / API / f"{package}.md").read_text(encoding="utf-8")
    exported = set(importlib.import_module(package).__all__)
    assert set(re.findall(rf"(?m)^::: {re.escape(package)}\.(\w+)$", page)) == exported


def test_every_environment_variable_is_documented() -> None:
    page = (ROOT / REFERENCE / "environment.md").read_text(encoding="utf-8")
    read = {
        name
        for folder in ("fairkd", "app")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"\bFAIRKD_[A-Z_]+", path.read_text(encoding="utf-8"))
    }
    internal = {"FAIRKD_RUN"}  # set by FairKD itself, for the processes that it starts
    assert set(re.findall(r"(?m)^\| `(FAIRKD_\w+)`", page)) == read - internal
