"""The teacher's states on disk: the encoder runs once, and a run that reads them ends the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from fairkd.distill import fitted_start, teacher_cache_folders as folders, train, trainer
from fairkd.distill.teacher_cache_files import StateFiles
from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM
from tests.distill.parts import CORPUS, config, equal, weights

STEPS = 6


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(folders.VARIABLE, "4")
    return tmp_path / "home"


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of positions of each batch that the teacher's encoder was run for."""
    found: list[int] = []
    method = trainer.rows_of

    def counted(*arguments: Any) -> torch.Tensor:
        found.append(len(arguments[3]))
        return method(*arguments)

    monkeypatch.setattr(trainer, "rows_of", counted)
    return found


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[int]]:
    """The layers of each student that was fitted to the teacher's states."""
    found: list[Sequence[int]] = []
    method = fitted_start.fit_layers

    def counted(*arguments: Any, **named: Any) -> None:
        found.append(arguments[2])
        method(*arguments, **named)

    monkeypatch.setattr(fitted_start, "fit_layers", counted)
    return found


def run(lm: MaskedLM, folder: Path, *, steps: int = STEPS, stop: Any = None, **sections: Any) -> list[str]:
    """Train in `folder`; returns the messages about the teacher's states."""
    events: list[dict[str, Any]] = []
    settings = config(budget={"steps": steps}, **sections)
    train(settings, folder, emit=events.append, stop=stop, teacher=lm, corpus=CORPUS)
    return [event["text"] for event in events if "states" in event.get("text", "")]


def model(folder: Path) -> dict[str, torch.Tensor]:
    return weights(folder / "model")


FAIR = {
    "constraint": {"kind": "group", "contrast": "pronouns", "roles": ["subject"]},
    "objective": {"label": "soft", "group": 8.0},
}


def test_the_encoder_runs_once_for_all_variants_and_the_weights_are_the_same_to_the_bit(
    tiny_bert: MaskedLM, tmp_path: Path, encoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tiny_bert, tmp_path / "fair with an empty cache", **FAIR)
    assert len(encoded) == STEPS
    for one in folders.kept():
        assert folders.remove(one)
    run(tiny_bert, tmp_path / "plain")
    encoded.clear()
    (message,) = run(tiny_bert, tmp_path / "fair", **FAIR)
    assert message.startswith(f"The teacher's states of {STEPS} batches are kept")
    assert not encoded
    assert equal(model(tmp_path / "fair with an empty cache"), model(tmp_path / "fair"))

    run(tiny_bert, tmp_path / "longer", steps=STEPS + 3)
    assert len(encoded) == 3
    encoded.clear()
    run(tiny_bert, tmp_path / "another seed", seed=1)
    assert len(encoded) == STEPS
    assert [one.seed for one in folders.kept()] == [1, 0]

    monkeypatch.setenv(folders.VARIABLE, "0")  # nothing is kept, and the numbers are rounded all the same
    run(tiny_bert, tmp_path / "not kept", **FAIR)
    assert equal(model(tmp_path / "not kept"), model(tmp_path / "fair"))
    run(tiny_bert, tmp_path / "off", teacher_cache=False, **FAIR)
    off, on = model(tmp_path / "off"), model(tmp_path / "fair")
    assert not equal(off, on)
    assert all(torch.allclose(off[name], on[name], atol=0.01) for name in off)


def test_a_resumed_run_reads_what_it_kept_and_ends_as_an_uninterrupted_one(
    tiny_bert: MaskedLM, tmp_path: Path, encoded: list[int]
) -> None:
    calls = iter([False] * 5 + [True] * 9)
    run(tiny_bert, tmp_path / "run", stop=lambda: next(calls))
    before = len(encoded)
    run(tiny_bert, tmp_path / "run")
    assert before > 0 and len(encoded) == STEPS
    run(tiny_bert, tmp_path / "whole", teacher_cache=True)
    assert len(encoded) == STEPS
    assert equal(model(tmp_path / "run"), model(tmp_path / "whole"))


def test_a_students_layers_are_fitted_once_and_again_if_the_file_is_damaged(
    tiny_bert: MaskedLM, tmp_path: Path, fits: list[Sequence[int]]
) -> None:
    for name, section in (("one", {}), ("two", FAIR)):
        run(tiny_bert, tmp_path / name, steps=1, **section)
    assert fits == [(0,)]
    fits.clear()
    for file in (tmp_path / "home").rglob("fitted-*"):
        file.write_bytes(file.read_bytes()[:-9])
    run(tiny_bert, tmp_path / "four", steps=1)
    assert fits == [(0,)]
    assert equal(model(tmp_path / "one"), model(tmp_path / "four"))


def test_damaged_and_half_written_records_are_computed_again(
    tiny_bert: MaskedLM, tmp_path: Path, encoded: list[int]
) -> None:
    run(tiny_bert, tmp_path / "one")
    (file,) = (tmp_path / "home").rglob("*.states")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1  # a bit of the numbers in the middle
    file.write_bytes(content[:-7])  # and the last record is cut short
    encoded.clear()
    messages = run(tiny_bert, tmp_path / "two")
    assert len(encoded) == 2 and "damaged" in messages[-1]
    assert equal(model(tmp_path / "one"), model(tmp_path / "two"))
    encoded.clear()
    assert run(tiny_bert, tmp_path / "three") and not encoded

    for path in (tmp_path / "home").rglob("*.states"):
        path.write_bytes(b"something else" * 9)
    assert "damaged" in run(tiny_bert, tmp_path / "four")[-1]
    assert len(encoded) == STEPS
    assert equal(model(tmp_path / "one"), model(tmp_path / "four"))


def test_a_second_run_reads_what_the_first_one_has_written_so_far_and_takes_over_when_it_ends(
    tmp_path: Path,
) -> None:
    first, numbers = StateFiles(tmp_path), torch.arange(6.0).half().view(2, 3)
    first.append(b"a" * 16, numbers, largest=1000)
    second = StateFiles(tmp_path)
    assert torch.equal(second.read(b"a" * 16), numbers)
    first.append(b"b" * 16, numbers + 1, largest=1)  # begins another file
    assert second.read(b"b" * 16) is None
    second.refresh()
    assert torch.equal(second.read(b"b" * 16), numbers + 1)
    second.append(b"c" * 16, numbers + 2, largest=1000)
    first.refresh()
    assert torch.equal(first.read(b"c" * 16), numbers + 2)
    assert len(StateFiles(tmp_path)) == 3 and not (first.damaged or second.damaged)


def test_what_is_too_large_for_half_precision_is_not_kept(
    tiny_bert: MaskedLM, tmp_path: Path, encoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "rows_of", lambda *_: torch.full((len(_[3]), 16), 1e5))
    for name in ("one", "two"):
        messages = run(tiny_bert, tmp_path / name)
        assert messages == [
            "Some of the teacher's states are too large for half precision, so they are not kept."
        ]
    assert not list((tmp_path / "home").rglob("*.states"))
    assert equal(model(tmp_path / "one"), model(tmp_path / "two"))


def test_the_relation_loss_runs_the_teacher_each_time(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    run(tiny_bert, tmp_path / "plain", steps=1)
    (message,) = run(tiny_bert, tmp_path / "relations", steps=1, objective={"relations": 1.0})
    assert "not kept: the relation loss needs" in message


def test_the_least_recently_used_states_make_room_and_a_full_disk_ends_no_run(
    tiny_bert: MaskedLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(3):
        run(tiny_bert, tmp_path / str(seed), seed=seed)
    sizes = [one.size for one in folders.kept()]
    with monkeypatch.context() as patch:
        # Room for about two and a half of them: an eighth of it is asked for at once.
        patch.setenv(folders.VARIABLE, str(2.5 * max(sizes) / 1e9))
        run(tiny_bert, tmp_path / "3", seed=3)
    assert folders.kept()[0].seed == 3 and 0 not in [one.seed for one in folders.kept()]

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(StateFiles, "append", full)
    messages = run(tiny_bert, tmp_path / "4", seed=4)
    assert messages == ["No more of the teacher's states are kept (No space left on device)."]
    monkeypatch.setenv(folders.VARIABLE, "much")
    with pytest.raises(InputError, match="FAIRKD_CACHE_GB .* expected a number.*much"):
        run(tiny_bert, tmp_path / "5")


def test_states_in_use_are_not_removed(tmp_path: Path) -> None:
    path = folders.claim("name", {"teacher": "t", "text": "x", "seed": 0})
    lock = folders.writer_lock(path, 0)
    lock.acquire()
    (one,) = folders.kept()
    assert one.in_use and not folders.remove(one) and not folders.make_room(10**15, keep=tmp_path)
    lock.release()
    assert not one.in_use and folders.remove(one) and folders.kept() == []
