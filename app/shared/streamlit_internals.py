"""Everything the dashboard uses of Streamlit and plotly that their documentation does not promise.

An upgrade may change these without notice. `tests/app/shared/test_streamlit_internals.py` then names the
cause. Streamlit is pinned to one version for the same reason.
"""

from __future__ import annotations

from streamlit import cli_util, config, net_util

# The types of what `st.empty()` and `st.components.v2.component()` return; for annotations only.
from streamlit.components.v2.types import ComponentRenderer as ComponentRenderer
from streamlit.delta_generator import DeltaGenerator as DeltaGenerator

# Whether a visitor has requested a rerun, or has gone: there is no public way to ask. See `rerun_requested`.
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.web.server import server_util

from app.shared import theme


def rerun_requested() -> bool:
    """Whether the visitor has changed something since the script started.

    Streamlit checks this by itself whenever something is drawn, except if the change concerns a fragment
    alone: that waits for the end of the script.
    """
    context = get_script_run_ctx(suppress_warning=True)
    requests = context.script_requests if context is not None else None
    return requests is not None and requests._state is ScriptRequestType.RERUN


def is_closed() -> bool:
    """Whether the visitor has closed the page: Streamlit then asks the script to stop when it draws again."""
    context = get_script_run_ctx(suppress_warning=True)
    requests = context.script_requests if context is not None else None
    return requests is not None and requests._state is ScriptRequestType.STOP


def limit_uploads(megabytes: int) -> None:
    """Refuse larger uploads by the server itself, which reads the option for each of them."""
    config.set_option("server.maxUploadSize", megabytes)


def session_id() -> str:
    """The id of the visitor's open page; empty outside of a script."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context is not None else ""


def address_in_network() -> str:
    """The address of this machine in its local network; empty without one."""
    return net_util.get_internal_ip() or ""


def show_no_advertisement() -> None:
    """Keep Streamlit from asking visitors to install its skills for coding agents, over every page.

    It does so on a machine that has such an agent, unless its welcome message is turned off. That message
    tells the address in the terminal, so call this after it.
    """
    config.set_option("logger.hideWelcomeMessage", True)


def open_browser() -> None:
    """Open the dashboard in a browser, unless the server is headless, when the server starts.

    `streamlit run` does this for a script, but not for an `st.App`.
    """
    if config._server_mode == "starlette-app" and not config.get_option("server.headless"):
        cli_util.open_browser(server_util.get_url(_browser_host()))


def _browser_host() -> str:
    for option in ("browser.serverAddress", "server.address"):
        if config.is_manually_set(option):
            return server_util.get_display_address(config.get_option(option))
    return "localhost"


# How `app/components/chart.js` reaches a plotly chart that Streamlit has drawn. Streamlit's own component
# remounts a chart whenever its figure changes, which loses the zoom.
#
# findChart: Streamlit documents the class `st-key-...`; plotly gives its charts the class `js-plotly-plot`.
# isDragged: plotly sets `_dragging` while the visitor drags. A figure drawn meanwhile would end the drag.
# drawInto, imageOf: Streamlit's copy of plotly is in `window.Plotly`. The event `plotly_redraw` makes
# Streamlit keep the new figure, so that a change of width does not bring the old one back.
CHART_ACCESS = """
const findChart = key => document.querySelector(`.st-key-${CSS.escape(key)} .js-plotly-plot`)
const isDragged = chart => Boolean(chart._dragging)
const drawInto = (chart, series, layout) => {
  window.Plotly.react(chart, series, layout)
  chart.emit("plotly_redraw")
}
const imageOf = (figure, options) => window.Plotly.toImage(figure, options)
"""


# What Streamlit writes in white on the primary colour. On the dark theme's that is 2.1 to 1.
_ON_PRIMARY = ".stMultiSelect [data-tag]", '[data-testid^="stBaseButton-primary"]:not(:disabled)'


def readable_on_primary() -> str:
    """A rule of CSS that makes text on the primary colour readable; empty where it is readable anyway."""
    if not theme.is_dark():
        return ""
    selectors = ", ".join(f"html {one}, html {one} *" for one in _ON_PRIMARY)
    return f"{selectors} {{ color: {theme.PAGE.dark}; }}"


def wrapped_links(key: str) -> str:
    """A rule of CSS that wraps the labels of page links in a container, which are cut off otherwise."""
    return f".st-key-{key} [data-testid=stPageLink] :is(a, span, p) {{ white-space: normal; height: auto; }}"


# The button that opens the sidebar where it is closed, as on a phone; all of these are CSS selectors.
MENU_BUTTON = '[data-testid="stExpandSidebarButton"]'
# The sidebar and that button: the presenter view hides both.
SIDEBAR = f'[data-testid="stSidebar"], {MENU_BUTTON}'
NAVIGATION = '[data-testid="stSidebarNav"]'
# The content of the page, which begins below the bar at the top.
CONTENT = '[data-testid="stMainBlockContainer"]'
# The logo in that bar, which is there while the sidebar is closed.
LOGO = '[data-testid="stHeaderLogo"]'
# The element that scrolls: for `app/components/browser.js`.
SCROLLING = """
const scrollToTop = () => document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0)
"""


def menu_link(page: str) -> str:
    """The link to a page in the menu, as a CSS selector; `page` is the page's part of the address."""
    return f'[data-testid="stSidebarNavLink"][href$="/{page}"]'
