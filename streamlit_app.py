"""FairKD's dashboard: `streamlit run streamlit_app.py`."""

from pathlib import Path

import streamlit as st

from app.shared.activity import waited_for, warm_up
from app.shared.sidebar import choose_models

_PICTURES = Path(__file__).parent / "app"  # our own: a named icon would be fetched from the internet

st.set_page_config(page_title="FairKD", page_icon=_PICTURES / "icon.svg", layout="wide")
st.logo(_PICTURES / "logo.svg", size="large")
page = st.navigation(
    [
        st.Page(
            "app/pages/predictions.py",
            title="Predictions",
            icon=":material/view_column:",
            default=True,
            help="What teacher and student predict at every position of a sentence, side by side.",
        ),
        st.Page(
            "app/pages/gaps.py",
            title="Gaps",
            icon=":material/balance:",
            help="How differently both models treat he and she across professions.",
        ),
        st.Page(
            "app/pages/distill.py",
            title="Distil",
            icon=":material/science:",
            help="Make a student, with or without a fairness constraint, and see beforehand what it does.",
        ),
        st.Page(
            "app/pages/runs.py",
            title="Runs",
            icon=":material/monitoring:",
            help="Watch students train, compare them, and use them.",
        ),
    ]
)
with waited_for():
    teacher, student = choose_models()
    page.run()
warm_up(teacher, student)
