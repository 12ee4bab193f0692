"""The models that are on this machine, by reference, and their folders. Imports no torch.

>>> from fairkd import models
>>> models.embedded()
('embedded/teacher', 'embedded/student-plain', 'embedded/student-fair')
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from pathlib import Path

from fairkd.errors import InputError, ModelError
from fairkd.utils import quoted, runs_folder, shortened, stored_values

HASHES = (
    "sha256.json"  # beside the embedded models, by reference; `python -m tools.embedded_hashes` writes it
)
EMBEDDED = Path(__file__).parents[1] / "assets" / "embedded"

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def embedded_folder(name: str) -> Path:
    """The folder of an embedded model; ModelError if there is none with this name."""
    folder = EMBEDDED / name
    if _NAME.fullmatch(name) is None or not (folder / "config.json").is_file():
        known = ", ".join(embedded()) or "none in this installation"
        raise ModelError(f"There is no embedded model {quoted(name)}: expected one of {known}.")
    return folder


def embedded() -> tuple[str, ...]:
    """References of the embedded models that are present, the teacher first."""
    order = ("teacher", "student-plain", "student-fair")
    names = sorted(
        (config.parent.name for config in EMBEDDED.glob("*/config.json")),
        key=lambda name: (order.index(name) if name in order else len(order), name),
    )
    return tuple(f"embedded/{name}" for name in names)


def embedded_hash(reference: str) -> str:
    """SHA-256 over all files of an embedded model except its notes, as 64 hexadecimal digits.

    It says whether predictions that were stored earlier come from these files. A student that shares the
    teacher's embeddings is hashed without them. ModelError if there is no such model.
    """
    folder = embedded_folder(reference.partition("/")[2])
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob("*.json")]):
        if path.name != "training.json":
            with path.open("rb") as file:
                digest.update(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()


def shipped_hashes() -> dict[str, str]:
    """`embedded_hash` of each embedded model as it was shipped; empty if the list is missing or damaged."""
    try:
        found = json.loads((EMBEDDED / HASHES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}


def run_folder(id: str) -> Path:
    """The folder of a run's student; ModelError if there is no such run, or if it has no model yet."""
    folder = runs_folder() / id
    if _NAME.fullmatch(id) is None or not folder.is_dir():
        raise ModelError(f"There is no run {quoted(id)}: `fairkd runs list` shows those that there are.")
    if not (folder / "model" / "config.json").is_file():
        if _kind(folder) == "measure":
            raise ModelError(f"The run {shortened(id)} is a measurement, which has no model.")
        raise ModelError(f"The run {shortened(id)} has no model yet: it gets one when it finishes.")
    return folder / "model"


def _kind(folder: Path) -> object:
    """The kind of a run, if its settings name one."""
    try:
        return (stored_values(folder) or {}).get("kind")
    except InputError:  # damaged
        return None


def of_runs() -> tuple[str, ...]:
    """References of the students that runs have finished, the newest first."""
    found = []
    for path in runs_folder().glob("*/model/config.json"):
        with suppress(FileNotFoundError):  # deleted meanwhile
            found.append((path.stat().st_mtime, path.parts[-3]))
    return tuple(f"run/{id}" for _, id in sorted(found, reverse=True))
