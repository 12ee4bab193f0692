"""What a student trimmed to the words of its text saves and costs, beside one with all tokens, on one seed.

    python -m benchmarks.vocabulary [--sentences 5000] [--steps 60] [--rounds 3] [--teacher REFERENCE]

Both students are trained on the first sentences of the small text. KL is measured against the teacher at the
same held-out words, over the tokens that the trimmed student has: both distributions given those. Steps are
timed in turns, by the processor time of the process, which other programs disturb less than the clock.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.distill_work import MASKING
from fairkd.distill import (
    Config,
    MatchedEvaluator,
    TrainingSetup,
    make_accelerator,
    make_config,
    set_up,
    train,
)
from fairkd.models import MatchedVocabularies, load, take_tokens

STEPS_AT_ONCE = 3


def config_of(options: argparse.Namespace, vocabulary: str, freeze: bool) -> Config:
    return make_config(
        {
            "teacher": options.teacher,
            "student": {"vocabulary": vocabulary, "freeze_embeddings": freeze, "fit_layers": False},
            "masking": MASKING,
            "corpus": {"source": "small", "max_sentences": options.sentences},
            "budget": {"steps": options.steps},
            "optimizer": {"precision": "fp32", "micro_batch_tokens": 1024},
            "evaluation": {"every_steps": 10**6, "watched_sentences": [], "professions": 2},
        }
    )


def seconds_of_step(setup: TrainingSetup) -> float:
    """The processor time of a step that changes no weight."""
    begin = time.process_time()
    for _ in range(STEPS_AT_ONCE):
        batches = setup.trainer.prepare(setup.loader.take(1))
        setup.trainer.step(batches, batches[0].counts, 0.0)
    return (time.process_time() - begin) / STEPS_AT_ONCE


def held_out_kl(trimmed: TrainingSetup, folder: Path) -> float | None:
    """KL from the teacher to a stored student, over the tokens of the trimmed one."""
    evaluator, lm = trimmed.evaluator(), load(str(folder))
    assert isinstance(evaluator, MatchedEvaluator) and trimmed.vocabularies is not None
    kept = trimmed.vocabularies.trimmed
    assert kept is not None
    if lm.vocabulary_size != len(kept):
        lm = replace(trimmed.student, model=take_tokens(lm.model, kept))
    vocabularies = MatchedVocabularies(trimmed.teacher, replace(trimmed.student, model=lm.model), kept)
    settings = trimmed.config.evaluation
    return (
        MatchedEvaluator(vocabularies, trimmed.constraints, settings, evaluator.texts)
        .evaluate_student()
        .measures["kl"]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sentences", type=int, default=5000)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--teacher", default="embedded/teacher")
    options = parser.parse_args()
    for freeze in (True, False):
        setups = {
            name: set_up(config_of(options, name, freeze), accelerator=make_accelerator())
            for name in ("teacher", "text")
        }
        times: dict[str, list[float]] = {name: [] for name in setups}
        for _ in range(options.rounds + 1):
            for name, setup in setups.items():
                times[name].append(seconds_of_step(setup))
        ratios = [text / whole for text, whole in zip(times["text"][1:], times["teacher"][1:], strict=True)]
        print(
            f"embeddings {'frozen' if freeze else 'trained'}: a step of the trimmed student takes "
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) of the other's "
            f"{statistics.median(times['teacher'][1:]):.2f} s of processor time",
            flush=True,
        )
    with tempfile.TemporaryDirectory() as folder:
        for name in setups:
            config = config_of(options, name, freeze=True)
            model = train(config, Path(folder) / name).model
            assert model is not None
            lm = load(str(model))
            size = sum(path.stat().st_size for path in model.iterdir())
            kl = held_out_kl(setups["text"], model)
            print(
                f"{name}: {lm.vocabulary_size:,} tokens, {sum(p.numel() for p in lm.model.parameters()):,} "
                f"parameters, folder {size / 1e6:.1f} MB, held-out KL {kl:.4f}",
                flush=True,
            )
        evaluator = setups["text"].evaluator()
        assert isinstance(evaluator, MatchedEvaluator)
        print(evaluator.unmatched)


if __name__ == "__main__":
    main()
