"""Items shared by two processes: the result is that of one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fairkd.benchmarks import measure
from fairkd.models import MaskedLM
from tests.benchmarks import two_processes
from tests.benchmarks.test_crows_pairs import FILES
from tests.distill.test_processes import launch

ONCE = ("seconds", "date", "model")  # what may differ


@pytest.mark.slow
def test_two_processes_find_what_one_finds(
    tiny_folder: Callable[[str], Path], tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    data = tmp_path / "pairs.csv"
    data.write_bytes(FILES["pairs.csv"])
    done = launch(str(Path(two_processes.__file__)), str(tiny_folder("bert")), str(data), str(tmp_path))
    assert done.returncode == 0, done.stderr
    alone = measure(tiny_bert, "crows-pairs", data=data, cached=False)
    expected = {**alone.as_json(), "items": json.loads(alone.items.to_json(orient="split"))}
    for rank in range(2):
        found = json.loads((tmp_path / f"rank-{rank}.json").read_text())
        assert {key: value for key, value in found.items() if key not in ONCE} == {
            key: value for key, value in expected.items() if key not in ONCE
        }
    assert len(expected["items"]["data"]) == 6
