"""Where the dashboard's files are."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairkd.errors import FairKDError
from fairkd.utils import DASHBOARD_SCRIPT, dashboard_files, dashboard_folder
from tests import ROOT


def test_a_checkout_has_its_own_dashboard() -> None:
    assert dashboard_folder() == ROOT and (ROOT / DASHBOARD_SCRIPT).is_file()


def test_an_installation_without_the_dashboards_files_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dashboard_files, "__file__", str(tmp_path / "fairkd" / "utils" / "x.py"))
    with pytest.raises(FairKDError, match="install FairKD again"):
        dashboard_folder()
