"""`fairkd report`: the file that it writes, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.outcome import Outcome

Fairkd = Callable[..., Outcome]


def test_runs_are_named_by_id_or_name_and_a_file_is_kept_unless_forced(
    home: Path, fairkd: Fairkd, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    found = fairkd("report", "example-pl", "fair (example)", "--html", str(file))
    assert found.code == 0 and f"The report was written to {file}." in found.out
    assert "2 runs compared" in file.read_text(encoding="utf-8")
    again = fairkd("report", "example-plain", "--html", str(file))
    assert again.code == 2 and "already exists: choose another name, or add --force." in again.err
    assert "2 runs compared" in file.read_text(encoding="utf-8")
    assert fairkd("report", "example-plain", "--html", str(file), "--force").code == 0
    assert "2 runs compared" not in file.read_text(encoding="utf-8")


def test_an_error_is_one_sentence_and_writes_nothing(home: Path, fairkd: Fairkd, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    for arguments, sentence in (
        (["example-plian"], "There is no run 'example-plian'"),
        (["example"], "3 runs begin with 'example'"),
        (["example-plain", "example-plain"], "Each run can be in a report once"),
    ):
        found = fairkd("report", *arguments, "--html", str(file))
        assert found.code == 2 and sentence in found.err and found.err.count("\n") == 1
    assert not file.exists()
    found = fairkd("report", "example-plain", "--html", str(tmp_path / "none" / "report.html"))
    assert found.code == 2 and "a folder that exists" in found.err
