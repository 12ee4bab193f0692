"""Tables as files and as text: with provenance, and without markup from the data."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.shared.provenance import about_models, content_hash
from app.shared.table_download import with_provenance
from fairkd import __version__
from fairkd.models.fingerprint import weights_hash
from fairkd.models.loading import load
from fairkd.utils import PAPER, latex_table, markdown_table, software_entry

FRAME = pd.DataFrame(
    {"token": ["##s", "a|b", "50 % & {x}_"], "gap": [1.005, -0.25, None], "rank": [1, 2, 30]}
)
TWO = {"gap": "{:.2f}".format}


def test_a_file_names_models_hashes_settings_version_and_date_in_columns(
    tiny_folder: Callable[[str], Path],
) -> None:
    reference = str(tiny_folder("bert"))
    about = about_models({"teacher": reference}, contrast="pronouns")
    found = with_provenance(FRAME, about)
    assert list(found.columns[:3]) == list(FRAME.columns)
    rows = list(csv.DictReader(io.StringIO(found.to_csv(index=False))))
    assert len(rows) == 3 and rows[0]["token"] == "##s"
    for row in rows:
        assert row["teacher"] == reference and len(row["teacher_sha256"]) == 64
        assert row["contrast"] == "pronouns" and row["fairkd_version"] == __version__
        assert len(row["date"]) == len("2026-01-01")


def test_a_column_of_the_table_is_not_overwritten() -> None:
    frame = pd.DataFrame({"date": ["1999-01-01"]})
    assert with_provenance(frame).date.tolist() == ["1999-01-01"]


def test_the_hash_of_one_weights_file_is_its_sha256_and_changes_with_its_content(
    tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    import hashlib
    import shutil

    folder = Path(shutil.copytree(tiny_folder("bert"), tmp_path / "copy"))
    weights = folder / "model.safetensors"
    before = weights_hash(load(str(folder)))
    assert before == hashlib.sha256(weights.read_bytes()).hexdigest()
    lm = load(str(folder))
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x07")
    assert weights_hash(lm) != before


def test_a_student_that_shares_embeddings_has_a_hash_of_both_files() -> None:
    hashes = {content_hash(f"embedded/{name}") for name in ("teacher", "student-plain", "student-fair")}
    assert len(hashes) == 3


def test_markdown_escapes_what_it_would_interpret_and_rounds_as_told() -> None:
    lines = markdown_table(FRAME, TWO).splitlines()
    assert lines[0] == "| token | gap | rank |"
    assert lines[1] == "| :--- | ---: | ---: |"
    assert lines[2] == r"| \#\#s | 1.00 | 1 |"
    assert lines[3].startswith(r"| a\|b |") and lines[3].endswith("| -0.25 | 2 |")
    assert "| – | 30 |" in lines[4]


def test_latex_escapes_what_it_would_interpret() -> None:
    text = latex_table(FRAME, TWO)
    assert r"\begin{tabular}{lrr}" in text and r"\toprule" in text
    assert r"50 \% \& \{x\}\_ & – & 30 \\" in text
    assert r"\#\#s & 1.00 & 1 \\" in text


def _page() -> None:
    import pandas as pd

    from app.shared.reproduce import reproduce
    from app.shared.table_download import table_download

    frame = pd.DataFrame({"word": ["milk"], "gap": [0.5]})
    table_download(frame, "fairkd-test", "test_csv", formats={"gap": "{:.2f}".format})
    reproduce(["fairkd", "gaps", "--groups", "a b", "c"], "test_reproduce", files={"x.csv": lambda: "a\n1\n"})


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(_page)


def test_copies_are_drawn_when_asked_for(page: AppTest) -> None:
    assert not page.run().code
    page.session_state["test_csv_copy"] = True
    page.run()
    text = page.code[0].value
    assert text.startswith("| word | gap |\n| :--- | ---: |\n| milk | 0.50 |\n\nfairkd version: ")
    page.get_by_key("test_csv_copy_as").set_value("LaTeX").run()
    assert page.code[0].value.startswith(r"\begin{tabular}{lr}")
    assert f"\n% fairkd version: {__version__}; date: 20" in page.code[0].value


def test_the_command_is_quoted_for_a_shell_and_the_paper_is_cited(page: AppTest) -> None:
    page.session_state["test_reproduce"] = True
    page.run()
    assert not page.exception
    assert page.code[0].value == "fairkd gaps --groups 'a b' c"
    assert PAPER in page.code[1].value and software_entry() in page.code[1].value
    assert __version__ in software_entry()
