"""What a page shows as one HTML file that opens offline: figures, tables, settings, models, citation.

`export_page.html` lays it out. plotly's library is in the file where a plotly figure is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from markdown_it import MarkdownIt

from app.charts.series import HUES
from app.components import standalone
from app.components.standalone import Standalone, json_for_html
from app.shared import theme
from app.shared.export_view import Shown, ShownFigure, ShownTable
from fairkd import __version__
from fairkd.utils import html_page, table_cells

MOST_ROWS = 200  # of a table; the page's own button downloads all
_TITLES = {
    "columns": "What the models expect at each position",
    "dumbbells": "The gaps of each profession",
    "triangle": "The probabilities of two words and of all others",
}
_DIRECTIVE = re.compile(r":(?:blue|orange|green|red|gray|violet)\[((?:[^\[\]]|\[[^\]]*\])*)\]")
_ICON = re.compile(r":material/\w+:\s*")
_WORD_JOINER = "\u2060"


def view_page(
    title: str,
    elements: Sequence[Shown],
    *,
    sentences: Sequence[str] = (),
    settings: Mapping[str, object],
    models: Mapping[str, str],
    citation: str,
    command: str = "",
    note: str = "",
    files: Mapping[str, str] | None = None,
) -> str:
    """The document.

    Parameters
    ----------
    title : as text.
    elements : what the page shows, in its order.
    sentences : what it says besides, as Markdown, such as the finding.
    settings : by name.
    models : the hash of each model's weights by its reference; "" where it is not known.
    citation : BibTeX entries.
    command : that reproduces it, as lines for a shell; `note` is on it, as Markdown.
    files : the text of each file that the command reads, by its name.
    """
    parts = [_part(one) for one in elements]
    components = [
        one.figure.name
        for one in elements
        if isinstance(one, ShownFigure) and isinstance(one.figure, Standalone)
    ]
    return html_page(
        "export_page.html",
        [Path(__file__).parent],
        title=title,
        version=__version__,
        date=datetime.now(UTC).date().isoformat(),
        sentences=[_html(text) for text in sentences],
        parts=parts,
        settings=[(name.replace("_", " "), _shown(value)) for name, value in settings.items()],
        models=models,
        command=command,
        note=_html(note) if note else "",
        files=files or {},
        citation=citation,
        head=standalone.head(),
        script=standalone.script(components) if components else "",
        plotly=_plotly(parts),
    )


def _part(shown: Shown) -> dict[str, Any]:
    """What the template shows of an element."""
    if isinstance(shown, ShownFigure):
        return _figure(shown)
    if isinstance(shown, ShownTable):
        return _table(shown)
    return {"title": shown.title, "text": _html(shown.text)}


def _figure(shown: ShownFigure) -> dict[str, Any]:
    reading = _html(shown.reading) if shown.reading else ""
    if isinstance(shown.figure, Standalone):
        title = _TITLES.get(shown.figure.name, "Figure")
        return {"title": title, "component": shown.figure.html(), "reading": reading}
    meta = shown.figure.layout.meta or {}
    return {
        "title": meta.get("title", "Figure"),
        "notes": [text for text, _ in meta.get("notes", ())],
        "plotly": json_for_html(shown.figure.to_json()),
        "reading": reading,
    }


def _table(shown: ShownTable) -> dict[str, Any]:
    frame, formats = shown.make()
    cells = table_cells(frame.head(MOST_ROWS), formats)
    numeric = [pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]
    texts = next((place for place, one in enumerate(numeric) if one), len(numeric))
    caption = shown.title
    if len(frame) > MOST_ROWS:
        caption += f": the first {MOST_ROWS} of {len(frame):,} rows. The page in the dashboard downloads all."
    return {
        "title": shown.title,
        "table": {
            "headings": [str(name).replace("_", " ") for name in frame.columns],
            "rows": cells,
            "texts": max(texts, 1),
        },
        "caption": caption,
    }


def _plotly(parts: Sequence[Mapping[str, Any]]) -> str:
    """plotly's library and what draws the figures with it; empty without such a figure."""
    if not any("plotly" in part for part in parts):
        return ""
    from plotly.offline import get_plotlyjs

    hues = [value for value in vars(theme).values() if isinstance(value, theme.Hue)]
    pairs = [[hue.light, hue.dark] for hue in (*HUES, *hues)]
    drawing = (Path(__file__).parent / "export_plotly.js").read_text(encoding="utf-8")
    data = f"const HUES = {json.dumps(pairs)}\nconst DARK_PAGE = {json.dumps(theme.PAGE.dark)}"
    return f"<script>{get_plotlyjs()}</script>\n<script>\n{data}\n{drawing}</script>"


def _html(markdown: str) -> str:
    """Markdown of the dashboard as HTML; HTML in it is shown as text."""
    plain = _ICON.sub("", markdown.replace(_WORD_JOINER, ""))
    plain = _DIRECTIVE.sub(r"\1", plain)
    html: str = MarkdownIt("commonmark", {"html": False}).render(plain)
    return html


def _shown(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
