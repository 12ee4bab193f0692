"""Read what a page has drawn."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def titles(app: AppTest) -> list[str]:
    """The titles of the figures on the page, in one line each: first our own, then plotly's."""
    charts = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    own = [figure["title"] for figure in components(app) if "title" in figure]
    return own + [figure["layout"]["title"]["text"].replace("<br>", " ") for figure in charts]


def components(app: AppTest) -> list[dict[str, Any]]:
    """What the browser is given to draw our own figures from."""
    return [json.loads(component.proto.json) for component in app.get("bidi_component")]
