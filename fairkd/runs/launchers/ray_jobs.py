"""The launcher `ray`: each run is a job of Ray's Jobs API, on whichever node has the resources.

A job with resources of its own runs on any node, and waits until one has them. Without, Ray would run it on
the head. `ray` is an optional package: `pip install 'fairkd[ray]'`.
"""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fairkd.errors import InputError, reason
from fairkd.runs.launchers.destination import RAY_ADDRESS, RAY_CPUS, RAY_GPUS
from fairkd.runs.launchers.job_files import Job
from fairkd.runs.launchers.launcher import JobStatus, LauncherError, UnreachableError

CONNECT_SECONDS = 5.0  # Ray's own client waits for ever
# Ray gives up a job that has waited RAY_JOB_START_TIMEOUT_SECONDS (15 minutes) for resources, and a job that
# waits for those of a node that dies, even if it could run on another one.
_GAVE_UP_WAITING = "failed to start within", "The actor never ran"
_STATES = {"PENDING": "waiting", "RUNNING": "working"}

T = TypeVar("T")


class RayJobs:
    """Jobs on the Ray cluster whose dashboard has an address."""

    place = "Ray"
    knows_keys = True

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.address = settings[RAY_ADDRESS]
        self._cpus, self._gpus = float(settings[RAY_CPUS]), float(settings[RAY_GPUS])
        self._client: Any = None

    def examine(self) -> str:
        version = self._call(lambda client: client._server_ray_version)
        return f"Ray {version} answers at {self.address}."

    def submit(self, key: str, command: str, folder: Path) -> str:
        def submit(client: Any) -> str:
            try:
                client.submit_job(
                    entrypoint=command,
                    submission_id=key,
                    entrypoint_num_cpus=self._cpus,
                    entrypoint_num_gpus=self._gpus,
                )
            except RuntimeError as error:
                if "already exists" not in str(error):
                    raise LauncherError(
                        f"Ray at {self.address} does not take the job: {reason(error)}."
                    ) from error
            return key

        return self._call(submit)

    def status(self, job: Job, folder: Path) -> JobStatus:
        def status(client: Any) -> JobStatus:
            try:
                found = client.get_job_info(job.key)
            except RuntimeError as error:
                if "404" in str(error) or "does not exist" in str(error):
                    return JobStatus("ended", "Ray does not know the job")
                return JobStatus("unknown", reason(error))
            detail = " ".join((found.message or "").split())
            if any(words in detail for words in _GAVE_UP_WAITING):
                return JobStatus("expired", detail)
            return JobStatus(_STATES.get(found.status.value, "ended"), detail)  # type: ignore[arg-type]

        try:
            return self._call(status)
        except UnreachableError as error:
            return JobStatus("unknown", str(error))

    def cancel(self, job: Job, folder: Path) -> None:
        def cancel(client: Any) -> None:
            try:
                client.stop_job(job.key)
            except RuntimeError as error:
                if "404" not in str(error) and "does not exist" not in str(error):
                    raise LauncherError(f"Ray cannot stop the job {job.key}: {reason(error)}.") from error

        self._call(cancel)

    def log(self, job: Job, folder: Path) -> str:
        try:
            text: str = self._call(lambda client: client.get_job_logs(job.key))
        except (LauncherError, RuntimeError):
            return ""
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""

    def _call(self, action: Callable[[Any], T]) -> T:
        """Call `action` with a client; UnreachableError if the cluster does not answer."""
        self._check_reachable()
        try:
            if self._client is None:
                from ray.job_submission import JobSubmissionClient  # a second, and only where it is used

                self._client = JobSubmissionClient(self.address)
            return action(self._client)
        except OSError as error:  # those of requests are OSErrors
            raise self._unreachable(reason(error)) from error
        except RuntimeError as error:
            if self._client is None:
                raise self._unreachable(reason(error)) from error
            raise

    def _check_reachable(self) -> None:
        try:
            parts = urlsplit(self.address)
            host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise InputError(f"{RAY_ADDRESS} is no address ({error}).") from error
        try:
            socket.create_connection((host or "", port), CONNECT_SECONDS).close()
        except OSError as error:
            raise self._unreachable(error.strerror or str(error)) from error
        if importlib.util.find_spec("ray") is None:
            raise LauncherError("The launcher ray needs the package ray: pip install 'fairkd[ray]'.")

    def _unreachable(self, why: str) -> UnreachableError:
        return UnreachableError(
            f"No Ray dashboard answers at {self.address} ({why}): start the cluster, or set {RAY_ADDRESS}."
        )
