"""The arrows between the packages point one way, as the code's own imports show."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT

LIBRARY = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "fairkd").rglob("*.py")
}


def imports(path: Path, *, when_loaded: bool = False) -> set[str]:
    """The modules that a file imports anywhere, or just `when_loaded`: not in functions, not for types."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return set(_imports(tree.body, when_loaded=when_loaded))


def _imports(nodes: list[ast.stmt], *, when_loaded: bool) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, "absolute imports alone are understood here"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in LIBRARY else node.module
        elif when_loaded and (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        ):
            continue
        else:
            inner = [child for child in ast.walk(node) if isinstance(child, ast.stmt) and child is not node]
            direct = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            yield from _imports(direct if when_loaded else inner, when_loaded=when_loaded)


def reached(start: str) -> set[str]:
    """All modules of the library that loading one brings along."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        module = waiting.pop()
        for other in imports(LIBRARY[module], when_loaded=True) & LIBRARY.keys() - found:
            found.add(other)
            waiting.append(other)
    return found


def inside(modules: set[str], *packages: str) -> set[str]:
    return {name for name in modules if any(f"{name}.".startswith(f"{package}.") for package in packages)}


@pytest.mark.parametrize("module", sorted(LIBRARY))
def test_the_library_imports_nothing_of_the_front_end(module: str) -> None:
    assert not inside(imports(LIBRARY[module]), "streamlit", "plotly", "app", "streamlit_app")


def test_charts_and_figures_are_drawn_by_the_front_end_alone() -> None:
    importing = {
        path.relative_to(ROOT).parts[0]
        for folder in ("app", "benchmarks", "fairkd")
        for path in (ROOT / folder).rglob("*.py")
        if inside(imports(path), "plotly")
    }
    assert importing == {"app"}


def test_no_module_of_the_library_needs_itself() -> None:
    assert not [module for module in sorted(LIBRARY) if module in reached(module)]


def test_models_and_words_know_nothing_of_what_is_measured_or_trained() -> None:
    above = [
        f"fairkd.{name}" for name in ("gaps", "constraints", "distill", "runs", "measures", "predictions")
    ]
    for module in ("fairkd.models", "fairkd.models.tokenization"):
        assert not inside(reached(module) | imports(LIBRARY[module]), *above), module


@pytest.mark.parametrize("module", sorted(inside(set(LIBRARY), "fairkd.distill", "fairkd.measures")))
def test_what_is_trained_or_measured_knows_nothing_of_runs(module: str) -> None:
    assert not inside(imports(LIBRARY[module]) | reached(module), "fairkd.runs")
