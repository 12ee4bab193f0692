"""events.jsonl: a writer may be killed in the middle of a line, and readers never see half of one."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from fairkd.runs import events
from fairkd.runs.events import Writer


def write_events(folder: Path, *steps: int) -> list[events.Event]:
    with Writer(folder) as writer:
        return [writer.write({"type": "train", "step": step, "loss": 1.5}) for step in steps]


def test_written_events_are_read(tmp_path: Path) -> None:
    expected = write_events(tmp_path, 1, 2)
    assert events.read(tmp_path) == (expected, (tmp_path / "events.jsonl").stat().st_size)
    assert set(expected[0]) == {"type", "time", "step", "loss"}


def test_reading_continues_after_the_last_event(tmp_path: Path) -> None:
    first = write_events(tmp_path, 1)
    assert events.read(tmp_path)[0] == first
    _, position = events.read(tmp_path)
    more = write_events(tmp_path, 2, 3)
    assert events.read(tmp_path, after=position)[0] == more
    assert events.read(tmp_path, after=events.read(tmp_path)[1])[0] == []


def test_a_folder_without_events_has_none(tmp_path: Path) -> None:
    assert events.read(tmp_path) == ([], 0)


def test_an_incomplete_last_line_is_left_for_later(tmp_path: Path) -> None:
    write_events(tmp_path, 1)
    path = tmp_path / "events.jsonl"
    size = path.stat().st_size
    line = json.dumps({"type": "train", "time": 1.0, "step": 2}).encode()
    for cut in range(1, len(line) + 1):
        path.write_bytes(path.read_bytes()[:size] + line[:cut])
        found, position = events.read(tmp_path)
        assert ([event["step"] for event in found], position) == ([1], size)
    path.write_bytes(path.read_bytes() + b"\n")
    assert [event["step"] for event in events.read(tmp_path, after=size)[0]] == [2]


@pytest.mark.parametrize(("tail", "steps"), [(b'{"type": "train", "st', [1, 3]), (b"", [1, 3])])
def test_the_next_writer_removes_an_incomplete_line(tmp_path: Path, tail: bytes, steps: list[int]) -> None:
    write_events(tmp_path, 1)
    with (tmp_path / "events.jsonl").open("ab") as handle:
        handle.write(tail)
    write_events(tmp_path, 3)
    assert [event["step"] for event in events.read(tmp_path)[0]] == steps


def test_the_next_writer_completes_a_line_without_its_line_break(tmp_path: Path) -> None:
    write_events(tmp_path, 1)
    with (tmp_path / "events.jsonl").open("ab") as handle:
        handle.write(b'{"type": "train", "time": 1.0, "step": 2}')
    write_events(tmp_path, 3)
    assert [event["step"] for event in events.read(tmp_path)[0]] == [1, 2, 3]


def test_lines_that_are_not_events_are_skipped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    sound = b'{"type": "message", "text": "x", "time": 1, "step": 4}\n'
    path.write_bytes(b'not json\n[1]\n{"step": 1}\n\xff\xfe\n\n' + sound)
    found, position = events.read(tmp_path)
    assert [event["step"] for event in found] == [4] and position == path.stat().st_size
    damage = events.scan(tmp_path).damage
    assert damage == "In events.jsonl, 4 lines are damaged and left out: it is not valid JSON."


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"time": None}, "its time should be a number"),
        ({"time": 1e300}, "its time should be less than or equal to 221845392000"),
        ({"step": 1.5}, "its step should be a whole number"),
        ({"step": True}, "its step should be a whole number"),
        ({"step": -1}, "its step should be greater than or equal to 0"),
        ({"loss": "low"}, "its loss should be a number"),
        ({"type": "watched_sentence", "text": "x", "positions": []}, "its positions should have at least 1"),
        ({"type": "message"}, "text is missing"),
        ({"type": "evaluation", "items": {"kl": [1.0]}}, "its kl needs masked_tokens"),
        (
            {"type": "evaluation", "items": {"kl": [1.0], "masked_tokens": [1, 2]}},
            "its kl should have as many values as there are masked_tokens",
        ),
        ({"type": "start", "resumed_from": "the end"}, "its resumed_from should be a whole number"),
    ],
)
def test_what_is_wrong_with_an_event_is_said(tmp_path: Path, values: dict[str, object], problem: str) -> None:
    line = json.dumps({"type": "train", "time": 1.0, "step": 2, "loss": 3.0, **values})
    (tmp_path / "events.jsonl").write_text(f"{line}\n")
    assert events.read(tmp_path)[0] == []
    assert f"1 line is damaged and left out: {problem}" in events.scan(tmp_path).damage


def test_an_event_of_a_newer_version_is_kept(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text('{"type": "new", "time": 1, "step": 2, "more": [{}]}\n')
    assert events.read(tmp_path)[0] == [{"type": "new", "time": 1, "step": 2, "more": [{}]}]
    assert events.scan(tmp_path).damage is None


def test_nan_and_infinity_are_written_as_null(tmp_path: Path) -> None:
    with Writer(tmp_path) as writer:
        writer.write({"type": "train", "loss": float("nan"), "parts": [float("inf"), 1.0]})
    (event,), _ = events.read(tmp_path)
    assert event["loss"] is None and event["parts"] == [None, 1.0] and event["step"] == 0


def test_a_line_that_does_not_fit_on_the_disk_is_removed_again(tmp_path: Path) -> None:
    """In a process of its own, because a lowered limit of the file size cannot be raised again."""
    write_events(tmp_path, 1)
    before = (tmp_path / "events.jsonl").read_bytes()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 30, len(before) + 30))
            with Writer(tmp_path) as writer:
                writer.write({"type": "message", "text": "x" * 200})
        except OSError:
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (tmp_path / "events.jsonl").read_bytes() == before


def event(kind: str, step: int, **more: object) -> events.Event:
    return {"type": kind, "time": 0.0, "step": step, **more}


def test_a_resume_voids_the_events_after_its_step() -> None:
    written = [
        event("start", 0, resumed_from=None),
        event("message", 0, text="kept"),
        *(event("train", step) for step in (10, 20, 30)),
        event("checkpoint", 20),
        event("evaluation", 30),
        event("watched_sentence", 30),
        event("start", 20, resumed_from=20),
        event("train", 30, loss=1.0),
    ]
    kept = events.history(written)
    assert [(e["type"], e["step"]) for e in kept] == [
        ("start", 0),
        ("message", 0),
        ("train", 10),
        ("train", 20),
        ("checkpoint", 20),
        ("start", 20),
        ("train", 30),
    ]
    assert kept[-1]["loss"] == 1.0


def test_a_start_from_the_beginning_voids_all_training_before_it() -> None:
    written = [event("start", 0, resumed_from=None), event("evaluation", 0), event("train", 5)]
    kept = events.history([*written, event("start", 0, resumed_from=None), event("train", 5)])
    assert [e["type"] for e in kept] == ["start", "start", "train"]


@given(st.lists(st.one_of(st.integers(1, 9), st.none(), st.just(-1)), max_size=30))
def test_steps_in_a_history_never_decrease(plan: list[int | None]) -> None:
    """A number trains that many more steps; None resumes from half of the steps; -1 starts again."""
    written, step = [event("start", 0, resumed_from=None)], 0
    for item in plan:
        if item is None:
            step //= 2
            written.append(event("start", step, resumed_from=step))
        elif item < 0:
            step = 0
            written.append(event("start", 0, resumed_from=None))
        else:
            for _ in range(item):
                step += 1
                written.append(event("train", step))
    steps = [e["step"] for e in events.history(written) if e["type"] == "train"]
    assert steps == list(range(1, step + 1))
    assert events.history(events.history(written)) == events.history(written)


def test_events_as_lines() -> None:
    lines = [
        events.as_line(e)
        for e in (
            event("start", 0, resumed_from=None),
            event("start", 5, resumed_from=5),
            event("message", 0, text="Reading"),
            event("train", 6, loss=1.23456, tokens_per_second=812.4),
            event("train", 7, loss=None),
            event("evaluation", 6, kl=0.5, gap_absolute=1.0, pseudo_perplexity_sampled=9.0),
            event("end", 7, state="finished", sentence=None),
            event("watched_sentence", 7),
        )
    ]
    assert lines == [
        "started",
        "resumed from step 5",
        "Reading",
        "step 6: loss 1.235, 812 tokens/s",
        "step 7: loss -, - tokens/s",
        "step 6: KL to the teacher 0.500 nats; mean absolute gap 1.00 nats; pseudo-perplexity, sampled 9.0",
        "finished after step 7.",
        None,
    ]


def test_a_log_has_a_line_for_each_event_and_survives_a_full_disk() -> None:
    log = io.StringIO()
    for event in ({"type": "message", "text": "Reading"}, {"type": "watched_sentence"}, {"type": "start"}):
        events.log(event, log)
    assert [line.partition(" ")[2] for line in log.getvalue().splitlines()] == ["Reading", "started"]

    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    events.log({"type": "start"}, Full())
