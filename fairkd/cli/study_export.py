"""The files of a study: what runs it again, and what has come of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fairkd.cli.study_tables import study_document
from fairkd.errors import InputError
from fairkd.utils import plain, shortened

if TYPE_CHECKING:
    from fairkd.studies import StudyRecord


def write_files(record: StudyRecord, folder: Path, *, force: bool) -> list[str]:
    """Write all files of a study into a folder, and return their names.

    Raises
    ------
    InputError
        When the folder cannot be made or written, or a file exists and is not to be replaced.
    """
    files = _files(record)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{shortened(folder)} is a file: expected a folder for {', '.join(files)}.")
    if not force and (there := [name for name in files if (folder / name).exists()]):
        raise InputError(
            f"{shortened(folder)} has {', '.join(there)} already: choose another folder, or add --force."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot write to {shortened(folder)}: {error.strerror or error}.") from error
    return list(files)


def _files(record: StudyRecord) -> Mapping[str, str]:
    from fairkd import studies

    state = json.dumps(plain(study_document(record)), indent=2, allow_nan=False) + "\n"
    files = {"study.yaml": studies.study_yaml(record.study), "study.json": state}
    if "finished" in record.counts and (found := studies.results(record)).cells:
        files |= studies.result_files(found)
    return files
