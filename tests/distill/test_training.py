"""Whole runs of tiny models: what is learnt, what is said, what is stored."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import pipeline

from fairkd.constraints.constraint import Constraint
from fairkd.corpora import Corpus
from fairkd.distill import checkpoints, train
from fairkd.distill.data.batching import encode
from fairkd.distill.data.masking import Batch
from fairkd.distill.lr_schedule import schedule
from fairkd.distill.prepared_batch import PositionCounts
from fairkd.distill.run_masks import make_constraint, make_masker
from fairkd.distill.student import make_student
from fairkd.distill.trainer import Trainer
from fairkd.errors import FairKDError, InputError
from fairkd.models.loading import MaskedLM
from tests.distill.parts import CORPUS, config, equal, trained, weights
from tests.tiny import SENTENCES

Events = list[dict[str, Any]]


def of(events: Events, kind: str) -> Events:
    return [event for event in events if event["type"] == kind]


def test_training_lowers_the_divergence_and_leaves_teacher_and_embeddings_alone(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    before = {name: tensor.clone() for name, tensor in tiny_bert.model.state_dict().items()}
    events: Events = []
    settings = config(student={"fit_layers": False})  # fitted, this student is almost its teacher
    outcome = train(settings, tmp_path, emit=events.append, teacher=tiny_bert, corpus=CORPUS)
    first, last = of(events, "evaluation")
    assert last["kl"] < 0.8 * first["kl"] and last["kl"] == outcome.held_out["kl"]
    assert [event["step"] for event in of(events, "train")] == [5, 10, 15, 20, 25]
    assert of(events, "train")[-1]["tokens"] == outcome.tokens
    assert of(events, "train")[-1]["loss"] < of(events, "train")[0]["loss"]
    after, student = tiny_bert.model.state_dict(), weights(tmp_path / "model")
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert all(torch.equal(student[name], before[name]) for name in before if "embeddings" in name)


def test_events_are_complete_and_in_order(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    events: Events = []
    settings = config(
        budget={"steps": 4}, evaluation={"every_steps": 2}, checkpoint={"every_steps": 2}, log_every=2
    )
    train(settings, tmp_path, emit=events.append, teacher=tiny_bert, corpus=CORPUS)
    kinds = [event.get("phase", event["type"]) for event in events if event["type"] != "message"]
    once = ["evaluation", "watched_sentence", "checkpoint"]
    # Phases by their names: a measured teacher follows the phase that announces it.
    assert kinds == [
        *("loading", "start", "teacher", "teacher", "watched_sentence"),
        *("student", "evaluation", "watched_sentence", "training"),
        *("train", "evaluation", *once, "training"),
        *("train", "evaluation", *once, "training"),
        *("saving", "costs", "end"),
    ]
    assert all({"type", "time", "step"} <= event.keys() for event in events)
    start, end = of(events, "start")[0], events[-1]
    assert (start["resumed_from"], start["steps"], start["world_size"]) == (None, 4, 1)
    assert start["trained_parameters"] < start["parameters"]
    assert (end["state"], end["step"], end["sentence"]) == ("finished", 4, None)
    assert end["cores"] > 0
    teacher, student = of(events, "teacher")[0], of(events, "evaluation")[0]
    assert {
        "perplexity",
        "pseudo_perplexity_sampled",
        "gap_absolute",
        "gap_mass",
    } <= teacher.keys() & student.keys()
    watched_sentence = of(events, "watched_sentence")[0]
    assert watched_sentence["text"] == "milk is a [MASK]." and watched_sentence["positions"][0]["masked"]
    assert len(watched_sentence["positions"][0]["predictions"]) == settings.evaluation.top_k
    assert [event["model"] for event in of(events, "watched_sentence")] == ["teacher", *["student"] * 3]


def test_the_same_seed_gives_the_same_weights_to_the_bit(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    runs = {}
    for name, seed in (("one", 0), ("two", 0), ("other", 1)):
        trained(tiny_bert, tmp_path / name, budget={"steps": 4}, seed=seed)
        runs[name] = weights(tmp_path / name / "model")
    assert equal(runs["one"], runs["two"]) and not equal(runs["one"], runs["other"])


def test_evaluation_does_not_depend_on_the_seed(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    found = []
    for seed in (0, 1):
        events: Events = []
        settings = config(seed=seed, budget={"steps": 1})
        train(settings, tmp_path / str(seed), emit=events.append, teacher=tiny_bert, corpus=CORPUS)
        (teacher,) = of(events, "teacher")
        found.append({name: value for name, value in teacher.items() if name not in ("time", "step")})
    assert found[0] == found[1]


def test_frequent_evaluations_and_checkpoints_change_no_weight(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    often = {"evaluation": {"every_steps": 1}, "checkpoint": {"every_steps": 1}}
    trained(tiny_bert, tmp_path / "often", budget={"steps": 5}, **often)
    trained(tiny_bert, tmp_path / "never", budget={"steps": 5})
    assert equal(weights(tmp_path / "often" / "model"), weights(tmp_path / "never" / "model"))


def gap(lm: MaskedLM) -> float:
    tokenizer = lm.tokenizer
    texts = [f"[MASK] is a {word}." for word in ("nurse", "doctor", "pilot", "teacher")]
    encoded = tokenizer(texts, return_tensors="pt")
    with torch.no_grad():
        at = lm.model(**encoded).logits[encoded["input_ids"] == tokenizer.mask_token_id].log_softmax(1)
    he, she = tokenizer.convert_tokens_to_ids(["he", "she"])
    return float((at[:, he] - at[:, she]).abs().mean())


def test_a_constrained_student_has_a_smaller_gap_than_a_plain_one(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    free = {"freeze_embeddings": False}
    _, plain = trained(tiny_bert, tmp_path / "plain", student=free)
    _, fair = trained(
        tiny_bert,
        tmp_path / "fair",
        student=free,
        constraint={"kind": "group", "contrast": "pronouns", "roles": ["subject"]},
        objective={"label": "drop", "group": 20.0},
        masking={"group_rate": 0.6},
    )
    assert gap(fair) < 0.5 * gap(plain)


@pytest.mark.parametrize("family", ["distilbert", "roberta", "electra", "modernbert"])
@pytest.mark.parametrize("positions", ["all", "masked", "sample"])
def test_every_family_with_separate_layers_can_be_distilled(
    tiny_model: Any, family: str, positions: str, tmp_path: Path
) -> None:
    outcome, _ = trained(
        tiny_model(family), tmp_path, budget={"steps": 2}, objective={"positions": positions}
    )
    assert np.isfinite(outcome.held_out["kl"])


def test_without_the_teachers_weight_the_student_learns_from_the_text(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    events: Events = []
    settings = config(objective={"kd": 0.0, "hidden": 0.0})
    train(settings, tmp_path, emit=events.append, teacher=tiny_bert, corpus=CORPUS)
    losses = of(events, "train")
    assert losses[-1]["mlm"] < losses[0]["mlm"] and losses[0]["kd"] is None
    first, last = of(events, "evaluation")
    assert last["perplexity"] < 0.7 * first["perplexity"]


def test_bf16_gives_nearly_the_same_losses(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    curves = []
    for precision in ("fp32", "bf16"):
        events: Events = []
        settings = config(budget={"steps": 10}, optimizer={"precision": precision})
        train(settings, tmp_path / precision, emit=events.append, teacher=tiny_bert, corpus=CORPUS)
        assert of(events, "start")[0]["precision"] == precision
        curves.append([event["loss"] for event in of(events, "train")])
    assert curves[0] == pytest.approx(curves[1], rel=0.02) and curves[0] != curves[1]


def test_a_saved_student_loads_with_the_fill_mask_pipeline_and_says_what_it_is(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    outcome, student = trained(tiny_bert, tmp_path, budget={"steps": 2})
    found = pipeline("fill-mask", str(outcome.model))("milk is a [MASK].")
    with torch.no_grad():
        logits = student.model(**tiny_bert.tokenizer("milk is a [MASK].", return_tensors="pt")).logits[0, 4]
    assert found[0]["token"] == int(logits.argmax())
    assert found[0]["score"] == pytest.approx(float(logits.softmax(0).max()), abs=1e-5)
    assert outcome.model is not None
    card = (outcome.model / "README.md").read_text()
    for words in (
        "2 steps",
        "without a fairness constraint",
        "layers 0",
        "licence",
        "mean absolute gap",
        "limits",
    ):
        assert words in card
    assert f"pseudo-perplexity, sampled | {outcome.held_out['pseudo_perplexity_sampled']:.1f} (" in card


def test_a_budget_in_minutes_counts_training_only(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    often = {"every_steps": 1}
    began = time.monotonic()
    outcome, _ = trained(tiny_bert, tmp_path, budget={"minutes": 0.02, "steps": None}, evaluation=often)
    assert 1.2 <= outcome.seconds < time.monotonic() - began and outcome.steps >= 1


def test_a_student_keeps_half_of_the_layers_by_default(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    events: Events = []
    settings = config(student={"layers": None}, budget={"steps": 1})
    outcome = train(settings, tmp_path, emit=events.append, teacher=tiny_bert, corpus=CORPUS)
    assert of(events, "start")[0]["layers"] == (0,) and outcome.model is not None
    assert "its teacher's layers 0 and head" in (outcome.model / "README.md").read_text()
    resumed = train(settings, tmp_path, teacher=tiny_bert, corpus=CORPUS)
    assert resumed.state == "finished", "what the settings left open stays open in the folder"


def test_custom_words_are_balanced_and_measured(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    """In the place of the contrast that is named, which would have been he and she."""
    words = {"drinks": ["milk", "water"], "people": ["nurse"]}
    gaps = []
    for name, own in (("own", words), ("shipped", None)):
        events: Events = []
        settings = config(
            constraint={"kind": "group", "words": own}, evaluation={"words": own}, budget={"steps": 1}
        )
        train(settings, tmp_path / name, emit=events.append, teacher=tiny_bert, corpus=CORPUS)
        gaps.append(of(events, "teacher")[0]["gap_mean"])
        ids = [tiny_bert.tokenizer.convert_tokens_to_ids(list(group)) for group in words.values()]
        assert (make_constraint(tiny_bert, settings).groups == tuple(map(tuple, ids))) == (own is not None)
    assert gaps[0] != gaps[1]
    assert "on words of its own (strength 1" in (tmp_path / "own" / "model" / "README.md").read_text()


def test_a_diverged_loss_ends_the_run_with_an_error(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    settings = config(optimizer={"learning_rate": 1e30})
    with pytest.raises(FairKDError, match="smaller optimizer.learning_rate"):
        train(settings, tmp_path, teacher=tiny_bert, corpus=CORPUS)


@pytest.mark.parametrize("rate", [1e4, 1e30])
def test_a_diverged_run_fails_before_it_evaluates_or_saves(
    tiny_bert: MaskedLM, tmp_path: Path, rate: float
) -> None:
    settings = config(
        budget={"steps": 8},
        optimizer={"learning_rate": rate, "warmup": 0.0},
        evaluation={"every_steps": 1},
        checkpoint={"every_steps": 1, "keep": 10},
        log_every=1000,
    )
    with pytest.raises(FairKDError, match="smaller optimizer.learning_rate"):
        train(settings, tmp_path, teacher=tiny_bert, corpus=CORPUS)
    for path in (tmp_path / "checkpoints").glob("*"):
        tensors = checkpoints.read(path.parent, int(path.name[5:])).tensors
        assert all(torch.isfinite(tensor).all() for tensor in tensors.values())


def test_weights_that_are_not_finite_at_the_end_are_not_saved(
    tiny_bert: MaskedLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was due to be measured or said after the only step."""
    whole = Trainer.step

    def step(self: Trainer, *arguments: Any) -> dict[str, torch.Tensor]:
        losses = whole(self, *arguments)
        with torch.no_grad():
            next(iter(self.trainable.values())).fill_(torch.nan)
        return losses

    monkeypatch.setattr(Trainer, "step", step)
    with pytest.raises(FairKDError, match="diverged at step 1: .* with a smaller optimizer.learning_rate"):
        train(config(budget={"steps": 1}), tmp_path, teacher=tiny_bert, corpus=CORPUS)
    assert not (tmp_path / "model").exists() and not (tmp_path / "checkpoints").exists()


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9.00 GiB."),
        OSError(12, "whatever the system calls it"),
        MemoryError(),
    ],
)
def test_lack_of_memory_is_an_error_with_advice(
    tiny_bert: MaskedLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Trainer, "step", fail)
    with pytest.raises(FairKDError, match="does not fit into this machine's memory"):
        train(config(), tmp_path, teacher=tiny_bert, corpus=CORPUS)


def test_a_corpus_without_a_word_is_refused(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no usable sentence"):
        train(config(), tmp_path, teacher=tiny_bert, corpus=Corpus("empty", None, ("", " "), ()))


def test_a_corpus_without_held_out_text_can_be_trained_on(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    corpus = Corpus("few", None, SENTENCES, ())
    outcome = train(config(budget={"steps": 2}), tmp_path, teacher=tiny_bert, corpus=corpus)
    assert outcome.held_out["kl"] is None and outcome.held_out["gap_absolute"] is not None


def test_early_stopping_without_held_out_text_is_refused(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    settings = config(budget={"steps": 2, "stop_gap": 0.5}, evaluation={"every_steps": 1})
    with pytest.raises(InputError, match="stop_gap needs held-out sentences .* few has none"):
        train(settings, tmp_path, teacher=tiny_bert, corpus=Corpus("few", None, SENTENCES, ()))


def test_a_watched_sentence_that_the_model_cannot_take_is_refused_at_once(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    settings = config(evaluation={"watched_sentences": ["he " * 500]})
    with pytest.raises(InputError):
        train(settings, tmp_path, teacher=tiny_bert, corpus=CORPUS)


@pytest.mark.parametrize("kind", ["linear", "cosine", "constant"])
def test_the_learning_rate_rises_then_falls_to_zero_or_stays(kind: Any) -> None:
    rates = [schedule(progress, 0.1, kind) for progress in np.linspace(0, 1, 101)]
    assert rates[0] < 0.02 and max(rates) == pytest.approx(1, abs=0.02)
    assert rates[:10] == sorted(rates[:10]) and rates[11:] == sorted(rates[11:], reverse=True)
    assert rates[-1] == (1 if kind == "constant" else 0)
    assert rates[55] == pytest.approx({"linear": 0.5, "cosine": 0.5, "constant": 1}[kind], abs=0.01)
    assert rates[90] == pytest.approx({"linear": 0.111, "cosine": 0.0302, "constant": 1}[kind], abs=0.002)


def losses(lm: MaskedLM, batches: list[list[Batch]], **sections: Any) -> list[float]:
    """The loss of a step on each of some lists of batches, each list with a trainer of its own."""
    found = []
    for part in batches:
        settings = config(**sections)
        trainer = Trainer(lm, make_student(lm, settings.student, seed=0), Constraint("none"), settings)
        prepared = trainer.prepare(part)
        totals = sum((batch.counts for batch in prepared), PositionCounts())
        found.append(float(trainer.step(prepared, totals, 1e-3)["loss"]))
    return found


def test_a_step_is_the_same_in_one_batch_or_in_several_of_unequal_size(tiny_bert: MaskedLM) -> None:
    sentences = [ids for ids in encode(tiny_bert.tokenizer, SENTENCES) if len(ids) == 11][:9]
    masker = make_masker(tiny_bert, config())
    ids = np.stack(sentences).astype(np.int64)

    def part(start: int, end: int) -> Batch:
        return masker(ids[start:end], None, np.arange(start, end), 0)

    one, three = losses(tiny_bert, [[part(0, 9)], [part(0, 2), part(2, 3), part(3, 9)]])
    assert one == pytest.approx(three, rel=1e-5)
    assert losses(tiny_bert, [[part(0, 9)]], objective={"chunk": 3})[0] == pytest.approx(one, rel=1e-5)


@pytest.mark.parametrize(
    "constraint",
    [{"kind": "group"}, {"kind": "group", "strength": 0.0}, {"kind": "logit_mean", "roles": ["subject"]}],
)
def test_group_words_are_masked_alike_whatever_the_constraint(
    tiny_bert: MaskedLM, constraint: dict[str, Any]
) -> None:
    often = {"rate": 0.01, "group_rate": 1.0}
    plain, other = (
        make_masker(tiny_bert, config(masking=often, **sections))
        for sections in ({}, {"constraint": constraint})
    )
    assert np.array_equal(plain.rates, other.rates)
    he, she = tiny_bert.tokenizer.convert_tokens_to_ids(["he", "she"])
    assert plain.rates[he] == plain.rates[she] == 1.0 and np.median(plain.rates) == 0.01
    assert (make_masker(tiny_bert, config()).rates <= 0.4).all(), "without a rate of their own they are words"


def test_a_step_without_any_loss_term_has_a_loss_of_zero(tiny_bert: MaskedLM) -> None:
    """Without the teacher's weight, and with the only label dropped, no position has a term."""
    he = tiny_bert.tokenizer.convert_tokens_to_ids("he")
    ids = torch.tensor([[2, tiny_bert.mask_id, 3]])
    batch = Batch(ids, None, torch.tensor([1]), torch.tensor([he]))
    settings = config(objective={"kd": 0.0, "hidden": 0.0, "label": "drop"}, constraint={"kind": "group"})
    student = make_student(tiny_bert, settings.student, seed=0)
    trainer = Trainer(tiny_bert, student, make_constraint(tiny_bert, settings), settings)
    prepared = trainer.prepare([batch])
    assert prepared[0].counts.mlm == 0
    assert float(trainer.step(prepared, prepared[0].counts, 1e-3)["loss"]) == 0
