"""The place of a queued run, also in its folder: a new database finds the queue in its order again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from fairkd.utils import parse_json, write_private

FILE = "queue.json"
LAST = 2**53  # the place of a run whose file is damaged


def write(folder: Path, place: int) -> None:
    """Note that a run is queued. Without the note, on a full disk, the database alone knows."""
    with suppress(OSError):
        write_private(folder / FILE, f'{{"place": {place}}}\n')


def clear(folder: Path) -> None:
    """Remove the note of a run that has left the queue."""
    with suppress(OSError):
        (folder / FILE).unlink()


def read(folder: Path) -> int | None:
    """The place of the run in the queue; None if it is not queued."""
    try:
        place = parse_json((folder / FILE).read_bytes())["place"]
    except OSError:
        return None
    except (ValueError, TypeError, KeyError):
        return LAST
    return place if isinstance(place, int) and 0 < place < LAST else LAST
