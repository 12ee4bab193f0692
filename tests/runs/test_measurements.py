"""A run of the kind "measure" is queued, cancelled, killed, resumed and exported like a distillation."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from fairkd import models, runs
from fairkd.benchmarks import MeasureConfig, make_measure_config, stored_results
from fairkd.distill.config import make_config
from fairkd.errors import FairKDError, InputError, ModelError
from fairkd.runs import RunAccess, Visitor, events, run_access, store
from fairkd.runs.expected_start import USUAL_BENCHMARK, USUAL_QUICK_BENCHMARK, expected_starts
from fairkd.runs.export_paths import RESULTS
from fairkd.runs.uploads import remove_unused, store as upload
from fairkd.utils import Access, Hosting
from tests.runs import stand_in
from tests.runs.conftest import stored, until, wait_for_state, worker_process
from tests.runs.test_expected_start import NOW, run as row
from tests.runs.test_uploads import age

TWO = {"models": ["embedded/teacher", "embedded/student-fair"], "benchmarks": ["crows-pairs", "stereoset"]}


def items_of(run: runs.Run) -> list[list[str]]:
    """The pid, benchmark and number of every item that was measured."""
    return [line.split() for line in (run.folder / "items.txt").read_text().splitlines()]


def test_a_measurement_has_its_kind_in_its_settings_and_a_name(quiet: Path) -> None:
    run = runs.submit(make_measure_config(TWO))
    assert (run.kind, run.name) == ("measure", "CrowS-Pairs, StereoSet: teacher, student-fair")
    written = json.loads((run.folder / "config.json").read_text())
    assert written == {"kind": "measure", **run.config} and next(iter(written)) == "kind"
    assert make_measure_config(run.config) == make_measure_config(TWO)
    distillation = runs.submit(make_config({"budget": {"steps": 1}}))
    assert distillation.kind == "distill" and "kind" not in distillation.config
    assert [one.kind for one in runs.all_runs()] == ["distill", "measure"]


def test_a_measurement_is_no_model(quiet: Path) -> None:
    run = runs.submit(make_measure_config(TWO))
    assert models.of_runs() == ()
    with pytest.raises(ModelError, match=f"The run {run.id} is a measurement, which has no model"):
        models.load(f"run/{run.id}")
    (run.folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match="has no model yet"):
        models.load(f"run/{run.id}")


def test_a_name_is_short_and_names_a_run_by_its_name(quiet: Path) -> None:
    student = runs.submit(make_config({"budget": {"steps": 1}}), name="my student")
    references = [f"run/{student.id}", "org/one@main", "/models/two", "org/three", "run/gone"]
    names = ["aul", "aula", "lpbs", "disco"]
    run = runs.submit(make_measure_config({"models": references, "benchmarks": names}))
    assert run.name == "AUL, AULA, LPBS and 1 more: my student, one, two and 2 more"
    long = {"models": ["org/" + "x" * 90], "benchmarks": ["aul"]}
    assert len(runs.submit(make_measure_config(long)).name) <= 80


def test_a_measurement_runs_to_its_end(home: Path) -> None:
    run = runs.submit(stand_in.measure_config(30))
    until(lambda: 0 < stored(run.id).progress < 1)
    assert stored(run.id).phase in ("Measuring CrowS-Pairs of teacher", "Measuring AUL of teacher")
    ended = wait_for_state(run.id, "finished")
    assert (ended.step, ended.progress, ended.sentence, ended.warning) == (0, 1.0, None, None)
    written = events.read(run)[0]
    kinds = [event["type"] for event in written]
    assert (kinds[0], kinds[-1], kinds.count("result")) == ("start", "end", 2)
    assert events.scan(run).damage is None
    shown = [event for event in written if event["type"] == "progress"]
    assert 2 <= len(shown) < 30, "a benchmark's first, and one in half a second"
    assert [line for event in written if (line := events.as_line(event))] == [
        "started",
        "crows-pairs of embedded/teacher: score 60.48",
        "aul of embedded/teacher: score 60.48",
        "finished.",
    ]


def test_a_killed_measurement_is_resumed_and_measures_only_what_is_missing(home: Path) -> None:
    run = runs.submit(stand_in.measure_config(25))
    until(lambda: (run.folder / "results" / "embedded-teacher" / "crows-pairs.json").exists())
    worker_process(run.id).kill()
    until(lambda: stored(run.id).state == "interrupted")
    assert stored(run.id).sentence == (
        "The run's process was ended by the signal SIGKILL; a resumed run measures only what is missing."
    )
    runs.resume(run.id)
    assert wait_for_state(run.id, "finished").sentence is None
    first, second = dict.fromkeys(pid for pid, _, _ in items_of(run))
    assert {name for pid, name, _ in items_of(run) if pid == second} == {"aul"}
    assert len([name for _, name, _ in items_of(run) if name == "crows-pairs"]) == 25
    assert first != second


def test_a_cancelled_measurement_ends_and_is_resumed(home: Path) -> None:
    run = runs.submit(stand_in.measure_config(500))
    until(lambda: stored(run.id).progress > 0)
    runs.cancel(run.id)
    assert wait_for_state(run.id, "cancelled").sentence is None
    with pytest.raises(FairKDError, match="not among the models"):
        (run.folder / "config.json").write_text(
            json.dumps({"kind": "measure", **run.config, "models": ["org/name"]})
        )
        runs.resume(run.id, access=Access(models=()))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"models": ["embedded/teacher", "org/name"]}, "not among the models allowed"),
        ({"models": ["/etc"]}, "not among the models allowed"),
        ({"data": {"crows-pairs": "/etc/hostname"}}, "not among the files allowed here: upload it"),
        ({"data": {"crows-pairs": "bug"}}, "not among the files allowed"),
    ],
)
def test_what_is_not_allowed_is_refused_at_submit(quiet: Path, values: dict, words: str) -> None:
    with pytest.raises(FairKDError, match=f"does not exist, or is {words}"):
        runs.submit(make_measure_config({**TWO, **values}), access=RunAccess(Access((), ())))
    assert runs.all_runs() == [] and not list((quiet / "runs").glob("*"))


def test_paths_are_made_absolute(quiet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    values = {**TWO, "models": ["mine", "org/name"], "data": {"stereoset": "dev.json"}}
    run = runs.submit(make_measure_config(values))
    assert run.config["models"] == [str(tmp_path / "mine"), "org/name"]
    assert run.config["data"] == {"stereoset": str(tmp_path / "dev.json")}


def test_the_settings_are_validated_again_before_measuring(home: Path) -> None:
    run = runs.submit(stand_in.measure_config(500))
    until(lambda: stored(run.id).progress > 0)
    runs.cancel(run.id)
    wait_for_state(run.id, "cancelled")
    (run.folder / "config.json").write_text(json.dumps({"kind": "measure", **run.config, "limit": -3}))
    assert stored(run.id).kind == "measure" and "limit" not in stored(run.id).config
    runs.resume(run.id)
    sentence = wait_for_state(run.id, "failed").sentence
    assert "The setting limit is invalid: expected greater than or equal to 1, but got -3." in sentence


@pytest.mark.parametrize("kind", ["study", 5, None, ["measure"]])
def test_a_kind_that_nobody_knows_is_a_sentence(quiet: Path, kind: object) -> None:
    run = runs.submit(make_measure_config(TWO))
    (run.folder / "config.json").write_text(json.dumps({**run.config, "kind": kind}))
    found = stored(run.id)
    assert (found.kind, found.config) == ("distill", {})
    assert "of another version: expected the kind distill or measure, got" in found.config_error


def test_a_visitor_of_a_class_measures_in_quick_mode(quiet: Path) -> None:
    visitor = Visitor(Hosting(mode="class", shared=True, access=Access((), ()), unfinished_runs=2), "1" * 64)
    with pytest.raises(InputError, match="measurements are quick ones: choose quick mode"):
        visitor.submit([("", make_measure_config(TWO))])
    quick = make_measure_config({**TWO, "quick": True})
    (run,) = visitor.submit([("", quick)])
    assert run_access.read(run.folder).own_runs_only
    assert visitor.owns(run) and run.name == "CrowS-Pairs, StereoSet: teacher, student-fair"
    visitor.submit([("mine", quick)])
    with pytest.raises(InputError, match="At most 2 of your runs"):
        visitor.submit([("third", quick)])
    path = visitor.upload("pairs.csv", b"a,b\n")
    visitor.may_use(make_measure_config({**TWO, "quick": True, "data": {"crows-pairs": path}}))


def test_an_uploaded_data_file_is_kept_for_its_measurement(quiet: Path) -> None:
    path, unused = upload("pairs.csv", b"a,b\n"), upload("other.csv", b"c,d\n")
    runs.submit(make_measure_config({**TWO, "data": {"crows-pairs": str(path)}}))
    for file in (path, unused):
        age(file, 7)
    assert remove_unused() == [unused]


def test_the_start_after_a_measurement_is_expected_by_what_others_took() -> None:
    full = {"kind": "measure", "config": dict(TWO)}
    quick = {"kind": "measure", "config": {**TWO, "quick": True}}
    queue = [row("a", "queued", 1, **full), row("b", "queued", 2, **quick), row("c", "queued", 3)]
    assert expected_starts(queue, 1, NOW) == {
        "a": NOW,
        "b": NOW + 4 * USUAL_BENCHMARK,
        "c": NOW + 4 * USUAL_BENCHMARK + 4 * USUAL_QUICK_BENCHMARK,
    }
    done = row("done", "finished", started=NOW - 100, ended=NOW - 60, **quick)
    starts = expected_starts([done, *queue], 1, NOW)
    assert starts["c"] == NOW + 4 * USUAL_BENCHMARK + 40


def test_an_export_holds_the_results_without_paths(quiet: Path, tmp_path: Path) -> None:
    values = {**TWO, "models": [str(tmp_path / "my model")], "data": {"stereoset": "/srv/my data.json"}}
    run = runs.submit(make_measure_config(values))
    path = stored_results.path_of(run.folder, str(tmp_path / "my model"), "stereoset")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"model": str(tmp_path / "my model")}))
    target = io.BytesIO()
    runs.export(run.id, target)
    with zipfile.ZipFile(target) as archive:
        read = {name: archive.read(name).decode() for name in archive.namelist()}
    (result,) = [text for name, text in read.items() if name.endswith("/stereoset.json")]
    assert json.loads(result) == {"model": "my model"} and RESULTS == stored_results.FOLDER
    assert json.loads(read[f"{run.id}/config.json"])["data"] == {"stereoset": "my data.json"}
    assert not [name for name, text in read.items() if str(tmp_path) in text or "pytest" in name]


def test_a_lost_database_finds_measurements_again(quiet: Path) -> None:
    ended, stopped = (runs.submit(make_measure_config(TWO)) for _ in range(2))
    for run in (ended, stopped):
        (run.folder / "queue.json").unlink()
        (run.folder / "events.jsonl").write_text('{"type": "start", "time": 1, "step": 0}\n')
    with (ended.folder / "events.jsonl").open("a") as file:
        file.write('{"type": "end", "time": 2, "step": 0, "state": "finished", "sentence": null}\n')
    for file in quiet.glob("runs.sqlite*"):
        file.unlink()
    found = {run.id: (run.kind, run.state) for run in runs.all_runs()}
    assert found == {ended.id: ("measure", "finished"), stopped.id: ("measure", "interrupted")}


def test_a_file_names_the_kind_of_its_run(tmp_path: Path) -> None:
    path = tmp_path / "measure.yaml"
    path.write_text(json.dumps({"kind": "measure", **TWO}))
    config = runs.read_run_config(path, ["quick=true", "data.stereoset=dev.json"])
    assert config == MeasureConfig(**TWO, quick=True, data={"stereoset": "dev.json"})
    with pytest.raises(InputError, match="There is no setting seeds of a measurement. Did you mean seed?"):
        runs.read_run_config(path, ["seeds=3"])
    path.write_text('{"kind": "distill", "seed": 3}')
    assert runs.read_run_config(path, ["seed=4"]) == make_config({"seed": 4})
    path.write_text('{"kind": "study"}')
    with pytest.raises(InputError, match="of the kind 'study': expected distill or measure"):
        runs.read_run_config(path)


def test_a_foreground_measurement_is_a_run(quiet: Path) -> None:
    with runs.foreground(stand_in.measure_config(2)) as session:
        assert session.config == stand_in.measure_config(2)
        stand_in.measure(session.config, session.folder, emit=session.emit, stop=session.stop)
    assert (stored(session.run.id).state, stored(session.run.id).kind) == ("finished", "measure")
    assert store.entry(session.run.id).run.progress == 1
