"""Background runs of the command line's tests have a home of their own."""

from tests.runs.conftest import home as home
