"""The evaluation of a student, against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from fairkd.constraints.constraint import Constraint
from fairkd.distill.data.batching import encode
from fairkd.distill.evaluation import Evaluator, spread
from fairkd.models.loading import MaskedLM
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
    for measures in (evaluator.teacher_measures(), evaluator.student_measures()):
        assert measures["pseudo_perplexity_sampled"] == pytest.approx(expected, rel=1e-4)
