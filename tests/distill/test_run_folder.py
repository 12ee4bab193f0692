"""The folder of a run belongs to one process at a time."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import UnixFileLock

from fairkd.distill.config.config import make_config
from fairkd.distill.run_folder import LOCK, locked, write_config
from fairkd.errors import InputError

HOLDER = """
import sys, time
from pathlib import Path
from fairkd.distill.run_folder import locked
with locked(Path(sys.argv[1]), print):
    print("locked", flush=True)
    time.sleep(600)
"""


def fail(text: str) -> None:
    raise AssertionError(text)


def test_a_folder_is_locked_until_the_context_ends_and_left_without_the_lock(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    with locked(folder, fail):
        for _ in range(2):
            with pytest.raises(InputError, match="Another process is training"), locked(folder, fail):
                pass
    with locked(folder, fail):
        assert (folder / LOCK).exists()
    assert list(folder.iterdir()) == []


def test_another_process_is_refused_until_the_holder_dies(tmp_path: Path) -> None:
    """Even by SIGKILL, after which the lock file stays behind."""
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "locked\n"
        with pytest.raises(InputError, match="Another process is training"), locked(tmp_path, fail):
            pass
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert (tmp_path / LOCK).exists()
    with locked(tmp_path, fail):
        pass
    assert not (tmp_path / LOCK).exists()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_without_file_locks_training_goes_on_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def acquire(_: UnixFileLock) -> None:
        raise OSError(code, "no locks here")

    monkeypatch.setattr(UnixFileLock, "_acquire", acquire)
    messages: list[str] = []
    with locked(tmp_path, messages.append):
        write_config(tmp_path, make_config({}))
    assert len(messages) == 1 and "does not support file locks. Make sure" in messages[0]
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot write to the folder"), locked(tmp_path / "file", fail):
        pass
