"""What the dashboard uses of Streamlit and plotly without a promise of theirs is still there.

If a test fails after an upgrade, its message says what is missing and where the dashboard uses it.
"""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path

import plotly.graph_objects as go
import pytest
import streamlit

from app.shared import streamlit_internals, theme
from tests import ROOT

FILE = "app/shared/streamlit_internals.py"
STATIC = Path(streamlit.__file__).parent / "static" / "static" / "js"


def missing(what: str) -> str:
    """The message of a failed test."""
    return f"Streamlit {streamlit.__version__} no longer has {what}: change {FILE}"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("streamlit.components.v2.types", "ComponentRenderer"),
        ("streamlit.delta_generator", "DeltaGenerator"),
        ("streamlit.runtime.scriptrunner", "get_script_run_ctx"),
        ("streamlit.runtime.scriptrunner_utils.script_requests", "ScriptRequestType"),
        ("streamlit.cli_util", "open_browser"),
        ("streamlit.config", "_server_mode"),
        ("streamlit.config", "is_manually_set"),
        ("streamlit.web.server.server_util", "get_display_address"),
        ("streamlit.web.server.server_util", "get_url"),
    ],
)
def test_the_names_that_the_dashboard_imports_exist(module: str, name: str) -> None:
    try:
        found = importlib.import_module(module)
    except ImportError:
        pytest.fail(missing(f"the module {module}"))
    assert hasattr(found, name), missing(f"{module}.{name}")


def test_a_requested_rerun_is_found_in_the_context_of_the_script() -> None:
    try:
        from streamlit.runtime.scriptrunner import ScriptRunContext
        from streamlit.runtime.scriptrunner_utils.script_requests import (
            RerunData,
            ScriptRequests,
            ScriptRequestType,
        )
    except ImportError as error:
        pytest.fail(missing(f"what this test imports ({error})"))
    assert "script_requests" in ScriptRunContext.__annotations__, missing("ScriptRunContext.script_requests")
    requests = ScriptRequests()
    assert hasattr(requests, "_state"), missing("ScriptRequests._state")
    requests.request_rerun(RerunData())
    assert requests._state is ScriptRequestType.RERUN, missing("ScriptRequestType.RERUN after a request")
    requests.request_stop()
    assert requests._state is ScriptRequestType.STOP, missing("ScriptRequestType.STOP after a session's end")


@cache
def scripts(name: str) -> str:
    """The JavaScript files of Streamlit's page whose name begins with `name`, as one text."""
    found = sorted(STATIC.glob(f"{name}*.js"))
    assert found, missing(f"a script {name}*.js among its static files")
    return "".join(path.read_text(encoding="utf-8") for path in found)


@pytest.mark.parametrize(
    ("script", "pattern", "what"),
    [
        ("index", r"st-key-", "the CSS class st-key-... of an element with a key"),
        ("BaseButton", "stBaseButton-", "the name for tests of a button, which begins with its kind"),
        ("Multiselect", r"data-tag\b", "the attribute data-tag of a multiselect's chosen values"),
        ("PlotlyChart", r"js-plotly-plot", "plotly's CSS class js-plotly-plot"),
        ("PlotlyChart", r"\._dragging\b", "plotly's attribute _dragging"),
        ("PlotlyChart", r"window\.Plotly\s*=", "plotly in window.Plotly"),
        ("PlotlyChart", r"\bplotly_redraw\b", "plotly's event plotly_redraw"),
    ],
)
def test_the_browser_has_the_internals_that_are_used(script: str, pattern: str, what: str) -> None:
    assert re.search(pattern, scripts(script)), missing(what)


def test_text_on_the_primary_colour_is_dark_on_a_dark_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.shared.theme.is_dark", lambda: False)
    assert streamlit_internals.readable_on_primary() == "", "white on the light theme's blue is 5.7 to 1"
    monkeypatch.setattr("app.shared.theme.is_dark", lambda: True)
    rule = streamlit_internals.readable_on_primary()
    assert '[data-testid^="stBaseButton-primary"]:not(:disabled)' in rule, (
        "a disabled button keeps its colour"
    )
    assert rule.endswith(f"{{ color: {theme.PAGE.dark}; }}")


def test_figures_are_built_from_dictionaries() -> None:
    figure = go.Figure(data=[{"type": "scatter", "y": [1]}], layout={"title": {"text": "t"}})
    assert figure.data[0].y == (1,) and figure.layout.title.text == "t"


INTERNAL = re.compile(
    r"streamlit\.(runtime|elements|delta_generator|proto|components\.v2\.)|\bst\.runtime\b"
    r"|js-plotly-plot|window\.Plotly|\._dragging|plotly_redraw|data-testid|\bst[A-Z]\w+\b(?=['\"\]])"
)


def test_no_other_file_of_the_dashboard_uses_internals() -> None:
    files = [path for end in ("py", "js", "css", "html") for path in (ROOT / "app").rglob(f"*.{end}")]
    uses = [
        f"{path.relative_to(ROOT)}:{number}: {found[0]}"
        for path in [*files, *ROOT.glob("*.py")]
        if path.exists() and path != ROOT / FILE
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if (found := INTERNAL.search(line))
    ]
    assert not uses, f"These belong in {FILE}: {uses}"


@pytest.mark.parametrize(
    ("mode", "headless", "opened"),
    [
        ("starlette-app", False, ["http://localhost:8765"]),  # `streamlit run`
        ("starlette-app", True, []),
        ("asgi-server", False, []),  # another server than Streamlit's: nobody knows its address
    ],
)
def test_the_browser_opens_with_streamlit_run(
    monkeypatch: pytest.MonkeyPatch, mode: str, headless: bool, opened: list[str]
) -> None:
    options = {"server.headless": headless, "browser.serverPort": 8765, "server.baseUrlPath": ""}
    found: list[str] = []
    monkeypatch.setattr(streamlit_internals.config, "_server_mode", mode)
    monkeypatch.setattr(streamlit_internals.config, "get_option", options.get)
    monkeypatch.setattr(streamlit_internals.config, "is_manually_set", lambda name: False)
    monkeypatch.setattr(streamlit_internals.cli_util, "open_browser", found.append)

    streamlit_internals.open_browser()
    assert found == opened


def test_streamlit_does_not_advertise_on_a_machine_with_a_coding_agent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    try:
        from streamlit.web import skills
    except ImportError as error:
        pytest.fail(missing(f"what this test imports ({error})"))
    monkeypatch.setattr(skills, "agent_harness_present", lambda: True)
    monkeypatch.setattr(skills, "_nudge_dismissed_marker_path", lambda: tmp_path / "never dismissed")
    options = {"server.headless": False}
    monkeypatch.setattr(streamlit_internals.config, "get_option", options.get)
    monkeypatch.setattr(streamlit_internals.config, "set_option", options.__setitem__)
    assert skills.nudge_suppression_reason(str(tmp_path)) != "welcome_hidden"
    streamlit_internals.show_no_advertisement()
    assert skills.nudge_suppression_reason(str(tmp_path)) == "welcome_hidden"
