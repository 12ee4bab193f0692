"""Uploaded files: how they are named, who may have how much, and when they are removed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from fairkd import runs
from fairkd.distill.config import Config, make_config
from fairkd.errors import InputError
from fairkd.runs import uploads
from fairkd.runs.uploads import remove_unused, store


def config(source: Path) -> Config:
    return make_config(
        {"teacher": "embedded/teacher", "corpus": {"source": str(source)}, "budget": {"steps": 1}}
    )


def age(path: Path, hours: float) -> None:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def test_a_file_that_no_run_needs_is_removed_after_some_hours(quiet: Path) -> None:
    queued, stopped, unused = (store(f"{name}.txt", name.encode()) for name in ("a", "b", "c"))
    runs.submit(config(queued))
    runs.cancel(runs.submit(config(stopped)).id)
    for path in (queued, stopped, unused):
        age(path, 5)
    assert remove_unused() == []
    for path in (queued, stopped, unused):
        age(path, 7)
    assert remove_unused() == [unused] and queued.exists() and stopped.exists()
    runs.delete(runs.all_runs()[0].id)
    assert store("new.txt", b"new").exists() and not stopped.exists(), "an upload makes room, too"


def test_the_held_out_text_of_a_queued_run_is_kept(quiet: Path) -> None:
    path = store("valid.txt", b"valid")
    runs.submit(make_config({"corpus": {"held_out": str(path)}, "budget": {"steps": 1}}))
    age(path, 7)
    assert remove_unused() == [] and path.exists()


def test_an_upload_of_the_same_file_keeps_it(quiet: Path) -> None:
    path = store("a.txt", b"a")
    age(path, 7)
    again = store("a.txt", b"a")
    assert again == path and path.exists() and remove_unused() == []


def test_a_visitors_files_are_in_a_folder_of_their_own_and_limited_together(quiet: Path) -> None:
    one, other = store("a.txt", b"a", visitor="1" * 64), store("a.txt", b"a", visitor="2" * 64)
    assert one.parent != other.parent and uploads.is_upload(str(one)) and not uploads.is_upload("/etc/x")
    store("b.txt", b"b" * 2**20, visitor="1" * 64, most_megabytes=2)
    store("c.txt", b"c" * 2**20, visitor="2" * 64, most_megabytes=2)
    with pytest.raises(InputError, match="may have 2 MB together"):
        store("d.txt", b"d" * 2**20, visitor="1" * 64, most_megabytes=2)


def test_an_upload_is_named_by_its_content_and_never_leaves_the_folder(quiet: Path) -> None:
    one, two = store("../../etc/passwd.txt", b"one"), store("../../etc/passwd.txt", b"two")
    assert one != two and one.parent == two.parent == quiet / "uploads"
    assert store("../../etc/passwd.txt", b"one") == one


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("данные.txt", "-text.txt"),
        ("データ.csv", "-text.csv"),
        ("データ.CSV.gz", "-text.CSV.gz"),
        ("データ.csv.zst", "-text.csv.zst"),
        ("данные.txt.xz", "-text.txt.xz"),
        (".txt", "-text.txt"),
        ("my letters.v2.csv", "-my-letters.v2.csv"),
        ("x" * 300 + ".jsonl", f"-{'x' * 48}.jsonl"),
    ],
)
def test_an_upload_keeps_the_ending_that_tells_how_to_read_it(quiet: Path, name: str, stored: str) -> None:
    path = store(name, b"She is a nurse.\n")
    assert path.name[12:] == stored and path.is_file()
