"""Our JavaScript figures without Streamlit: as a part of an HTML page, and in a notebook.

The same files draw them as on the pages. `standalone.js` takes the place of Streamlit, whose colours are CSS
variables here, for the light and the dark theme.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from app.components.drawing import assets

_HERE = Path(__file__).parent
_HEIGHT = 420  # pixels of a notebook's frame until the figure says how high it is


@dataclass(frozen=True)
class Standalone:
    """A component by its name, and the data that it draws. A notebook shows it as it is."""

    name: str
    data: Any

    def html(self) -> str:
        """The figure as an element; the page needs `head` and, after all figures, `script`."""
        return (
            f'<div class="drawn" data-component="{self.name}">'
            f'<script type="application/json">{json_for_html(self.data)}</script></div>'
        )

    def _repr_html_(self) -> str:
        # In a frame, so that neither the notebook's styles nor the figure's reach the other.
        body = f"<body>{self.html()}{script([self.name])}</body>"
        page = f"<!doctype html><html lang='en'><head>{head()}</head>{body}</html>"
        return (
            f'<iframe title="{self.name}" srcdoc="{escape(page)}" '
            f'style="width: 100%; height: {_HEIGHT}px; border: 0"></iframe>'
        )


def head() -> str:
    """The colours and the font of the dashboard, as CSS variables for both themes."""
    light, dark = (_variables(_theme() | _theme()[name]) for name in ("light", "dark"))
    return (
        f"<style>:root {{ color-scheme: light dark; {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}</style>"
    )


def script(names: Iterable[str]) -> str:
    """What draws the figures of a page: these components, and `standalone.js`."""
    parts = ["const components = {}"]
    templates = []
    for name in dict.fromkeys(names):
        found = assets(name)
        templates.append(f'<template id="component-{name}"><style>{found.css}</style>{found.html}</template>')
        code = found.js.replace("export default function", "function drawComponent", 1)
        parts.append(f"components.{name} = (() => {{\n{code}\nreturn drawComponent\n}})()")
    parts.append((_HERE / "standalone.js").read_text(encoding="utf-8"))
    return f"{''.join(templates)}<script>\n{chr(10).join(parts)}\n</script>"


def json_for_html(value: object) -> str:
    """JSON that may stand in a script element: no text in it can end the element."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("<", "\\u003c")


@cache
def _theme() -> dict[str, Any]:
    """The section `theme` of the dashboard's settings."""
    file = _HERE.parents[1] / ".streamlit" / "config.toml"
    found: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))["theme"]
    return found


def _variables(options: dict[str, Any]) -> str:
    """The options as Streamlit gives them to components: `--st-text-color` for `textColor`."""
    shown = {}
    for name, value in options.items():
        if isinstance(value, str | list):
            kebab = re.sub(r"([A-Z])", lambda match: f"-{match[1].lower()}", name)
            shown[f"--st-{kebab}"] = ",".join(map(str, value)) if isinstance(value, list) else value
    shown["--st-button-radius"] = str(options["baseRadius"])
    return " ".join(f"{name}: {value};" for name, value in shown.items())
