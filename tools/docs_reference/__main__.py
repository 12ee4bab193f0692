"""Write every generated page that is not up to date: `python -m tools.docs_reference`.

With `--check` nothing is written: it lists the pages that are out of date, and fails if there are any.
"""

from __future__ import annotations

import sys

from tools.docs_reference import commands, measures, packages, published_figures, settings, terms, tree
from tools.docs_reference.paths import API, REFERENCE, ROOT


def generated() -> dict[str, str]:
    """The text of every generated file, by its path from the root of the repository."""
    contributing = ROOT / "CONTRIBUTING.md"
    return {
        f"{REFERENCE}/cli.md": commands.page(),
        f"{REFERENCE}/settings.md": settings.page(),
        f"{REFERENCE}/measures.md": measures.page(),
        "docs/reference_scores.md": published_figures.page(),
        "docs/glossary.md": terms.page(),
        **packages.pages(),
        "CONTRIBUTING.md": tree.placed_in(contributing.read_text(encoding="utf-8")),
    }


def stale() -> list[str]:
    """The paths of generated files that are out of date, missing, or of packages that are gone."""
    wanted = generated()
    changed = [path for path, text in wanted.items() if text != _text(path)]
    left = {f"{API}/{path.name}" for path in (ROOT / API).glob("*.md")} - wanted.keys()
    return sorted([*changed, *left])


def write() -> list[str]:
    """Bring the generated files up to date; returns the paths that changed."""
    wanted, changed = generated(), stale()
    for path in changed:
        if path in wanted:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(wanted[path], encoding="utf-8")
        else:
            (ROOT / path).unlink()
    return changed


def _text(path: str) -> str | None:
    return (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else None


if __name__ == "__main__":
    checking = sys.argv[1:] == ["--check"]
    changed = stale() if checking else write()
    print(*(changed or ["The generated pages are up to date."]), sep="\n")
    if checking and changed:
        sys.exit("They are out of date: run `python -m tools.docs_reference`.")
