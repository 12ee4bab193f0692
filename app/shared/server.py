"""What the server does besides answering, from its start to its end."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from app.shared.streamlit_internals import open_browser


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Open the browser, and later load the default models. Streamlit enters this when the server starts."""
    open_browser()
    threading.Thread(target=_prepare, name="prepare", daemon=True).start()
    yield


def _prepare() -> None:
    # Imported here, because Streamlit's caches need a running server. The browser takes longer to start.
    from app.shared.activity import load_default_models

    load_default_models()
