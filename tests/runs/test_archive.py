"""A run as one zip file."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from fairkd import runs
from fairkd.distill.config.config import make_config
from fairkd.errors import InputError
from fairkd.runs import store, supervision
from tests.runs import stand_in


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> runs.Run:
    monkeypatch.setattr(supervision, "start_runner", lambda: None)
    run = runs.submit(stand_in.config(2))
    for name, content in {
        "events.jsonl": b"{}\n",
        "log.txt": b"started\n",
        "model/config.json": b"{}",
        "model/model.safetensors": bytes(1000),
        "checkpoints/2/state.pt": bytes(1000),
    }.items():
        (run.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (run.folder / name).write_bytes(content)
    return run


def names(archive: Path | io.BytesIO) -> set[str]:
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        return set(opened.namelist())


def test_an_export_has_everything_but_the_checkpoints(run: runs.Run, tmp_path: Path) -> None:
    text = {"config.json", "description.json", "events.jsonl", "log.txt", "export.txt"}
    expected = text | {"model/config.json", "model/model.safetensors"}
    runs.export(run.id, tmp_path / "run.zip")
    assert names(tmp_path / "run.zip") == {f"{run.id}/{name}" for name in expected}
    assert not list(tmp_path.glob("*.part"))
    memory = io.BytesIO()
    runs.export(run.id, memory, checkpoints=True)
    assert names(memory) == {f"{run.id}/{name}" for name in (*expected, "checkpoints/2/state.pt")}
    runs.export(run.id, tmp_path / "text.zip", model=False)
    assert names(tmp_path / "text.zip") == {f"{run.id}/{name}" for name in text}
    assert runs.part_bytes(run, "model") == 1002 and runs.part_bytes(run, "checkpoints") == 1000


def test_a_folder_gets_a_file_named_after_the_run(run: runs.Run, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    written = runs.export(run.id, tmp_path / "here")
    assert written == tmp_path / "here" / f"{run.id}.zip" and written.is_file()


def test_an_export_into_the_runs_own_folder_has_no_exports_in_it(
    run: runs.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor the incomplete file of an export that was killed."""
    monkeypatch.chdir(run.folder)
    (run.folder / "tmpabc.part").write_bytes(bytes(1000))
    runs.export(run.id, Path("."))
    first = names(run.folder / f"{run.id}.zip")
    runs.export(run.id, Path("again.zip"))
    assert names(run.folder / "again.zip") == first
    assert len(first) == 7 and not any(name.endswith((".zip", ".part")) for name in first)


def test_a_run_without_a_folder_is_refused(run: runs.Run, tmp_path: Path) -> None:
    shutil.rmtree(run.folder)
    with pytest.raises(InputError, match="folder of the run .* is missing"):
        runs.export(run.id, tmp_path / "run.zip")
    assert not list(tmp_path.glob("*.zip"))


def test_an_existing_file_and_a_missing_folder_are_refused(run: runs.Run, tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_bytes(b"precious")
    with pytest.raises(InputError, match="already exists"):
        runs.export(run.id, tmp_path / "mine.zip")
    assert (tmp_path / "mine.zip").read_bytes() == b"precious"
    with pytest.raises(InputError, match="cannot be exported"):
        runs.export(run.id, tmp_path / "nowhere" / "run.zip")
    with pytest.raises(InputError, match="There is no run"):
        runs.export("nope", tmp_path / "run.zip")
    assert store.entry(run.id).run == run


def contents(archive: Path) -> dict[str, str]:
    with zipfile.ZipFile(archive) as opened:
        return {name.partition("/")[2]: opened.read(name).decode() for name in opened.namelist()}


def test_an_export_names_no_path_of_this_computer(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "start_runner", lambda: None)
    folder = tmp_path / "Ada's Übungen"
    folder.mkdir()
    text = folder / "my text.txt"
    text.write_text("He is a nurse.\n")
    run = runs.submit(make_config({"corpus": {"source": str(text)}, "budget": {"steps": 2}}))
    assert str(tmp_path) in json.loads((run.folder / "config.json").read_text())["corpus"]["source"]
    checkpoint = run.folder / "checkpoints" / "step-000000002"
    site = "/usr/lib/python3/site-packages/torch/nn/modules.py"
    (run.folder / "events.jsonl").write_text(
        json.dumps({"type": "checkpoint", "time": 1.0, "step": 2, "path": str(checkpoint)}) + "\n"
    )
    (run.folder / "log.txt").write_text(
        f'reading {text}\n  File "{site}", line 5, in forward\nsee https://example.org/home/x and and/or\n'
        f"saved to {run.folder}, {home}/runner.log and {tmp_path}/x.bin\n"
    )
    (run.folder / "model").mkdir()
    (run.folder / "model" / "README.md").write_text(f"* text: {text}\n* settings:\n    source: {text}\n")
    (run.folder / "model" / "config.json").write_text(
        json.dumps({"_name_or_path": str(tmp_path / "teacher")})
    )
    (run.folder / "model" / "vocab.txt").write_text("/tmp\n/usr/lib\n")
    runs.export(run.id, tmp_path / "run.zip")
    found = contents(tmp_path / "run.zip")
    for name, said in found.items():
        assert name == "model/vocab.txt" or not re.search(r"/(tmp|usr|root|home)\b(?<!org/home)", said), said
        assert str(tmp_path) not in said and "Ada" not in said and json.dumps("Ü")[1:-1] not in said
    assert json.loads(found["config.json"])["corpus"]["source"] == "my text.txt"
    assert json.loads(found["events.jsonl"])["path"] == "checkpoints/step-000000002"
    assert found["log.txt"].splitlines() == [
        "reading my text.txt",
        '  File "torch/nn/modules.py", line 5, in forward',
        "see https://example.org/home/x and and/or",
        f"saved to {run.id}, runner.log and x.bin",
    ]
    assert json.loads(found["model/config.json"])["_name_or_path"] == "teacher"
    assert found["model/vocab.txt"] == "/tmp\n/usr/lib\n", "a vocabulary stays as it is"
    assert "* log.txt: 5\n" in found["export.txt"] and "* config.json: 1\n" in found["export.txt"]
