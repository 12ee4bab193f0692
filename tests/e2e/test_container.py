"""The dashboard under the limits of a container: no root, and nothing to write to but two folders.

The first test needs root and no tools of containers. The second one builds and starts the image itself, where
Docker or Podman runs and FAIRKD_TEST_CONTAINER is set: that downloads a gigabyte.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT
from tests.e2e.conftest import free_port

# $1: a folder with the folders `home` and `tmp`, the only ones that can be written. $2: the interpreter's.
LIMITS = """
set -e
if [[ $2 == /root/* ]]; then  # only root may look into it: leave the interpreter there, and nothing else
    mkdir "$1/python"; mount --bind "$2" "$1/python"
    mount -t tmpfs -o mode=0755 tmpfs /root; mkdir -p "$2"; mount --bind "$1/python" "$2"
    mount -o remount,ro /root
fi
mount -o remount,bind,ro /
for place in "$1/home" "$1/tmp"; do mount -t tmpfs -o mode=0700,uid=1000,gid=1000 tmpfs "$place"; done
shift 2
exec setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
"""
INSIDE = """
test "$(id -u)" = 1000
for place in fairkd app .; do ! touch "$place/written" 2>/dev/null; done
exec "$@"
"""


def healthy(port: int, server: subprocess.Popen[bytes], seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
                return bool(answer.read() == b"ok")
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    return False


@pytest.fixture
def places() -> Iterator[Path]:
    """A folder that other users may enter; those of pytest are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for name in ("home", "tmp"):
            (Path(folder) / name).mkdir()
        yield Path(folder)


def _is_open(folder: Path) -> bool:
    """Whether other users may enter it."""
    return all(place.stat().st_mode & 0o001 for place in (folder, *folder.parents))


def _can_limit() -> bool:
    if os.name != "posix" or os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv", "bash"))):
        return False
    if not all(_is_open(Path(folder)) for folder in (ROOT, sys.prefix)):
        return False
    tried = subprocess.run(["unshare", "-m", "mount", "-o", "remount,bind,ro", "/"], capture_output=True)
    return tried.returncode == 0


@pytest.mark.skipif(
    not _can_limit(), reason="needs root, unshare and setpriv, and folders that others may enter"
)
def test_the_dashboard_needs_no_root_and_writes_to_its_home_alone(places: Path) -> None:
    port = free_port()
    command = ["unshare", "--mount", "bash", "-c", LIMITS, "limits", str(places), sys.base_prefix]
    command += ["bash", "-ec", INSIDE, "inside", sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    command += ["--server.headless=true", "--server.address=0.0.0.0", f"--server.port={port}"]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": "/nowhere",
        "TMPDIR": str(places / "tmp"),
        "FAIRKD_HOME": str(places / "home"),
        "FAIRKD_MODE": "class",
    }
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        assert healthy(port, server)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            assert b"<title>" in answer.read()
    finally:
        server.terminate()
        said, _ = server.communicate(timeout=20)
    assert b"Traceback" not in said and b"Read-only" not in said


def _engine() -> str | None:
    for name in ("podman", "docker"):
        if shutil.which(name) and subprocess.run([name, "info"], capture_output=True).returncode == 0:
            return name
    return None


@pytest.mark.skipif("FAIRKD_TEST_CONTAINER" not in os.environ, reason="downloads a gigabyte")
def test_the_image_builds_and_starts_read_only_and_without_root() -> None:
    engine = _engine()
    if engine is None:
        pytest.skip("neither Podman nor Docker runs here")
    subprocess.run([engine, "build", "-f", "Containerfile", "-t", "fairkd-test", "."], cwd=ROOT, check=True)
    port = free_port()
    command = [engine, "run", "--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "all"]
    command += ["--security-opt", "no-new-privileges", "-p", f"127.0.0.1:{port}:8501", "fairkd-test"]
    server = subprocess.Popen(command)
    try:
        assert healthy(port, server, 120)
    finally:
        server.terminate()
        server.wait(timeout=30)
