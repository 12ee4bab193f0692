"""The tests: one folder for each package of `fairkd/` and each folder of `app/`, and `e2e/` in a browser."""

from pathlib import Path

ROOT = Path(__file__).parents[1]  # of the repository
