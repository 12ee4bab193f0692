"""The registry of benchmarks: what a page lists before PyTorch is imported."""

from __future__ import annotations

import subprocess
import sys


def test_the_registry_needs_no_torch() -> None:
    code = (
        "import sys; from fairkd.benchmarks import BENCHMARKS; print(len(BENCHMARKS) > 0);"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert shown.stdout == "True\n[]\n"
