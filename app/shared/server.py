"""What the server does besides answering, from its start to its end."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from app.shared.streamlit_internals import open_browser


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Open the browser, and prepare the first page. Streamlit enters this when the server starts."""
    open_browser()
    threading.Thread(target=_prepare, name="prepare", daemon=True).start()
    yield
    from app.shared.activity import activity

    activity().close()


def _prepare() -> None:
    """Import what the first page needs while the browser starts, and load the default models later."""
    from app.shared.activity import activity, load_default_models  # only now do caches have a server

    activity().open()
    import app.predictions.page  # noqa: F401

    activity().start(load_default_models)
