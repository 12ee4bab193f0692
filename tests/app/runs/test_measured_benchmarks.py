"""The benchmarks of compared runs, for those whose students were measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from fairkd.benchmarks import measure, stored_results
from fairkd.models import MaskedLM
from fairkd.utils import runs_folder
from tests.app.conftest import OpenRuns
from tests.app.some_runs import add_run, training
from tests.benchmarks.test_crows_pairs import FILES

pytestmark = pytest.mark.usefixtures("home")


def tables(app: AppTest) -> list[pd.DataFrame]:
    return [frame.value for frame in app.dataframe if "CrowS-Pairs" in " ".join(map(str, frame.value))]


def test_measured_students_stand_in_the_comparison(
    open_runs: OpenRuns, tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    data = tmp_path / "pairs.csv"
    data.write_bytes(FILES["pairs.csv"])
    result = measure(tiny_bert, "crows-pairs", data=data, cached=False)
    ids = [add_run(name, events=training(400), batch="b") for name in ("plain", "fair")]
    assert not tables(open_runs())
    stored_results.store(replace(result, model=f"run/{ids[0]}", quick=True), runs_folder() / ids[0])
    app = open_runs()
    [table] = tables(app)
    assert table["run"].tolist() == ["plain"] and table.columns[1].startswith("CrowS-Pairs")
    told = " ".join(caption.value for caption in app.caption).replace("\\", "")
    assert "On a sample of the items: plain" in told and "Not measured: fair" in told
