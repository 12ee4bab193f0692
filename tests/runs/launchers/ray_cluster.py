"""A real Ray cluster on 127.0.0.1: a head without CPUs, and workers with one each."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from urllib.request import urlopen

import psutil

from fairkd import studies

QUICK = {  # to notice a killed node, which refuses a check, in a second or two; a slow one has time to answer
    "RAY_health_check_initial_delay_ms": "500",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "20000",
    "RAY_health_check_failure_threshold": "3",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}


class RayCluster:
    """Its `address` is that of the dashboard. `stop` ends every process that it has started."""

    def __init__(self, workers: int = 2) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # sockets need a short path
        self._port, dashboard = free_port(), free_port()
        self.address = f"http://127.0.0.1:{dashboard}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._head = self._start(
            "--head",
            f"--port={self._port}",
            f"--dashboard-port={dashboard}",
            "--dashboard-host=127.0.0.1",
            f"--ray-client-server-port={free_port()}",
            "--num-cpus=0",
            f"--temp-dir={self._folder}",
        )
        self._wait(self._dashboard_answers)
        # One after the other: of nodes that start on one machine at the same time, Ray may lose one.
        for number in range(workers):
            self._wait(lambda number=number: self._started() > number)
            self.add_worker()
        self._wait(lambda: self._started() > workers)

    def add_worker(self) -> None:
        """Start one more node, which is not waited for."""
        self.workers.append(self._start(f"--address=127.0.0.1:{self._port}", "--num-cpus=1"))

    def kill_worker_of(self, pid: int) -> None:
        """Kill the node on which a process works, with everything that runs there."""
        ancestors = {process.pid for process in psutil.Process(pid).parents()}
        (node,) = [worker for worker in self.workers if worker.pid in ancestors]
        self._kill(node)
        self.workers.remove(node)

    def stop(self) -> None:
        for node in (*self.workers, self._head):
            self._kill(node)
        rmtree(self._folder, ignore_errors=True)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        ray = Path(sys.executable).with_name("ray")
        command = [ray, "start", "--block", "--node-ip-address=127.0.0.1", "--object-store-memory=80000000"]
        with (self._folder / "start.log").open("ab") as log:
            return subprocess.Popen(
                [*command, f"--dashboard-agent-listen-port={free_port()}", *arguments],
                stdout=log,
                stderr=log,
                env={**os.environ, **QUICK},
            )

    @staticmethod
    def _kill(node: subprocess.Popen[bytes]) -> None:
        with suppress(psutil.Error):
            processes = psutil.Process(node.pid).children(recursive=True)
            node.kill()
            for process in processes:
                with suppress(psutil.Error):
                    process.kill()
        node.wait()

    def _wait(self, condition: object, seconds: float = 90.0) -> None:
        end = time.monotonic() + seconds
        while not condition():  # type: ignore[operator]
            if any(node.poll() is not None for node in (self._head, *self.workers)) or time.monotonic() > end:
                log = (self._folder / "start.log").read_text()
                self.stop()
                raise RuntimeError(f"Ray did not start: {log[-2000:]}")
            time.sleep(0.1)

    def _started(self) -> int:
        """How many nodes have started, the head among them."""
        return (self._folder / "start.log").read_text().count("Ray runtime started")

    def _dashboard_answers(self) -> bool:
        with suppress(OSError), urlopen(f"{self.address}/api/version", timeout=2) as answer:
            return bool(answer.status == 200)
        return False


def counting(steps: int, seeds: int = 2) -> studies.Study:
    """A study of two variants whose runs only count."""
    base = {"budget": {"steps": steps}, "corpus": {"source": '{"pause": 0.05}'}}
    return studies.make_study({"base": base, "variants": {"plain": {}, "fair": {}}, "seeds": [*range(seeds)]})


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
