"""The evaluation of a student, against plain loops."""

from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest
import torch

from fairkd.constraints.constraint import Constraint, resolve
from fairkd.distill.data.batching import encode
from fairkd.distill.evaluation import Evaluator, spread
from fairkd.lexicon import contrasts
from fairkd.measures import MEASURES
from fairkd.models.loading import MaskedLM
from fairkd.utils import plain
from tests.distill.parts import config
from tests.tiny import SENTENCES


def test_the_sampled_pseudo_perplexity_masks_the_same_token_of_each_sentence_as_ever(
    tiny_bert: MaskedLM,
) -> None:
    """Runs of all versions compare: of the n-th sentence, the n-th token, starting over at its end."""
    held_out = encode(tiny_bert.tokenizer, SENTENCES)
    settings = config(evaluation={"sentences": 30}).evaluation
    evaluator = Evaluator(tiny_bert, tiny_bert, Constraint(groups=(), kind="none"), settings, held_out)
    losses = []
    for number, sentence in enumerate(spread([ids for ids in held_out if len(ids) > 2], 30)):
        ids = torch.tensor(sentence[None].astype(np.int64))
        place = 1 + number % (len(sentence) - 2)  # between [CLS] and [SEP]
        token = int(ids[0, place])
        ids[0, place] = tiny_bert.mask_id
        with torch.no_grad():
            losses.append(-tiny_bert.model(ids).logits[0, place].log_softmax(0)[token].item())
    expected = math.exp(np.mean(losses))
    for found in (evaluator.evaluate_teacher(), evaluator.evaluate_student()):
        assert found.measures["pseudo_perplexity_sampled"] == pytest.approx(expected, rel=1e-4)
        assert found.items["pseudo_perplexity_sampled"] == pytest.approx(losses, rel=1e-3)


@pytest.fixture(scope="module")
def evaluator(tiny_bert: MaskedLM) -> Evaluator:
    """Of a student with other weights than its teacher, on 200 sentences and 20 professions."""
    torch.manual_seed(1)
    student = copy.deepcopy(tiny_bert)
    for parameter in student.model.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    held_out = encode(tiny_bert.tokenizer, [" ".join(SENTENCES[i : i + 5]) for i in range(40)]) * 5
    settings = config(evaluation={"sentences": 200, "professions": 20}).evaluation
    return Evaluator(tiny_bert, student, Constraint(groups=(), kind="none"), settings, held_out)


def test_fidelity_is_that_of_a_plain_loop_over_masked_tokens(evaluator: Evaluator) -> None:
    divergences, hits = [], []
    for sample in evaluator.masked:
        batch = sample.batch
        rows = []
        for lm in (evaluator.teacher, evaluator.student):
            with torch.no_grad():
                logits = lm.model(batch.ids, attention_mask=batch.attention_mask).logits
            rows.append(logits.flatten(0, 1)[batch.rows].double().log_softmax(1))
        p, s = rows
        divergences += (p.exp() * (p - s)).sum(1).tolist()
        hits += (p.argmax(1) == s.argmax(1)).tolist()
    found = evaluator.evaluate_student()
    assert found.measures["kl"] == pytest.approx(np.mean(divergences), rel=1e-4)
    assert found.measures["top1_agreement"] == pytest.approx(np.mean(hits))
    assert sum(found.items["masked_tokens"]) == len(divergences)
    assert sum(found.items["kl"]) == pytest.approx(sum(divergences), rel=1e-3)


def test_the_calibration_error_is_that_of_a_plain_loop_over_bins(evaluator: Evaluator) -> None:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for sample in evaluator.masked:
        with torch.no_grad():
            logits = evaluator.student.model(
                sample.batch.ids, attention_mask=sample.batch.attention_mask
            ).logits
        for row, label in zip(
            logits.flatten(0, 1)[sample.batch.rows], sample.batch.labels.tolist(), strict=True
        ):
            p = row.double().softmax(0)
            bins.setdefault(min(int(p.max() * 15), 14), []).append((float(p.max()), int(p.argmax()) == label))
    error = sum(abs(sum(right - confidence for confidence, right in one)) for one in bins.values())
    found, count = evaluator.evaluate_student(), sum(map(len, bins.values()))
    assert found.measures["calibration_error"] == pytest.approx(error / count, rel=1e-4)
    assert sum(found.items["calibration_error"]) == pytest.approx(error, rel=1e-3)


def test_every_measure_has_its_interval_and_the_number_of_its_units(evaluator: Evaluator) -> None:
    evaluation = evaluator.evaluate_student()
    found, masked = evaluation.measures, len(evaluation.items["masked_tokens"])
    assert 90 < masked <= 100, "every second sentence, but those of which no token is masked"
    for measure in MEASURES.values():
        value, low, high = (found[key] for key in measure.keys)
        assert value is not None and low is not None and high is not None and low <= value <= high
    sizes = {measure.sample: measure.sample_size(found) for measure in MEASURES.values()}
    assert sizes == {
        "masked_sentences": f"{masked} held-out sentences",
        "scored_sentences": "200 held-out sentences",
        "professions": "20 professions",
    }


def test_an_evaluation_with_its_items_stays_under_seven_kilobytes(evaluator: Evaluator) -> None:
    found = evaluator.evaluate_student()
    assert len(json.dumps(plain({**found.measures, "items": found.items}), separators=(",", ":"))) < 7000


def test_with_a_constraint_the_divergence_from_the_constrained_teacher_has_items(
    tiny_bert: MaskedLM,
) -> None:
    found = Evaluator(
        tiny_bert,
        tiny_bert,
        resolve(tiny_bert, contrasts()["pronouns"], kind="group", scope="all", roles=["subject"]),
        config(evaluation={"sentences": 200}).evaluation,
        encode(tiny_bert.tokenizer, SENTENCES),
    ).evaluate_student()
    assert found.measures["kl"] == pytest.approx(0, abs=1e-6)
    assert sum(found.items["kl_constrained"]) > 0


def test_a_run_without_held_out_text_measures_gaps_alone(tiny_bert: MaskedLM) -> None:
    settings = config().evaluation
    found = Evaluator(
        tiny_bert, tiny_bert, Constraint(groups=(), kind="none"), settings, []
    ).evaluate_student()
    assert found.measures["kl"] is None and found.measures["masked_sentences"] is None
    assert found.measures["gap_mean"] is not None and found.measures["professions"] == 3
    assert found.items["sentences"] == ""
