"""What the server does besides answering, from its start to its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from app.shared.streamlit_internals import open_browser


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Open the browser, and later load the default models. Streamlit enters this when the server starts."""
    open_browser()
    # Imported here: Streamlit's caches need a running server, and the browser takes longer to start anyway.
    from app.shared.activity import activity, load_default_models

    activity().open()
    activity().start(load_default_models)
    yield
    activity().close()
