"""Evaluations that runs began with, kept on disk: a second run with the same models and text reads them.

A file holds what one model measured on one set of sentences. Its name is a digest of everything that decides
on the numbers: weights, tokenizer, held-out sentences, settings, the versions of the libraries, and FairKD's
own source. A file that is damaged, or cannot be read or written, is passed over: the model is then evaluated.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import torch
import transformers

from fairkd.distill.config import Config
from fairkd.distill.evaluation import Evaluation, Evaluator
from fairkd.models import MaskedLM, model_digest
from fairkd.utils import cache_folder, make_private, write_private

MOST_FILES = 64  # kept; the least recently used go first
_ONLY_WHEN = {"every_steps", "every_seconds"}  # settings that decide when, not what, is measured


def folder() -> Path:
    """Where the evaluations lie: one file each."""
    return cache_folder() / "evaluations"


def evaluate(
    evaluator: Evaluator, role: Literal["teacher", "student"], config: Config, *, changed: bool = False
) -> tuple[Evaluation, list[dict[str, Any]]]:
    """The evaluation and the watched sentences of a model; of a student that `changed`, never from disk."""
    models = {"teacher": evaluator.teacher} | ({"student": evaluator.student} if role == "student" else {})
    key = None if changed else key_of(models, config, evaluator.digest)
    if key is not None and (known := read(key)) is not None:
        evaluator.missing = known["missing"]
        return Evaluation(known["measures"], known["items"]), known["watched"]
    found = evaluator.evaluate_teacher() if role == "teacher" else evaluator.evaluate_student()
    watched = list(evaluator.watched_sentences(models[role]))
    if key is not None:
        kept = {"measures": found.measures, "items": found.items, "watched": watched}
        write(key, {**kept, "missing": evaluator.missing})
    return found, watched


def key_of(models: Mapping[str, MaskedLM], config: Config, sentences: str) -> str:
    """The key of what `models` measure together, by role, on the sentences with this digest."""
    digest = hashlib.sha256()
    for role, lm in models.items():
        digest.update(f"{role} {model_digest(lm)}".encode())
    settings = {
        "sentences": sentences,
        "evaluation": config.evaluation.model_dump(mode="json", exclude=_ONLY_WHEN),
        "constraint": config.constraint.model_dump(mode="json"),
        "versions": (torch.__version__, transformers.__version__, platform.machine(), source_digest()),
        "threads": torch.get_num_threads(),
    }
    digest.update(json.dumps(settings, sort_keys=True).encode())
    return digest.hexdigest()


def read(key: str) -> dict[str, Any] | None:
    """What is stored under a key; None where there is nothing, or it is damaged."""
    path = _path(key)
    try:
        content = path.read_bytes()
        checksum, _, document = content.partition(b"\n")
        if checksum.decode() != hashlib.sha256(document).hexdigest():
            return None
        found: dict[str, Any] = json.loads(document)
    except (OSError, ValueError):
        return None
    with suppress(OSError):
        path.touch()
    return found


def write(key: str, document: Mapping[str, Any]) -> None:
    """Store a document of JSON values under a key, as a whole or not at all."""
    content = json.dumps(document).encode()
    with suppress(OSError):
        make_private(folder())
        write_private(_path(key), hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
        files = sorted(folder().glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in files[MOST_FILES:]:
            path.unlink(missing_ok=True)


def _path(key: str) -> Path:
    return folder() / f"{key}.json"


@lru_cache(maxsize=1)
def source_digest() -> str:
    """A digest of FairKD's code and data tables: any change may change a number."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for folder in (package, package / "resources"):
        files = folder.rglob("*.py") if folder == package else folder.glob("*.*")
        for path in sorted(files):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
