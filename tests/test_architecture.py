"""The arrows between the packages point one way, through their surfaces, as the code's own imports show."""

from __future__ import annotations

import ast
import importlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from tests import ROOT

# From the top down: a package imports only from those in later rows, or from itself.
LEVELS = (
    {"cli"},
    {"doctor"},
    {"reports"},
    {"lessons"},
    {"studies"},
    {"runs"},
    {"distill"},
    {"benchmarks"},
    {"measures", "constraints", "augmentation"},
    {"predictions"},
    {"lexicon", "corpora"},
    {"models"},
    {"utils"},
    {"errors"},
)
MOST_LINES = 400  # a longer file is two


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


LIBRARY = {name_of(path): path for path in (ROOT / "fairkd").rglob("*.py")}
PACKAGES = {name for name, path in LIBRARY.items() if path.name == "__init__.py"}
USERS = [
    path
    for folder in ("app", "benchmarks", "fairkd", "tools")
    for path in [*(ROOT / folder).rglob("*.py"), *ROOT.glob("*.py")]
]


def _exports(package: str) -> dict[str, str]:
    """What a package's `__init__.pyi` makes public, and the module that each name comes from."""
    stub = LIBRARY[package].with_suffix(".pyi")
    found = {}
    for node in ast.parse(stub.read_text(encoding="utf-8")).body if stub.exists() else []:
        if isinstance(node, ast.ImportFrom):
            source = f"{package}.{node.module}" if node.module else package
            for alias in node.names:
                submodule = f"{source}.{alias.name}"
                found[alias.name] = submodule if submodule in LIBRARY else source
    return found


SURFACES = {package: _exports(package) for package in PACKAGES}


def origin(module: str, name: str) -> str:
    """The module that `from module import name` reaches."""
    if f"{module}.{name}" in LIBRARY:
        return f"{module}.{name}"
    source = SURFACES.get(module, {}).get(name)
    return module if source is None else origin(source, name)


def statements(path: Path, *, when_loaded: bool = False) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports of a file, all of them or just those `when_loaded`: not in functions, not for types."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if not (when_loaded and (function or for_types)):
            waiting += ast.iter_child_nodes(node)


@cache
def imports(path: Path, *, when_loaded: bool = False) -> frozenset[str]:
    """The modules that a file imports, those behind a package's surface by their own names."""
    found = set()
    for node in statements(path, when_loaded=when_loaded):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            assert node.module and not node.level, "absolute imports alone are understood here"
            found |= {origin(node.module, alias.name) for alias in node.names}
    return frozenset(found)


def reached(start: str) -> set[str]:
    """All modules of the library that loading one brings along."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for other in imports(LIBRARY[waiting.pop()], when_loaded=True) & LIBRARY.keys() - found:
            found.add(other)
            waiting.append(other)
    return found


def inside(modules: Iterable[str], *packages: str) -> set[str]:
    return {name for name in modules if any(f"{name}.".startswith(f"{package}.") for package in packages)}


def package_of(module: str) -> str:
    """`models` of `fairkd.models.loading`."""
    return module.split(".")[1] if "." in module else module


@pytest.mark.parametrize("module", sorted(LIBRARY))
def test_the_library_imports_nothing_of_the_front_end(module: str) -> None:
    front_end = ("streamlit", "plotly", "app", "dashboard", "streamlit_app", "tools", "benchmarks", "tests")
    assert not inside(imports(LIBRARY[module]), *front_end)


def test_charts_and_figures_are_drawn_by_the_front_end_alone() -> None:
    importing = {path.relative_to(ROOT).parts[0] for path in USERS if inside(imports(path), "plotly")}
    assert importing == {"app"}


def test_no_module_of_the_library_needs_itself() -> None:
    assert not [module for module in sorted(LIBRARY) if module in reached(module)]


@pytest.mark.parametrize("module", sorted(LIBRARY.keys() - {"fairkd", "fairkd.__main__"}))
def test_packages_import_only_from_those_below_them(module: str) -> None:
    ranks = {package: rank for rank, level in enumerate(LEVELS) for package in level}
    own = package_of(module)
    for other in inside(imports(LIBRARY[module]), "fairkd") - {"fairkd"}:
        assert package_of(other) == own or ranks[package_of(other)] > ranks[own], f"{module} imports {other}"


@pytest.mark.parametrize("path", USERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_package_is_reached_through_its_surface_alone(path: Path) -> None:
    own = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    for node in statements(path):
        if isinstance(node, ast.Import):
            assert not inside({alias.name for alias in node.names}, *PACKAGES - {"fairkd"}), ast.unparse(node)
        elif node.module in LIBRARY:
            package = node.module if node.module in PACKAGES else node.module.rpartition(".")[0]
            if package == "fairkd" or f"{own}.".startswith(f"{package}."):
                continue
            assert node.module in PACKAGES, f"{path}: {ast.unparse(node)} reaches past {package}"
            hidden = {alias.name for alias in node.names} - SURFACES[package].keys()
            hidden = {name for name in hidden if f"{package}.{name}" not in PACKAGES}
            assert not hidden, f"{path}: {package} does not export {sorted(hidden)}"


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_package_exports_what_its_surface_names(package: str) -> None:
    loaded = importlib.import_module(package)
    names = SURFACES[package]
    assert names.keys() == set(loaded.__all__)
    for name, source in names.items():
        expected = importlib.import_module(source)
        if source != f"{package}.{name}":
            expected = getattr(expected, name)
        assert getattr(loaded, name) is expected


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_package_maps_its_modules(package: str) -> None:
    text = ast.get_docstring(ast.parse(LIBRARY[package].read_text(encoding="utf-8"))) or ""
    children = {name.rpartition(".")[2] for name in LIBRARY if name.rpartition(".")[0] == package}
    missing = {name for name in children - {"__main__"} if f"`{name}" not in text}
    assert not missing, f"the docstring of {package} does not say what {sorted(missing)} are for"


def test_no_two_files_of_the_library_share_a_name() -> None:
    names = sorted(path.stem for path in LIBRARY.values() if path.stem not in ("__init__", "__main__"))
    assert [one for one, other in pairwise(names) if one == other] == []


def test_no_two_classes_of_library_and_app_share_a_name() -> None:
    places = defaultdict(set)
    for path in [*(ROOT / "fairkd").rglob("*.py"), *(ROOT / "app").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(str(path.relative_to(ROOT)))
    assert {name: sorted(where) for name, where in places.items() if len(where) > 1} == {}


def test_no_file_is_too_long_to_read_at_once() -> None:
    folders = ("app", "benchmarks", "fairkd", "tests", "tools")
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}
