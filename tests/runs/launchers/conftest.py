"""The fixtures of runs, for launchers, too."""

from tests.runs.conftest import home, quiet

__all__ = ["home", "quiet"]
