"""Dropout in the student: where it acts, where it does not, and that it is the same in a resumed run."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from fairkd.distill import train
from fairkd.distill.config.student_section import StudentConfig
from fairkd.distill.dropout import noise_seed, set_dropout, training_mode
from fairkd.errors import InputError
from fairkd.models import MaskedLM, load, states_and_head_input
from tests.distill.parts import CORPUS, config, equal, trained, weights
from tests.zoo import make

RAISED = {"layers": [0], "dropout": 0.2, "attention_dropout": 0.15}


@pytest.mark.parametrize("setting", ["dropout", "attention_dropout"])
def test_every_family_has_dropout_in_training_mode_alone(any_family: MaskedLM, setting: str) -> None:
    model = copy.deepcopy(any_family.model)
    note = set_dropout(model, StudentConfig(**{setting: 0.5}))
    ids, rows = torch.arange(5, 13).view(2, 4) % model.config.vocab_size, torch.arange(8)

    def states(seed: int | None) -> torch.Tensor:
        if seed is None:
            return states_and_head_input(model, ids, None, rows)[1]
        with training_mode(model, seed):
            return states_and_head_input(model, ids, None, rows)[1]

    with torch.no_grad():
        before, random_state = states(None), torch.get_rng_state()
        one, same, other = states(1), states(1), states(2)
        assert torch.equal(states(None), before), "an evaluation has no dropout"
    assert torch.equal(torch.get_rng_state(), random_state)
    assert note is None
    assert torch.equal(one, same) and not torch.equal(one, other) and not torch.equal(one, before)


def test_the_encoder_at_the_wanted_rows_drops_what_berts_own_pass_does(tiny_bert: MaskedLM) -> None:
    model = copy.deepcopy(tiny_bert.model)
    set_dropout(model, StudentConfig(dropout=0.3, attention_dropout=0.4))
    ids, rows = torch.arange(5, 13).view(2, 4), torch.arange(8)
    with torch.no_grad(), training_mode(model, 0):
        own = model.bert(ids).last_hidden_state.flatten(0, 1)
    with torch.no_grad(), training_mode(model, 0):
        ours, _ = states_and_head_input(model, ids, None, rows)
    assert ours is not None and torch.allclose(ours, own, atol=1e-5)


def test_a_family_without_such_dropout_is_said_or_refused(tmp_path: Path) -> None:
    fnet = load(str(make("fnet", tmp_path / "fnet"))).model  # it has no attention
    note = set_dropout(fnet, StudentConfig(dropout=0.1, attention_dropout=0.1))
    assert note is not None and note.endswith("student.attention_dropout has no effect.")
    with pytest.raises(InputError, match=r"set student\.attention_dropout to 0\."):
        set_dropout(fnet, StudentConfig(attention_dropout=0.1))


def test_a_resumed_run_has_the_same_dropout(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    settings = config(student=RAISED, budget={"steps": 8}, checkpoint={"every_steps": 3})
    train(settings, tmp_path / "whole", teacher=tiny_bert, corpus=CORPUS)
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 6

    first = train(settings, tmp_path / "cut", teacher=tiny_bert, corpus=CORPUS, stop=stop)
    assert first.state == "cancelled"
    torch.manual_seed(123)  # whatever else has drawn numbers in between
    second = train(settings, tmp_path / "cut", teacher=tiny_bert, corpus=CORPUS)
    assert second.steps == 8
    assert equal(weights(tmp_path / "whole" / "model"), weights(tmp_path / "cut" / "model"))
    _, plain = trained(tiny_bert, tmp_path / "plain", budget={"steps": 8})
    assert not equal(dict(plain.model.state_dict()), weights(tmp_path / "cut" / "model"))
    assert plain.model.config.hidden_dropout_prob != 0.2
    assert load(str(second.model)).model.config.hidden_dropout_prob == 0.2


def test_each_batch_and_each_run_has_its_own_noise() -> None:
    ids = torch.arange(6).view(2, 3)
    seeds = [noise_seed(ids, 0), noise_seed(ids, 1), noise_seed(ids + 1, 0), noise_seed(ids.clone(), 0)]
    assert len(set(seeds[:3])) == 3 and seeds[3] == seeds[0]
