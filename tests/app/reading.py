"""Read what a page has drawn."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest


def titles(app: AppTest) -> list[str]:
    """The titles of the plotly charts on the page, in one line each."""
    figures = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return [figure["layout"]["title"]["text"].replace("<br>", " ") for figure in figures]
