"""Run an experiment: run by run, each with a file of its own, so that it can be stopped and resumed.

    result = run_experiment(experiment("labels"), folder, command="fairkd learn experiment labels")

All cells run with one seed, then all with the next: whenever it stops, every cell has as many seeds. Two
experiments share the runs that have the same settings.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fairkd import corpora, distill, models
from fairkd.benchmarks import measure
from fairkd.corpora import Corpus
from fairkd.distill import Config
from fairkd.distill.data import encode
from fairkd.errors import FairKDError
from fairkd.lessons.experiment_cells import EVALUATION, Experiment, ExperimentCell
from fairkd.lessons.experiment_result import (
    VALUES,
    CellRecord,
    ExperimentResult,
    Machine,
    RunRecord,
    TeacherRecord,
    TextUsed,
    check_budgets,
)
from fairkd.models import MaskedLM
from fairkd.utils import Progress, hardware, parse_json

TIMED_SENTENCES = 50
TIMED_ROUNDS = 2
Stop = Callable[[], bool]


@dataclass(frozen=True)
class _Materials:
    """What all runs share: the teacher and its hash, the text and its digest, the folder of the runs."""

    teacher: MaskedLM
    weights: str
    corpus: Corpus
    digest: str
    folder: Path
    evaluator: distill.Evaluator

    def draw(self, sentences: int, seed: int) -> Corpus:
        """The text with so many training sentences. A larger draw of the same seed holds the smaller one."""
        order = np.random.default_rng(seed).permutation(len(self.corpus.training))[:sentences]
        return replace(self.corpus, training=tuple(self.corpus.training[i] for i in order))


def run_experiment(
    one: Experiment,
    folder: Path,
    *,
    command: str,
    teacher: MaskedLM | None = None,
    corpus: Corpus | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> ExperimentResult | None:
    """Run what is not done yet, and return all results; None if `stop()` ended it before.

    Parameters
    ----------
    one : Experiment
    folder : Path
        Where each run leaves a file; those of earlier runs with the same settings, text and teacher are used.
    command : str
        What to type to measure the same again; stored with the result.
    teacher, corpus : optional
        Stand in for what the settings name.
    progress : function, optional
        Called with a sentence and the fraction done.
    stop : function, optional
        Asked before each step.

    Raises
    ------
    FairKDError
        If a run fails, or the cells did not have equal budgets.
    """
    from fairkd import __version__

    progress, stop = progress or (lambda *_: None), stop or (lambda: False)
    settings = one.config(one.cells[0], seed=0)
    teacher = teacher or models.load(settings.teacher)
    text = corpus or corpora.read(settings.corpus.source, most=settings.corpus.max_sentences)
    digest = hashlib.sha256(json.dumps([text.training, text.held_out]).encode()).hexdigest()
    materials = _Materials(
        teacher, models.weights_hash(teacher), text, digest, folder, _evaluator(teacher, text, settings)
    )
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [(cell, seed) for seed in range(one.seeds) for cell in one.cells]
    runs: list[RunRecord] = []
    for number, (cell, seed) in enumerate(wanted):
        progress(f"{one.name}: {cell.key}, seed {seed} ({number + 1} of {len(wanted)})", number / len(wanted))
        found = _stored(one, cell, seed, materials) or _run(one, cell, seed, materials, stop)
        if found is None:
            return None
        runs.append(found)
    progress("Measuring the time for one sentence", None)
    sizes, machine = _sizes(one, materials), _machine(settings)
    start = distill.make_student(teacher, settings.student, seed=0)
    result = ExperimentResult(
        experiment=one.name,
        question=one.question,
        command=command,
        version=__version__,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=machine,
        text=TextUsed(
            source=settings.corpus.source,
            name=text.name,
            training=len(text.training),
            held_out=len(text.held_out),
            tokens_a_sentence=_tokens_a_sentence(teacher, text, settings),
            digest=digest,
        ),
        teacher=TeacherRecord(
            reference=teacher.reference,
            weights=materials.weights,
            **sizes[""],
            values=_measured(teacher, materials),
        ),
        start=_measured(start, materials),
        settings=dict(one.base),
        seeds=one.seeds,
        cells=tuple(
            CellRecord(
                key=cell.key,
                factors=dict(cell.factors),
                sentences=cell.sentences,
                objective=dict(cell.objective),
                **sizes[cell.key],
            )
            for cell in one.cells
        ),
        runs=tuple(runs),
    )
    check_budgets(result)
    return result


def _tokens_a_sentence(teacher: MaskedLM, text: Corpus, config: Config) -> float:
    """The mean number of tokens of a training sentence, rounded to six figures."""
    rows = encode(teacher.tokenizer, text.training, max_tokens=config.corpus.max_tokens)
    return float(f"{np.mean([len(row) for row in rows]):.6g}")


def _name(one: Experiment, cell: ExperimentCell, seed: int, materials: _Materials) -> str:
    """The name of a run's files: the digest of what it depends on."""
    config = one.config(cell, seed=seed).model_dump(mode="json")
    evaluation = EVALUATION.model_dump(mode="json")
    told = [config, evaluation, cell.sentences, materials.digest, materials.weights]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _stored(one: Experiment, cell: ExperimentCell, seed: int, materials: _Materials) -> RunRecord | None:
    """The record of a run that was made before with the same settings, if its file is there and whole."""
    try:
        path = materials.folder / f"{_name(one, cell, seed, materials)}.json"
        document = parse_json(path.read_text(encoding="utf-8"))
        return RunRecord(**{**document, "cell": cell.key})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _run(
    one: Experiment, cell: ExperimentCell, seed: int, materials: _Materials, stop: Stop
) -> RunRecord | None:
    """Train and measure one student; None if it was stopped. Its model is kept for the first seed alone."""
    config = one.config(cell, seed=seed)
    name = _name(one, cell, seed, materials)
    folder = materials.folder / f"{name}-run-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    outcome = distill.train(
        config,
        folder,
        stop=stop,
        teacher=materials.teacher,
        corpus=materials.draw(cell.sentences, seed),
    )
    if outcome.state != "finished" or outcome.model is None:
        shutil.rmtree(folder, ignore_errors=True)
        return None
    student = models.load(str(outcome.model))
    record = RunRecord(
        cell=cell.key,
        seed=seed,
        steps=outcome.steps,
        tokens=outcome.tokens,
        seconds=round(outcome.seconds, 1),
        values=_measured(student, materials),
    )
    if seed == 0:
        kept = materials.folder / f"{name}-model"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.move(outcome.model, kept)
    shutil.rmtree(folder, ignore_errors=True)
    _write(materials.folder / f"{name}.json", record.model_dump(mode="json"))
    return record


def _write(path: Path, document: object) -> None:
    """Write a file that is complete or not there."""
    beside = path.with_suffix(".writing")
    beside.write_text(json.dumps(document), encoding="utf-8")
    os.replace(beside, path)


def _evaluator(teacher: MaskedLM, text: Corpus, config: Config) -> distill.Evaluator:
    """Measures any student of the teacher on the held-out sentences, the same for all."""
    held_out = encode(teacher.tokenizer, text.held_out, max_tokens=config.corpus.max_tokens)
    constraint = distill.make_constraint(teacher, config)
    return distill.Evaluator(teacher, teacher, constraint, EVALUATION, held_out)


def _measured(lm: MaskedLM, materials: _Materials) -> dict[str, float]:
    """The values of `VALUES` that a model has, rounded to six figures."""
    evaluator = materials.evaluator
    evaluator.student = lm
    found: dict[str, float | None] = {
        **(
            evaluator.evaluate_teacher() if lm is materials.teacher else evaluator.evaluate_student()
        ).measures,
        "ece": _calibration_error(lm, materials),
    }
    return {name: float(f"{value:.6g}") for name in VALUES if (value := found.get(name)) is not None}


def _calibration_error(lm: MaskedLM, materials: _Materials) -> float:
    """The expected calibration error on the held-out sentences, from 0 to 1."""
    path = materials.folder / f"held-out-{materials.digest[:16]}.txt"
    if not path.exists():
        path.write_text("\n".join(materials.corpus.held_out) + "\n", encoding="utf-8")
    return measure(lm, "calibration", data=path, precision="fast", cached=False).overall.values["ece"].value


def _sizes(one: Experiment, materials: _Materials) -> dict[str, dict[str, Any]]:
    """Parameters, bytes of weights and milliseconds a sentence of each cell's model, and of the teacher ("").

    Raises FairKDError where a cell's model has been deleted.
    """
    folders = {cell.key: materials.folder / f"{_name(one, cell, 0, materials)}-model" for cell in one.cells}
    if missing := [key for key, folder in folders.items() if not folder.exists()]:
        raise FairKDError(
            f"The model of the cell {missing[0]} is missing in {materials.folder}: delete that folder, and "
            "run the experiment again."
        )
    lms = {"": materials.teacher, **{key: models.load(str(folder)) for key, folder in folders.items()}}
    held_out = list(materials.corpus.held_out[:TIMED_SENTENCES])
    ids = models.token_ids(materials.teacher.tokenizer, held_out, max_tokens=128)
    times = models.forward_milliseconds(lms, ids, rounds=TIMED_ROUNDS)
    return {
        key: {
            "parameters": sum(parameter.numel() for parameter in lm.model.parameters()),
            "bytes": sum(parameter.numel() * parameter.element_size() for parameter in lm.model.parameters()),
            "milliseconds": round(float(np.median(times[key])), 3),
        }
        for key, lm in lms.items()
    }


def _machine(settings: Config) -> Machine:
    return Machine(
        processor=_processor(),
        cores=hardware.cores(),
        threads=settings.threads or torch.get_num_threads(),
        precision=distill.resolve_precision(settings.optimizer.precision, torch.device("cpu")),
        torch=torch.__version__,
    )


def _processor() -> str:
    """The processor's name where the system tells it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
