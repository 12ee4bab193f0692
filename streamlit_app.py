"""FairKD's dashboard: `streamlit run streamlit_app.py`.

It starts the server; `dashboard.py` is the script that draws the pages.
"""

import streamlit as st
from starlette.middleware import Middleware

from app.shared.compression import CompressedFiles
from app.shared.streamlit_internals import open_browser

# Streamlit finds this assignment by reading the file, and serves the application.
app = st.App("dashboard.py", lifespan=open_browser, middleware=[Middleware(CompressedFiles)])
