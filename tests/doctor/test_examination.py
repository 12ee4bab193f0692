"""`fairkd.doctor`: what would go wrong on this machine is found, and nothing is left behind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import BaseFileLock
from typer.testing import CliRunner

from fairkd.cli import app
from fairkd.doctor import clusters, examination, home_folder, installation, machine
from fairkd.doctor.finding import Finding
from fairkd.models import references
from tests import ROOT


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("FAIRKD_HOME", str(folder))
    return folder


def one(findings: Iterator[Finding], topic: str) -> Finding:
    (found,) = [finding for finding in findings if finding.topic == topic]
    assert "\n" not in found.sentence and found.sentence.endswith((".", "?"))
    assert bool(found.advice) == (found.severity != "ok")
    return found


def test_optional_packages_that_are_missing_are_named_with_their_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(installation, "find_spec", lambda name: None if name == "tensorboard" else object())
    found = one(installation.optional_packages(), "optional packages")
    missing = "Not installed: tensorboard (curves for TensorBoard: pip install 'fairkd[tensorboard]')."
    assert found.sentence == f"Installed: datasets, pyarrow. {missing}"


def test_a_good_home_is_fine_and_stays_as_it_was(home: Path) -> None:
    assert {finding.severity for finding in home_folder.home_folder()} <= {"ok", "warning"}  # a small disk
    assert list(home.iterdir()) == []


def test_a_home_that_does_not_exist_yet_is_fine(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRKD_HOME", str(home / "deep" / "er"))
    assert "will be made" in one(home_folder.home_folder(), "home folder").sentence
    assert list(home.iterdir()) == []


def test_a_home_that_is_a_file_or_cannot_be_written_is_a_problem(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(home_folder.tempfile, "TemporaryDirectory", refuse)
    assert one(home_folder.home_folder(), "home folder").severity == "problem"
    (home / "file").touch()
    monkeypatch.setenv("FAIRKD_HOME", str(home / "file"))
    assert "is a file" in one(home_folder.home_folder(), "home folder").sentence


def test_a_home_that_others_may_read_is_a_warning(home: Path) -> None:
    home.chmod(0o755)
    found = one(home_folder.home_folder(), "permissions")
    assert found.severity == "warning" and found.advice == f"chmod 700 {home}"


def test_a_file_system_without_locks_or_write_ahead_log_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(BaseFileLock, "acquire", refuse)
    connect = sqlite3.connect
    # What SQLite answers where it cannot share memory: the mode stays as it was.
    monkeypatch.setattr(home_folder.sqlite3, "connect", lambda *_, **__: connect(":memory:"))
    found = list(home_folder.home_folder())
    assert one(iter(found), "file locks").severity == "problem"
    assert "it uses memory" in one(iter(found), "database").sentence


def test_little_space_on_the_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = home_folder.shutil._ntuple_diskusage
    for free, severity in ((10**8, "problem"), (3 * 10**9, "warning"), (10**11, "ok")):
        monkeypatch.setattr(
            home_folder.shutil, "disk_usage", lambda _, free=free: usage(10**12, 10**12 - free, free)
        )
        assert one(home_folder.home_folder(), "disk").severity == severity


def test_installed_versions_are_compared_with_the_tested_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "torch" in installation.tested_versions()
    monkeypatch.setattr(
        installation, "tested_versions", lambda: {"torch": "0.1", "plotly-none": "1", "numpy": "0"}
    )
    found = list(installation.packages())
    assert [finding.severity for finding in found] == ["problem", "warning"]
    assert "plotly-none" in found[0].sentence and "(tested: 0.1)" in found[1].sentence


def test_the_shipped_hashes_are_those_of_the_embedded_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert one(installation.embedded_models(), "embedded models").severity == "ok"
    hashes = references.shipped_hashes()
    assert hashes == {name: references.embedded_hash(name) for name in references.embedded()}
    monkeypatch.setattr(references, "EMBEDDED", tmp_path)
    assert one(installation.embedded_models(), "embedded models").severity == "problem"
    (tmp_path / references.HASHES).write_text(json.dumps(hashes))
    assert "embedded/teacher is missing" in one(installation.embedded_models(), "embedded models").sentence


@pytest.mark.parametrize(
    ("name", "value", "severity", "words"),
    [
        ("FAIRKD_SLOTS", "²", "problem", "FAIRKD_SLOTS sets how many runs"),
        ("FAIRKD_WHEELS", "/no/such/folder", "problem", "is no folder"),
        ("FAIRKD_HOME", "here", "warning", "a relative path, 'here'"),
        ("OMP_NUM_THREADS", "many", "warning", "OMP_NUM_THREADS is not a number"),
        ("FAIRKD_MODE", "open", "problem", "FAIRKD_MODE must be one of"),
        ("FAIRKD_CLASS_MINUTES", "²", "problem", "FAIRKD_CLASS_MINUTES must be a number"),
        ("FAIRKD_SLOT", "2", "warning", "Did you mean FAIRKD_SLOTS?"),
    ],
)
def test_a_variable_with_a_wrong_value_is_named(
    name: str, value: str, severity: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    found = one(installation.settings(), "settings")
    assert found.severity == severity and words in found.sentence


def test_every_documented_variable_is_known() -> None:
    page = (ROOT / "docs" / "reference" / "environment.md").read_text(encoding="utf-8")
    documented = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `FAIRKD_")}
    assert documented <= set(installation.VARIABLES)


def test_few_cores_and_little_memory_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.hardware, "cores", lambda: 1)
    monkeypatch.setattr(machine, "free_memory", lambda: 500_000_000)
    found = list(machine.resources())
    assert [finding.severity for finding in found] == ["warning", "problem"]


def test_a_server_that_others_reach_and_a_used_port_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAIRKD_MODE", raising=False)
    with machine.socket.create_server(("127.0.0.1", 0)) as server:
        found = list(machine.address("0.0.0.0", server.getsockname()[1]))
    assert [finding.severity for finding in found] == ["warning", "warning"]
    monkeypatch.setenv("FAIRKD_MODE", "class")
    assert one(machine.address("0.0.0.0", None), "address").severity == "ok"
    for place in ("127.0.0.1", "::1", "localhost"):
        assert one(machine.address(place, None), "address").severity == "ok"


def test_the_hub_is_not_asked_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "is_offline_mode", lambda: True)
    assert "Offline" in one(machine.hub(), "Hub").sentence
    monkeypatch.setattr(constants, "is_offline_mode", lambda: False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert one(machine.hub(), "Hub").severity == "warning"


def test_the_command_prints_each_finding_and_fails_for_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("FAIRKD_SLOTS", "none")
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1 and "problem settings: FAIRKD_SLOTS" in result.output
    documents = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).output)
    assert {"topic", "severity", "sentence", "advice"} == set(documents[0])
    assert {"packages", "disk", "number format", "Hub"} <= {each["topic"] for each in documents}


def test_a_check_that_fails_itself_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[Finding]:
        raise RuntimeError("broken")

    (found,) = examination._guarded("packages", broken)
    assert found.severity == "problem" and "RuntimeError: broken" in found.sentence


def test_a_cluster_that_cannot_be_reached_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [found.sentence for found in clusters.launcher()] == [
        "local: this machine. This is where runs work unless `--on` says otherwise."
    ]
    monkeypatch.setenv("FAIRKD_LAUNCHER", "command")
    monkeypatch.setenv("FAIRKD_COMMAND", "sh -c {command}")
    monkeypatch.setenv("FAIRKD_RAY_ADDRESS", "http://127.0.0.1:1")
    command, local, ray = clusters.launcher()
    assert command.sentence.startswith("command: FAIRKD_COMMAND starts /") and command.severity == "ok"
    assert command.sentence.endswith("This is where runs work unless `--on` says otherwise.")
    assert (local.sentence, ray.severity) == ("local: this machine.", "problem")
    assert ray.sentence.startswith("ray: No Ray dashboard answers at http://127.0.0.1:1 (Connection refused)")
    monkeypatch.setenv("FAIRKD_LAUNCHER", "rya")
    (wrong,) = clusters.launcher()
    assert "There is no launcher 'rya'" in wrong.sentence and "Did you mean ray?" in wrong.sentence
