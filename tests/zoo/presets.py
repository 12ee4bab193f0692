"""`python -m tests.zoo.presets`: does every preset bring the student closer to its teacher, in every family?

With names of checkpoints, only those are tried. Each teacher is trained on a tiny text first. Then a student
of the default kind is distilled from it for 60 steps with each preset. Printed is the KL divergence on
held-out text, from teacher to student, before and after. Takes about half an hour for all, and no network.
"""

from __future__ import annotations

import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"  # before huggingface_hub is imported

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import transformers

from fairkd.corpora import Corpus
from fairkd.distill import PRESETS, make_config, train
from fairkd.distill.student import settle
from fairkd.errors import FairKDError
from fairkd.models import MaskedLM, load
from tests.tiny import SENTENCES
from tests.zoo import NAMES, make

STEPS = 60
_CORPUS = Corpus("toy", None, SENTENCES, SENTENCES[:60])
_SMALL: dict[str, Any] = {
    "student": {"fit_layers": False},  # a fitted student of a tiny teacher has nothing left to learn
    "budget": {"steps": STEPS},
    "optimizer": {"learning_rate": 3e-3, "micro_batch_tokens": 512, "precision": "fp32"},
    "evaluation": {"every_steps": 10_000, "professions": 2, "sentences": 40, "watched_sentences": []},
}


def trained(lm: MaskedLM, folder: Path, *, steps: int = 4 * STEPS) -> MaskedLM:
    """The model after some training on the text: a teacher that knows something."""
    every = tuple(range(int(lm.model.config.get_text_config().num_hidden_layers)))
    settings = {
        **_SMALL,
        "budget": {"steps": steps},
        "objective": {"kd": 0.0, "hidden": 0.0},
        "student": {"layers": every, "freeze_embeddings": False},
    }
    if settle(lm, make_config({}).student)[0].kind == "fresh":
        settings["student"] = {"kind": "fresh", "width": 32, "heads": 2, "hidden_layers": 2}
    outcome = train(make_config(settings), folder, teacher=lm, corpus=_CORPUS)
    return load(str(outcome.model))


def divergences(teacher: MaskedLM, preset: str, folder: Path, *, steps: int = STEPS) -> tuple[float, float]:
    """KL(teacher, after the constraint || student) on held-out text, in nats: at the start and at the end."""
    values = {
        name: dict(PRESETS[preset].get(name, {})) | _SMALL.get(name, {})
        for name in {*PRESETS[preset], *_SMALL}
    }
    values["budget"]["steps"] = steps
    if "constraint" in values:
        values["constraint"]["skip_unspellable"] = True
    events: list[dict[str, Any]] = []
    train(make_config(values), folder, emit=events.append, teacher=teacher, corpus=_CORPUS)
    first, *_, last = [event["kl_constrained"] for event in events if event["type"] == "evaluation"]
    return first, last


def main() -> None:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)  # tiny models gain nothing from more
    for name in sys.argv[1:] or NAMES:
        with TemporaryDirectory() as home:
            folder = Path(home)
            try:
                teacher = trained(load(str(make(name, folder / "made"))), folder / "teacher")
            except FairKDError as error:
                print(f"{name:22} refused: {error}".replace(str(folder), name), flush=True)
                continue
            for preset in PRESETS:
                try:
                    first, last = divergences(teacher, preset, folder / preset)
                    result = f"{first:8.4f} -> {last:8.4f} {'fell' if last < first else 'ROSE'}"
                except FairKDError as error:
                    result = f"refused: {error}".replace(str(folder), name)
                print(f"{name:22} {preset:16} {result}", flush=True)


if __name__ == "__main__":
    main()
