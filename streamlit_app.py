"""FairKD's dashboard: `streamlit run streamlit_app.py`.

It starts the server; `dashboard.py` is the script that draws the pages.
"""

import streamlit as st
from starlette.middleware import Middleware

from app.shared.compression import CompressedFiles
from app.shared.server import lifespan, stop_if_misconfigured
from app.shared.visitor_cookie import VisitorCookie

stop_if_misconfigured()
# Streamlit finds this assignment by reading the file, and serves the application.
app = st.App(
    "dashboard.py", lifespan=lifespan, middleware=[Middleware(VisitorCookie), Middleware(CompressedFiles)]
)
