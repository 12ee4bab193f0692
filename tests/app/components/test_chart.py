"""Charts that stay mounted while their figures change; that a zoom stays is tested in a browser."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest


def page() -> None:
    """A chart of as many points as the session says, in the view that it says."""
    import plotly.graph_objects as go
    import streamlit as st

    from app.components.chart import show_figure

    points = st.session_state.get("points", 1)
    figure = go.Figure(go.Scatter(y=list(range(points))))
    show_figure(figure, "chart", "picture", view=st.session_state.get("view", "this"))


def drawn(app: AppTest) -> tuple[str, int, int | None]:
    """The mounted chart's identity and points, and the points of what is drawn into it, if anything is."""
    (chart,) = app.get("plotly_chart")
    (component,) = app.get("bidi_component")
    said = json.loads(component.proto.json)
    assert said["chart"] == "chart"
    newest = said["figure"] and len(json.loads(said["figure"])["data"][0]["y"])
    return chart.proto.id, len(json.loads(chart.proto.spec)["data"][0]["y"]), newest


def test_a_chart_stays_the_same_while_its_figure_changes() -> None:
    app = AppTest.from_function(page).run()
    id, points, newest = drawn(app)
    assert (points, newest) == (1, None), "it shows what it was mounted with"
    app.session_state["points"] = 3
    assert drawn(app.run()) == (id, 1, 3)
    app.session_state["points"] = 1
    assert drawn(app.run()) == (id, 1, 1), "the first figure again is one to be drawn, too"


def test_another_view_is_another_chart() -> None:
    app = AppTest.from_function(page).run()
    id, *_ = drawn(app)
    app.session_state["points"], app.session_state["view"] = 3, "another measure"
    other, points, newest = drawn(app.run())
    assert other != id and (points, newest) == (3, None)
