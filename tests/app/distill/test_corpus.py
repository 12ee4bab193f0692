"""The training text on the Distill page: uploads, paths, columns."""

from __future__ import annotations

import gzip
import json
import time
import tomllib
from pathlib import Path

import pytest

from app.distill.corpus import PART, SMALL_TEXT
from app.distill.text_input import NAMED, PREVIEW, UPLOAD, _first
from fairkd import corpora
from fairkd.errors import InputError
from fairkd.utils import MOST_MEGABYTES
from tests import ROOT
from tests.app.conftest import OpenDistill
from tests.app.reading import started, texts

pytestmark = pytest.mark.usefixtures("home")


def test_an_uploaded_table_is_stored_and_its_column_chosen(open_distill: OpenDistill, home: Path) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(UPLOAD).run()
    table = b"id,title,body\n" + b"".join(
        b"%d,A short title %d,This is the sentence number %d of the file.\n" % (n, n, n) for n in range(30)
    )
    app.file_uploader(key="distill_upload").upload("my letters.csv", table).run()
    assert not app.exception and not app.error
    app.selectbox(key="distill_column").set_value("body").run()
    assert "30 distinct sentences" in texts(app) and "This is the sentence number" in texts(app)
    app.button(key="start_one").click().run()
    corpus = started()["plain"].corpus
    assert corpus.column == "body" and Path(corpus.source).read_bytes() == table
    assert Path(corpus.source).parent == home / "uploads"


def test_only_the_sentences_of_the_preview_are_read(tmp_path: Path) -> None:
    path = tmp_path / "letters.txt"
    path.write_text("".join(f"This is the sentence number {n} of the file.\n" for n in range(3 * PREVIEW)))
    found = _first(str(path), (0, 0), None)
    assert not isinstance(found, InputError)
    assert len(found.training) + len(found.held_out) == PREVIEW and found.skipped == {}


def test_a_file_without_text_is_an_error_before_the_start(open_distill: OpenDistill) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(UPLOAD).run()
    app.file_uploader(key="distill_upload").upload("empty.txt", b"\n\n").run()
    assert not app.exception and app.error


def test_a_missing_path_is_an_error(open_distill: OpenDistill) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(NAMED).run()
    app.text_input(key="distill_named").set_value("/no/such/<b>file</b>.txt").run()
    (error,) = app.error
    assert "There is no corpus" in texts(app) and "<b>" not in error.value


def test_a_path_typed_just_before_the_start_is_used_by_the_run(
    open_distill: OpenDistill, tmp_path: Path
) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(NAMED).run()
    path = tmp_path / "letters.txt"
    path.write_text("This is a sentence of the file.\n" * 3)
    app.text_input(key="distill_named").set_value(str(path))
    app.button(key="start_one").click().run()
    assert not app.exception and started()["plain"].corpus.source == str(path)


def test_the_small_text_is_chosen_shows_its_licence_and_stays_in_the_link(open_distill: OpenDistill) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(SMALL_TEXT).run()
    assert "WordNet licence" in texts(app)
    app.button(key="start_one").click().run()
    assert not app.exception and started()["plain"].corpus.source == "small"
    again = open_distill(["plain"], set='{"": {"corpus.source": "small"}}')
    assert again.radio(key="distill_text").value == SMALL_TEXT


def test_a_removed_or_unstored_file_is_not_used(
    open_distill: OpenDistill, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(UPLOAD).run()
    app.file_uploader(key="distill_upload").upload("one.txt", b"This is a sentence of the file.\n").run()
    assert "one.txt" in texts(app)
    app.file_uploader(key="distill_upload").set_value(None).run()
    assert "BUG is used" in texts(app)
    app.file_uploader(key="distill_upload").upload("one.txt", b"This is a sentence of the file.\n").run()

    def full(*_: object, **__: object) -> Path:
        raise InputError("The disk is full.")

    monkeypatch.setattr("fairkd.runs.uploads.store", full)
    app.file_uploader(key="distill_upload").upload("two.txt", b"This is another sentence.\n").run()
    assert [error.value for error in app.error] == ["The disk is full\\."]
    app.button(key="start_one").click().run()
    assert started()["plain"].corpus.source == "bug"


def test_the_server_accepts_files_of_the_size_that_the_page_allows() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["server"]["maxUploadSize"] >= MOST_MEGABYTES


def test_a_file_with_a_name_in_another_script_is_read(open_distill: OpenDistill) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(UPLOAD).run()
    text = "".join(f"This is the sentence number {n} of the file.\n" for n in range(9))
    app.file_uploader(key="distill_upload").upload("данные.txt", text.encode()).run()
    assert not app.exception and not app.error and " данные.txt: 9 distinct sentences" in texts(app)
    app.file_uploader(key="distill_upload").upload("слова.txt", b"one\ntwo\n").run()
    (error,) = app.error
    assert error.value.startswith("The corpus слова")


def test_a_table_without_a_header_gives_a_hint(open_distill: OpenDistill) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(UPLOAD).run()
    table = "The nurse said that she was late.,1\n" + "".join(
        f"He is the engineer number {n} here.,0\n" for n in range(3 * PREVIEW)
    )
    app.file_uploader(key="distill_upload").upload("rows.csv", table.encode()).run()
    assert not app.exception and not app.error
    (warning,) = app.warning
    assert "looks like a row" in warning.value
    app.file_uploader(key="distill_upload").upload("good.csv", f"text,label\n{table}".encode()).run()
    assert not app.warning


def test_a_packed_file_without_text_is_refused_at_once(open_distill: OpenDistill) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(UPLOAD).run()
    blank = gzip.compress(b"\n" * 33_000_000)  # 33 kB
    began = time.process_time()
    app.file_uploader(key="distill_upload").upload("blank.txt.gz", blank).run()
    assert time.process_time() - began < 10
    assert not app.exception and len(app.error) == 1
    assert "no usable sentence for training in the first 1,000,000 lines" in texts(app)


def test_a_preview_of_a_part_says_so(open_distill: OpenDistill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpora, "PREVIEW_LIMITS", corpora.ReadingLimits(lines=20))
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(UPLOAD).run()
    text = "".join(f"This is the sentence number {n} of the file.\n" for n in range(30))
    app.file_uploader(key="distill_upload").upload("part.txt", text.encode()).run()
    assert not app.exception and not app.error
    assert "This preview covers the first 20 lines. A run reads more." in texts(app)
    assert "at least 20 distinct sentences" in texts(app)


def test_lines_that_are_not_utf_8_give_a_hint(open_distill: OpenDistill) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(UPLOAD).run()
    content = "She is here.\nHe is there.\nUn café noir.\n".encode("cp1252")
    app.file_uploader(key="distill_upload").upload("latin.txt", content).run()
    (warning,) = app.warning
    assert warning.value == "1 line is not UTF-8 text, and not used. Save the file as UTF-8 to use all of it."


def test_the_preview_ends_when_the_visitor_changes_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Changed(BaseException):
        pass

    def stop() -> None:
        raise Changed

    path = tmp_path / "letters.txt"
    path.write_text("This is a sentence of the file.\n" * 9)
    monkeypatch.setattr("app.distill.text_input.rerun_if_changed", stop)
    monkeypatch.setattr("fairkd.utils.throttle.EVERY", 0.0)
    with pytest.raises(Changed):
        _first(str(path), (1, 1, 1), None)


def test_a_file_that_was_mended_is_read_again(open_distill: OpenDistill, tmp_path: Path) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(NAMED).run()
    path = tmp_path / "letters.txt"
    path.write_text("One\n")
    app.text_input(key="distill_named").set_value(str(path)).run()
    assert "no usable sentence" in texts(app)
    path.write_text("This is a sentence of the file.\n" * 3)
    app.run()
    assert not app.error and "1 distinct sentence" in texts(app)


def test_a_file_of_a_folder_that_was_mended_is_read_again(open_distill: OpenDistill, tmp_path: Path) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(NAMED).run()
    (tmp_path / "letters.txt").write_text("One\n")
    app.text_input(key="distill_named").set_value(str(tmp_path)).run()
    assert "no usable sentence" in texts(app)
    (tmp_path / "letters.txt").write_text("This is a sentence of the file.\n" * 3)
    app.run()
    assert not app.error and "1 distinct sentence" in texts(app)


def test_a_folder_is_read(open_distill: OpenDistill, tmp_path: Path) -> None:
    for part in range(2):
        rows = "".join(f"{n},This is the sentence {n} of part {part}.\n" for n in range(9))
        (tmp_path / f"part-{part}.csv").write_text(f"id,text\n{rows}")
    app = open_distill(["plain"])
    app.get_by_key("distill_text").set_value(NAMED).run()
    app.text_input(key="distill_named").set_value(str(tmp_path)).run()
    assert not app.error and "18 distinct sentences" in texts(app)
    app.button(key="start_one").click().run()
    assert started()["plain"].corpus.source == str(tmp_path)


def test_a_held_out_file_is_uploaded_and_not_in_the_link(open_distill: OpenDistill, home: Path) -> None:
    app = open_distill(["plain"])
    app.get_by_key("distill_held_out_text").set_value(UPLOAD).run()
    assert f"Until you choose one: {PART.lower()}" in texts(app)
    table = b"id,short,body\n" + b"".join(
        b"%d,A title %d,The sentence number %d.\n" % (n, n, n) for n in range(9)
    )
    app.file_uploader(key="distill_held_out_upload").upload("valid.csv", table).run()
    app.selectbox(key="distill_held_out_column").set_value("body").run()
    assert not app.error and "valid.csv: 9 distinct sentences" in texts(app)
    app.button(key="start_one").click().run()
    corpus = started()["plain"].corpus
    assert Path(str(corpus.held_out)).parent == home / "uploads" and corpus.held_out_column == "body"
    assert corpus.source == "bug" and "held_out" not in str(app.query_params)


def test_a_link_holds_the_path_of_a_held_out_text(open_distill: OpenDistill, tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text("A single sentence is enough.\n")
    app = open_distill(["plain"], set=json.dumps({"": {"corpus.held_out": str(path)}}))
    assert app.selectbox(key="distill_held_out_text").value == NAMED
    assert not app.error and "one.txt: 1 distinct sentence. The first" in texts(app)
    app.button(key="start_one").click().run()
    assert started()["plain"].corpus.held_out == str(path)
