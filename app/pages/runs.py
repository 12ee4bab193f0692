"""Runs: the queue and the history, one run with its curves, or several runs compared."""

from contextlib import nullcontext

import streamlit as st

from app.components.visibility import page_is_hidden
from app.runs.actions import chosen_id
from app.runs.comparison import comparison
from app.runs.list import example_list, run_list
from app.runs.page import run_page
from app.shared.page_help import heading
from app.shared.presenter import is_presenting
from app.shared.widgets import literal
from fairkd import runs
from fairkd.errors import FairKDError

hidden = page_is_hidden()
asked = chosen_id()
if asked is not None:
    run_page(asked, hidden=hidden)
else:
    heading("Runs", "runs")
    try:
        found = runs.all_runs()
    except FairKDError as error:
        st.error(literal(error), icon=":material/error:")
    else:
        examples = runs.examples()
        top = st.container()  # in the presenter view the charts are what the audience came for
        run_list(found, hidden=hidden)
        example_list(examples, first=not found)
        with top if is_presenting() else nullcontext():
            comparison([*found, *reversed(examples)])  # the newest first, like the others
