"""The check: a job that says what it finds on a cluster, before runs are sent there.

    python -m fairkd.runs.launchers.check_job FOLDER

It reads a token in a folder of the home folder, and writes the token beside it, with the versions there.
"""

from __future__ import annotations

import json
import platform
import socket
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fairkd import __version__
from fairkd.utils import write_private

TOKEN, ANSWER = "token.txt", "answer.json"


def versions() -> dict[str, str]:
    """The versions that must agree: FairKD's, Python's (major and minor) and torch's (without its build)."""
    try:
        torch = version("torch").partition("+")[0]
    except PackageNotFoundError:
        torch = "none"
    return {
        "FairKD": __version__,
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "torch": torch,
    }


def answer(folder: Path) -> None:
    """Write the answer of this machine; OSError if the folder is not here or cannot be written."""
    token = (folder / TOKEN).read_text(encoding="ascii")
    found = {"token": token, "host": socket.gethostname(), "versions": versions()}
    write_private(folder / ANSWER, json.dumps(found) + "\n")


if __name__ == "__main__":
    answer(Path(sys.argv[1]))
