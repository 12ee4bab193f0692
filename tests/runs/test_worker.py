"""The priority of a run's process; what else it does is tested with its runner in `test_runs.py`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("asked", "niceness"), [("", "10"), ("0", "0")])
def test_a_run_has_a_lower_priority_unless_the_environment_says_otherwise(asked: str, niceness: str) -> None:
    code = "from fairkd.runs import worker; print(worker.NICENESS)"
    environment = {**os.environ, "FAIRKD_NICE": asked}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == niceness, done.stderr
