"""Read what a page has drawn, and what it has put into the queue."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from fairkd import runs
from fairkd.distill.config.config import Config, make_config


def titles(app: AppTest) -> list[str]:
    """The titles of the figures on the page."""
    return [figure["title"] for figure in components(app) if "title" in figure]


def notes(app: AppTest) -> list[str]:
    """The lines below the titles of the plotly charts on the page."""
    return [text for figure in components(app) for text, _ in figure.get("notes", [])]


def chart_titles(app: AppTest) -> list[str]:
    """The titles of the plotly charts on the page."""
    return [figure["title"] for figure in components(app) if "chart" in figure]


def components(app: AppTest) -> list[dict[str, Any]]:
    """What the browser is given to draw our own figures from."""
    found = [component.proto.json for component in app.get("bidi_component")]
    # The one that follows the theme has no data. That of the columns also has how they are shown.
    known = [json.loads(data) for data in found if data]
    return [data[0] if isinstance(data, list) else data for data in known]


def texts(app: AppTest) -> str:
    shown = " ".join(element.value for element in (*app.caption, *app.markdown, *app.error, *app.info))
    return shown.replace("\\", "").replace("\u2060", "")


def started() -> dict[str, Config]:
    """What is in the queue, by name."""
    return {run.name: make_config(run.config) for run in runs.all_runs()}
