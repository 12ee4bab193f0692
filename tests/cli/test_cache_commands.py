"""`fairkd cache`: what is kept on disk, and what may be removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fairkd.distill import evaluation_cache, teacher_cache_folders as folders
from fairkd.utils import cache_folder, make_private
from tests.outcome import Outcome

Command = Callable[..., Outcome]


@pytest.fixture
def kept(home: Path) -> Path:
    """The states of one teacher, an evaluation and a download; the folder of the states."""
    path = folders.claim("abcdef0123456789", {"teacher": "embedded/teacher", "text": "BUG", "seed": 3})
    (path / "1.states").write_bytes(bytes(2_000_000))
    make_private(evaluation_cache.folder())
    evaluation_cache.write("0" * 64, {"measures": {}})
    (cache_folder() / "data-1-py3-none-any.whl").write_bytes(bytes(5000))
    return path


def test_the_list_says_what_is_kept_and_how_large_it_is(fairkd: Command, kept: Path) -> None:
    shown = fairkd("cache", "list").out
    assert "Hidden states of embedded/teacher on BUG, seed 3" in shown and "2.0 MB" in shown
    states, evaluations, downloads = json.loads(fairkd("cache", "list", "--json").out)
    assert (states["name"], states["teacher"], states["text"], states["seed"]) == (
        *("abcdef01", "embedded/teacher", "BUG", 3),
    )
    assert states["bytes"] > 2_000_000 and evaluations["name"] == "evaluations"
    assert (downloads["name"], downloads["bytes"]) == ("downloads", 5000)


def test_clearing_removes_what_is_named_or_all_but_the_downloads(fairkd: Command, kept: Path) -> None:
    assert fairkd("cache", "clear", "evalu", "--yes").out.startswith("Removed evaluations: 1 evaluation of")
    assert kept.is_dir() and not list(evaluation_cache.folder().iterdir())
    removed = json.loads(fairkd("cache", "clear", "--json").out)
    assert [one["name"] for one in removed] == ["abcdef01"] and not kept.exists()
    assert "nothing to remove" in fairkd("cache", "clear", "--yes").out
    assert fairkd("cache", "clear", "downloads", "--yes").code == 0
    assert "Nothing is kept in" in fairkd("cache", "list").out


def test_what_a_run_is_using_stays(fairkd: Command, kept: Path) -> None:
    lock = folders.writer_lock(kept, 0)
    lock.acquire()
    try:
        assert "in use" in fairkd("cache", "list").out
        refused = fairkd("cache", "clear", "abc", "--yes")
        assert refused.code == 2 and "A run is using abcdef01" in refused.err
        assert "A run is using abcdef01, so that stays." in fairkd("cache", "clear", "--yes").out
        assert kept.is_dir()
    finally:
        lock.release()


def test_an_unknown_name_is_refused_with_the_nearest_one(fairkd: Command, kept: Path) -> None:
    refused = fairkd("cache", "clear", "evaluation-s", "--yes")
    assert refused.code == 2 and "no cache 'evaluation-s'. Did you mean evaluations?" in refused.err
