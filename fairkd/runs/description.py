"""A run's name, its note and its owner, in description.json of its folder and in the database.

The owner says whose a run is. It is a name in a list and protects nothing: whoever can use the home folder
can use all runs in it.
"""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from fairkd.errors import InputError
from fairkd.runs.event_schema import LATEST
from fairkd.utils import parse_json, write_private

FILE = "description.json"
LONGEST = {"name": 80, "owner": 60, "note": 2000}  # characters


@dataclass(frozen=True)
class RunDescription:
    """What people say about a run, and what else only its row would know: batch and time of submission."""

    name: str
    note: str = ""
    owner: str = ""
    batch: str | None = None
    created: float | None = None


def checked(field: str, text: str) -> str:
    """`text` for a field of `LONGEST`, without spaces around it. Name and owner are one line.

    Raises
    ------
    InputError
        When it is too long.
    """
    text = text.strip() if field == "note" else " ".join(text.split())
    if len(text) > LONGEST[field]:
        raise InputError(f"The {field} of a run has at most {LONGEST[field]} characters, got {len(text)}.")
    return text


def default_owner() -> str:
    """The name of the operating system's user who runs this process; empty where it has none."""
    try:
        return getpass.getuser()[: LONGEST["owner"]]
    except (OSError, KeyError, ImportError):
        return ""


def write(folder: Path, description: RunDescription) -> None:
    """Write the description into a run's folder, whole or not at all.

    Raises
    ------
    InputError
        When the disk is full or the folder cannot be written.
    """
    try:
        write_private(folder / FILE, json.dumps(asdict(description), indent=2) + "\n")
    except OSError as error:
        raise InputError(
            f"The run's description cannot be stored in {folder} ({error.strerror or error}): check that the"
            " disk has space and that you may write there."
        ) from error


def read(folder: Path) -> RunDescription | None:
    """The description in a run's folder; None where there is none, or it is damaged."""
    try:
        values = parse_json((folder / FILE).read_bytes())
        texts = {field: checked(field, values.get(field)) for field in LONGEST}
        batch, created = values.get("batch"), values.get("created")
    except (OSError, ValueError, AttributeError):  # the last where a value has another type
        return None
    if not texts["name"]:
        return None
    known = isinstance(created, int | float) and 0 <= created <= LATEST
    return RunDescription(
        **texts,
        batch=batch if isinstance(batch, str) and len(batch) <= LONGEST["name"] else None,
        created=float(created) if known else None,
    )
