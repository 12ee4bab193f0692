"""How long a model takes for one sentence."""

from __future__ import annotations

import torch

from fairkd.models.latency import THREADS, forward_milliseconds
from fairkd.models.loading import MaskedLM


def test_models_take_turns_one_sentence_at_a_time_on_one_thread(
    tiny_bert: MaskedLM, tiny_roberta: MaskedLM
) -> None:
    seen: list[tuple[str, tuple[int, ...], int, bool]] = []
    lms = {"one": tiny_bert, "other": tiny_roberta}
    hooks = [
        lm.model.register_forward_hook(
            lambda model, given, _, name=name: seen.append(
                (name, tuple(given[0].shape), torch.get_num_threads(), model.training)
            )
        )
        for name, lm in lms.items()
    ]
    before = torch.get_num_threads()
    tiny_bert.model.train()
    try:
        times = forward_milliseconds(lms, [[5, 6, 7], [5, 6]], rounds=3)
        assert tiny_bert.model.training and not tiny_roberta.model.training, "they are left as they were"
    finally:
        tiny_bert.model.eval()
        for hook in hooks:
            hook.remove()
    assert torch.get_num_threads() == before
    assert {name: len(one) for name, one in times.items()} == {"one": 6, "other": 6}, (
        "the first pass warms up"
    )
    assert seen[:4] == [(name, (1, n), THREADS, False) for n in (3, 2) for name in lms]
    assert min(times["one"]) > 0


def test_without_time_each_model_is_still_timed_once(tiny_bert: MaskedLM) -> None:
    assert len(forward_milliseconds({"": tiny_bert}, [[5, 6]] * 50, rounds=3, seconds=0.0)[""]) == 1
