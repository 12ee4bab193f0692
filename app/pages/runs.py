"""Runs: the queue and the history, one run with its curves, or several runs compared."""

import streamlit as st

from app.components.visibility import page_is_hidden
from app.runs.actions import chosen_id
from app.runs.comparison import comparison
from app.runs.list import example_list, run_list
from app.runs.page import run_page
from app.shared.widgets import literal
from fairkd import runs
from fairkd.errors import FairKDError

hidden = page_is_hidden()
asked = chosen_id()
if asked is not None:
    run_page(asked, hidden=hidden)
else:
    st.header("Training runs")
    try:
        found = runs.all_runs()
    except FairKDError as error:
        st.error(literal(error), icon=":material/error:")
    else:
        run_list(found, hidden=hidden)
        examples = runs.examples()
        example_list(examples, first=not found)
        comparison([*found, *reversed(examples)])  # the newest first, like the others
