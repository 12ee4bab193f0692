"""The API reference: a page for every package that exports names, and one that lists the pages."""

from __future__ import annotations

import ast
from pathlib import Path

from tools.docs_reference.paths import API, ROOT, page_of

LIBRARY = ROOT / "fairkd"
INTRODUCTION = """\
These are the names that the packages export. Import them from the package, not from its modules:

```python
from fairkd.models import load
```

Importing a package is fast. torch is loaded when a name that needs it is first used.

| Package | What it is for |
|---|---|
"""


def surfaces() -> dict[str, list[str]]:
    """The names that each package exports, as its `__init__.pyi` lists them."""
    found = {}
    for stub in sorted(LIBRARY.rglob("__init__.pyi")):
        package = ".".join(stub.parent.relative_to(ROOT).parts)
        names = [
            alias.asname or alias.name
            for node in ast.parse(stub.read_text(encoding="utf-8")).body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        ]
        if names:
            found[package] = names
    return found


def pages() -> dict[str, str]:
    """The pages in Markdown, by their path from the root of the repository."""
    rows = [f"| [`{package}`]({package}.md) | {summary(package)} |" for package in surfaces()]
    return {
        f"{API}/index.md": page_of("Python API", INTRODUCTION + "\n".join(rows)),
        **{f"{API}/{package}.md": _page(package, names) for package, names in surfaces().items()},
    }


def summary(package: str) -> str:
    """The first paragraph of a package's docstring."""
    path = ROOT.joinpath(*package.split("."), "__init__.py")
    return _docstring(path).split("\n\n")[0].replace("\n", " ")


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def _page(package: str, names: list[str]) -> str:
    """mkdocstrings fills in the docstrings when the site is built."""
    options = {"members": False, "show_root_heading": False, "show_root_toc_entry": False}
    lines = [f"      {name}: {str(value).lower()}" for name, value in options.items()]
    package_docstring = "\n".join([f"::: {package}", "    options:", *lines, ""])
    parts = [package_docstring]
    parts += [f"::: {package}.{name}\n" for name in names]
    return page_of(package, "\n".join(parts))
