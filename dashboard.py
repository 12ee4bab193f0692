"""The dashboard's script, which runs for every visitor and at every change: page list, sidebar, page."""

from pathlib import Path

import streamlit as st

from app.components.browser import watch_browser
from app.shared.activity import track_activity, warm_up
from app.shared.export_view import begin_view
from app.shared.presenter import is_presenting, presenter_bar
from app.shared.sidebar import choose_models, chosen_models, describe_models
from app.shared.url_state import has_old_names, parameters_with_current_names

_PICTURES = Path(__file__).parent / "app"  # files, because named icons come from the internet
# By title of the page: the models that it uses.
MODELS_OF = {
    "Predictions": ("teacher", "student", "student2"),
    "Gaps": ("teacher", "student"),
    "Measures": ("teacher", "student"),
    "Distill": ("teacher",),
    "Studies": ("teacher",),
    "Learn": ("teacher", "student"),
}

st.set_page_config(page_title="FairKD", page_icon=_PICTURES / "icon.svg", layout="wide")
st.logo(_PICTURES / "logo.svg", size="large")
distill = st.Page(
    "app/pages/distill.py",
    title="Distill",
    icon=":material/science:",
    help="Train a student, with or without a fairness constraint, and preview what the constraint does.",
)
# The Distill page had this address in earlier versions.
old_distill = st.Page(lambda: None, title="Distill", url_path="distil", visibility="hidden")
predictions = st.Page(
    "app/pages/predictions.py",
    title="Predictions",
    icon=":material/view_column:",
    default=True,
    help="Which words teacher and student expect at every position of a sentence.",
)
gaps = st.Page(
    "app/pages/gaps.py",
    title="Gaps",
    icon=":material/balance:",
    help="How much more likely both models find he than she, across professions.",
)
measures = st.Page(
    "app/pages/measures.py",
    title="Measures",
    icon=":material/straighten:",
    help="The field's benchmarks of bias and quality, on any models.",
)
learn = st.Page(
    "app/pages/learn.py",
    title="Learn",
    icon=":material/school:",
    help="Short lessons: how a small model learns from a large one, and what fairness costs.",
)
about = st.Page(
    "app/pages/about.py",
    title="About",
    icon=":material/info:",
    help="What FairKD is, the paper, the embedded models, licence and version.",
)
glossary = st.Page(
    "app/pages/glossary.py",
    title="Glossary",
    icon=":material/menu_book:",
    help="Every technical term, explained in one or two sentences.",
)
page = st.navigation(
    [
        predictions,
        gaps,
        measures,
        distill,
        st.Page(
            "app/pages/runs.py",
            title="Runs",
            icon=":material/monitoring:",
            help="Watch students train, compare them, and use them.",
        ),
        st.Page(
            "app/pages/studies.py",
            title="Studies",
            icon=":material/grid_view:",
            help="Compare variants over several seeds: better, worse, or not shown.",
        ),
        learn,
        glossary,
        about,
        old_distill,
    ],
    position="top" if is_presenting() else "sidebar",
)
if page is old_distill or has_old_names():  # a link from an earlier version
    target = distill if page is old_distill else page
    st.switch_page(target, query_params=parameters_with_current_names())
with track_activity():
    with st.sidebar:
        watch_browser()
    choose_models(MODELS_OF.get(page.title, ()), figures=page not in (glossary, about))
    presenter_bar()
    begin_view()
    page.run()
    describe_models()
warm_up(*chosen_models())
