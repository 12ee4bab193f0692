"""The page Learn, opened in a test."""

import pytest
from streamlit.testing.v1 import AppTest

from app.learn.class_answers import class_answers
from tests import ROOT


@pytest.fixture
def open_learn():
    """`open_learn(lesson="predictions")` opens the page with these parameters, on the embedded models."""
    class_answers.clear()

    def open_(**parameters: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=60)
        for name in {"present", "student"} & parameters.keys():  # read when the dashboard is opened
            app.query_params[name] = parameters[name]
        app.run()
        app.switch_page("app/pages/learn.py")
        for name, value in parameters.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    return open_


def texts(app):
    """All text that the page shows, as one string."""
    return " ".join(element.value for element in [*app.markdown, *app.caption, *app.info, *app.success])
