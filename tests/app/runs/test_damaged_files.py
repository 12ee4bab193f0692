"""One damaged file stops no other run: list, page, queue and runner live, whatever a stored file holds.

More damage than the gate tries: `FAIRKD_DAMAGE_EXAMPLES=2000 pytest tests/app/runs/test_damaged_files.py`.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from app.charts.run_comparison import compared_curves
from app.charts.runs import loss_curves, mass_sentence, measure_curve
from app.runs import measurement
from app.runs.comparison import last_values
from app.runs.follow import Tails
from app.runs.list import about, signature
from app.runs.page import CURVES, preparation
from app.runs.watched_sentences import columns_of, default_number, figure_of, probabilities, words_over_steps
from app.shared.measured_words import mass_words, measures_other_words
from app.shared.run_texts import has_trained, run_summary, state_badge, status
from app.shared.settings_table import changed
from fairkd import runs
from fairkd.benchmarks import stored_results
from fairkd.cli import run_tables
from fairkd.errors import FairKDError
from fairkd.measures import MEASURES
from fairkd.reports import steps_note
from fairkd.runs import Run, description, event_tables, events, example_runs, lock, store, supervision
from fairkd.runs.runner import Runner
from tests.app.conftest import OpenRuns
from tests.app.reading import texts
from tests.app.some_runs import add_measurement, add_run, result, training
from tests.runs import damage

RESULT = str(stored_results.path_of(Path(), "embedded/teacher", "crows-pairs"))

many = settings(
    max_examples=damage.EXAMPLES,
    phases=[Phase.generate],  # a damaged file is short enough to be read as it is
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def stored(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """The ids of two finished runs, of which the second gets damaged."""
    monkeypatch.setattr(supervision, "start_runner", lambda: None)
    monkeypatch.setenv("FAIRKD_ALLOWED_MODELS", "*")
    ids = [add_run(name, events=training(60, evaluated=20), model=True, log="{}\n") for name in ("a", "b")]
    for id in ids:
        folder = store.entry(id).run.folder
        description.write(folder, runs.RunDescription(name="name", created=5.0))
        (folder / "access.json").write_text('{"models": null, "text": null, "visitor": ""}')
    yield ids[0], ids[1]


@pytest.fixture
def measured(stored: tuple[str, str]) -> str:
    """The id of a finished measurement."""
    return add_measurement("measured", results=[result("embedded/teacher")])


def shown(run: Run) -> None:
    """Everything that list, page and command line compute of a run."""
    now = time.time()
    state_badge(run)
    signature([run])
    assert all(isinstance(part, str) and part for part in about(run))
    json.dumps([status(run, now=now), run_summary(run.config), steps_note(run), preparation(run)])
    json.dumps([dict(run.config), run.name, run.note, run.owner, run.sentence, run.batch]).encode()
    "".join(
        [run.name, run.note, run.owner, run.sentence or "", str(run.config)]
    ).encode()  # no lone surrogate
    changed(run.config)
    mass_words(run.config)
    measures_other_words(run.config)
    measurement.summary(run.config)
    measurement.settings_frame(run.config).to_csv()
    for row in measurement.read_results(run.folder)[0]:
        json.dumps(row).encode()
    with contextlib.redirect_stdout(io.StringIO()):
        run_tables.print_results(run)
        run_tables.print_runs([run])
    json.dumps(run_tables.run_document(run))
    found = Tails().follow(run.folder)
    loss_curves(found.training, dark=False)
    for key in CURVES:
        measure_curve(found.evaluations, MEASURES[key], teacher=found.teacher, dark=False)
        MEASURES[key].format_with_interval(found.last)
    mass_sentence(found.evaluations, found.teacher, mass_words(run.config))
    found.training.to_csv()
    assert found.speed is None or found.speed == found.speed
    for event in found.watched_sentences:
        teacher = found.teacher_watched_sentences.get(event["text"])
        columns = columns_of(event)
        number = default_number(columns)
        json.dumps(figure_of(columns, event["text"], teacher, event, number=number, names=("a", "b")))
        words_over_steps(found, event["text"], columns[number - 1]["index"])
        probabilities(teacher, columns[number - 1]["index"])
    read = events.read(run)[0]
    event_tables.watched_sentences(read)
    for event in read:
        str(events.as_line(event)).encode()
        events.log(event, io.StringIO())


def everything_lives(sound: str, damaged: str) -> Run:
    """Look at all runs as list, page, queue and runner do. Returns the damaged one."""
    found = {run.id: run for run in runs.all_runs()}
    assert found[sound].name == "a" and found[sound].config_error is None
    run = found[damaged]
    known = list(found.values())
    starts = runs.expected_starts(known, runs.slots(), time.time())
    usual = runs.usual_phase_seconds(known)
    for one in known:
        status(one, start=starts.get(one.id), usual=usual)
    shown(run)
    compared = [one for one in known if has_trained(one) and one.config_error is None]
    data = {one.id: Tails().follow(one.folder) for one in compared}
    runs.setting_differences(compared)
    runs.evaluation_differences([one.config for one in compared])
    runs.rests_on_one_seed([one.config for one in compared])
    if compared:
        last_values(data)
    for key in CURVES:
        ranking = runs.rank_runs(MEASURES[key], {id: one.last for id, one in data.items()})
        frames = {id: one.evaluations for id, one in data.items()}
        compared_curves(frames, MEASURES[key], x="minutes", teacher={}, ranking=ranking, dark=False)
    runs.export(damaged, io.BytesIO())
    lock.holder()
    lock.seconds_since_heartbeat()
    supervision.is_starting()
    Runner(command=lambda id, attempt: ("true",), slots=2).tick()
    return run


@settings(many, max_examples=2 * damage.EXAMPLES)
@given(name=st.sampled_from(damage.FILES), data=st.data())
def test_damaged_files_stop_no_other_run(
    stored: tuple[str, str], name: str, data: st.DataObject, tmp_path: Path
) -> None:
    stops_no_other_run(*stored, name, data, tmp_path)


@settings(many, max_examples=2 * damage.EXAMPLES)
@given(name=st.sampled_from(("config.json", "events.jsonl", RESULT)), data=st.data())
def test_a_damaged_measurement_stops_no_other_run(
    stored: tuple[str, str], measured: str, name: str, data: st.DataObject, tmp_path: Path
) -> None:
    stops_no_other_run(stored[0], measured, name, data, tmp_path)


def stops_no_other_run(sound: str, damaged: str, name: str, data: st.DataObject, tmp_path: Path) -> None:
    """Damage a file of a run, look at all runs, and change the damaged one."""
    folder = store.entry(damaged).run.folder
    if not (tmp_path / "sound").exists():
        shutil.copytree(folder, tmp_path / "sound")
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "sound", folder)
    damage.write(folder / name, data.draw(damage.damaged_lines((folder / name).read_bytes())))
    everything_lives(sound, damaged)
    for act in (runs.resume, runs.cancel, lambda id: runs.describe(id, note="Noted.")):
        with contextlib.suppress(FairKDError):
            act(damaged)


def test_a_run_whose_every_file_is_damaged_is_exported_and_deleted(
    stored: tuple[str, str], tmp_path: Path
) -> None:
    sound, damaged = stored
    folder = store.entry(damaged).run.folder
    for name in damage.FILES:
        (folder / name).write_bytes(b"\xff{")
    everything_lives(sound, damaged)
    assert runs.export(damaged, tmp_path / "run.zip").is_file()
    runs.delete(damaged)
    assert [run.id for run in runs.all_runs()] == [sound] and not folder.exists()


def test_a_damaged_row_stops_no_other_run(stored: tuple[str, str], home: Path) -> None:
    sound, damaged = stored
    states = st.sampled_from(["queued", "running", "cancelling", "finished", "interrupted"])

    @many
    @given(st.dictionaries(st.sampled_from(damage.COLUMNS), damage.sql_values, min_size=1), states)
    def check(values: dict[str, Any], state: str) -> None:
        with contextlib.closing(sqlite3.connect(home / "runs.sqlite")) as database:
            for column, value in (values | {"state": state}).items():
                with contextlib.suppress(sqlite3.IntegrityError):  # None where the table forbids it
                    database.execute(f"UPDATE runs SET {column} = ? WHERE id = ?", [value, damaged])
            database.commit()
        run = everything_lives(sound, damaged)
        assert run.state in ("running", "cancelling") or run.state == state
        runs.reconcile()
        with contextlib.suppress(FairKDError):
            runs.cancel(damaged)

    check()


def test_a_row_that_names_a_folder_elsewhere_is_removed_and_the_folder_left(
    stored: tuple[str, str], home: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious").mkdir()
    with contextlib.closing(sqlite3.connect(home / "runs.sqlite")) as database:
        database.execute("UPDATE runs SET id = '../../precious', state = 'queued' WHERE id = ?", [stored[1]])
        database.commit()
    assert [run.id for run in runs.all_runs()] == [stored[0]]
    for act in (runs.get, runs.delete, runs.cancel, runs.resume):
        with pytest.raises(FairKDError, match="There is no run"):
            act("../../precious")
    assert (tmp_path / "precious").is_dir()
    assert store.claim(1) is None


@settings(many, max_examples=damage.EXAMPLES // 2)
@given(st.sampled_from(damage.HOME_FILES), damage.damaged_lines(b'{"pid": 5, "started": 5.0, "boot": "x"}'))
def test_damaged_files_of_the_runner_stop_nothing(
    stored: tuple[str, str], home: Path, name: str, content: bytes
) -> None:
    damage.write(home / name, content)
    everything_lives(*stored)
    holder = lock.holder()
    assert holder is None or not holder.alive


@many
@given(name=st.sampled_from(["config.json", "description.json", "events.jsonl"]), data=st.data())
def test_a_damaged_example_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: st.DataObject
) -> None:
    folder = tmp_path / "examples"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(example_runs.EXAMPLES, folder)
    content = (folder / "fair" / name).read_bytes()
    (folder / "fair" / name).write_bytes(data.draw(damage.damaged_lines(content)))
    with monkeypatch.context() as patch:
        patch.setattr(example_runs, "EXAMPLES", folder)
        example_runs.examples.cache_clear()
        found = runs.examples()
        example_runs.examples.cache_clear()
    assert [run.folder.name for run in found] == list(example_runs.NAMES)
    shown(found[2])


@pytest.mark.usefixtures("home", "no_examples")
def test_the_pages_show_damaged_runs_beside_sound_ones(open_runs: OpenRuns, home: Path) -> None:
    ids = {
        name: add_run(name, events=training(60, evaluated=20)) for name in ("sound", "time", "section", "row")
    }
    folders = {name: store.entry(id).run.folder for name, id in ids.items()}
    with (folders["time"] / "events.jsonl").open("a") as handle:
        handle.write('{"type": "evaluation", "time": NaN, "step": "60"}\n')
    settings = json.loads((folders["section"] / "config.json").read_text())
    (folders["section"] / "config.json").write_text(json.dumps(settings | {"budget": ["5 minutes"]}))
    with contextlib.closing(sqlite3.connect(home / "runs.sqlite")) as database:
        database.execute("UPDATE runs SET created = 'then', step = 'x' WHERE id = ?", [ids["row"]])
        database.commit()
    said = texts(open_runs())
    assert "damaged, or of another version" in said and "was damaged and has been put right" in said
    for name, sentence in {
        "time": "In events.jsonl, 1 line is damaged and left out: its time should be a number.",
        "section": "The section budget is invalid",
        "row": "was damaged and has been put right",
        "sound": "",
    }.items():
        app = open_runs(run=ids[name])
        assert not app.exception and app.header[0].value == name
        said = " ".join([texts(app), *(one.value for one in app.warning)])
        assert sentence in said.replace("\\", "").replace("\u2060", "")
        assert {"Delete", "Edit"} & {button.label for button in app.button}
