"""What the machine offers, as the kernel's files say it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from fairkd.utils import hardware


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A control group's folder, empty so far, that this process is said to be in."""
    monkeypatch.setattr(hardware, "_memory_groups", lambda: [tmp_path / "gone", tmp_path])
    return tmp_path


def test_this_machine_has_cores_and_memory() -> None:
    assert 1 <= hardware.cores() <= (psutil.cpu_count() or 1)
    assert 0 < hardware.free_memory() <= psutil.virtual_memory().total
    assert hardware.memory_kills() >= 0


@pytest.mark.parametrize(
    "names", [("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")]
)
def test_a_container_limits_the_memory(group: Path, names: tuple[str, str]) -> None:
    limit, used = names
    (group / limit).write_text("1000\n")
    (group / used).write_text("900\n")
    assert hardware.free_memory() == 100
    (group / "memory.stat").write_text("anon 500\ninactive_file 300\n")
    assert hardware.free_memory() == 400
    (group / used).write_text("1400\n")
    assert hardware.free_memory() == 0


def test_a_group_without_a_limit_limits_nothing(group: Path) -> None:
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("900\n")
    assert hardware.free_memory() > 10**6


def test_a_lower_priority_holds_for_the_session_too() -> None:
    code = (
        "from fairkd.utils import hardware; import os; from pathlib import Path; hardware.lower_priority(7);"
        "hardware.lower_priority(3); group = Path('/proc/self/autogroup');"
        "print(os.nice(0), group.read_text().split()[-1] if group.exists() else 3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, start_new_session=True
    )
    already = os.nice(0)  # the suite itself may run at a lower priority
    assert done.stdout.split() == [str(max(7, already)), "3"], done.stderr


@pytest.mark.parametrize("name", ["memory.events", "memory.oom_control"])
def test_kills_for_lack_of_memory_are_counted(group: Path, name: str) -> None:
    (group / name).write_text("oom 5\noom_kill_disable 0\noom_kill 3\n")
    assert hardware.memory_kills() == 3
