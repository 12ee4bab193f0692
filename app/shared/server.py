"""What the server does besides answering, from its start to its end."""

from __future__ import annotations

import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import streamlit as st

from app.shared.streamlit_internals import limit_uploads, open_browser, show_no_advertisement
from app.shared.visitor import hosting
from fairkd.errors import FairKDError

LARGEST_TABLE = 1  # megabytes that the Gaps page takes


def stop_if_misconfigured() -> None:
    """End the process with one sentence if an environment variable is wrong, before anybody is served."""
    try:
        hosting()
    except FairKDError as error:
        sys.exit(f"Error: {error}")


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Open the browser, and prepare the first page. Streamlit enters this when the server starts."""
    if hosting().mode == "demo":
        limit_uploads(0)
    elif hosting().mode == "class":
        limit_uploads(max(hosting().megabytes, LARGEST_TABLE))
    show_no_advertisement()
    open_browser()
    threading.Thread(target=_prepare, name="prepare", daemon=True).start()
    yield
    from app.shared.activity import activity

    activity().close()


def _prepare() -> None:
    """Import and read what the first page needs while the browser starts; do everything else later."""
    from app.shared.activity import activity  # only now do caches have a server
    from app.shared.model_options import STUDENT_DEFAULT, TEACHER_DEFAULT

    activity().open()
    import numpy  # noqa: F401 - Streamlit imports it when it shows an icon

    import app.predictions.page
    import app.shared.sidebar  # noqa: F401
    from app.predictions.stored import read_stored_views

    read_stored_views({"teacher": TEACHER_DEFAULT, "student": STUDENT_DEFAULT})
    activity().start(_when_idle)


def _when_idle() -> None:
    """Load the default models, and remove uploaded files that no run needs."""
    from app.shared.activity import load_default_models

    load_default_models()
    from fairkd.runs import uploads

    with suppress(FairKDError):  # a damaged database: the Runs page reports it
        uploads.remove_unused()
