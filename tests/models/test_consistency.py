"""Models whose files do not fit together: found before a model is built or sees a text."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from fairkd.models import loading
from tests.models.folders import edit_json, refusal

Copy = Callable[..., Path]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"num_hidden_layers": 10**9}, "config.json has 1000000000 layers, the weights have 2"),
        ({"hidden_size": 10**9}, "hidden_size 1000000000, but no dimension of the weights is larger than"),
        ({"intermediate_size": 2**40}, "intermediate_size 1099511627776"),
        ({"vocab_size": 10**12}, "vocab_size 1000000000000"),
        ({"intermediate_size": 48}, "in the weights, but 48"),
    ],
)
def test_absurd_sizes_are_refused_before_the_model_is_built(
    changes: dict[str, int], words: str, copy: Copy
) -> None:
    folder = copy()
    edit_json(folder / "config.json", **changes)
    started = time.thread_time()
    assert words in refusal(folder)
    assert time.thread_time() - started < 5


def test_a_family_that_shares_its_layers_has_a_limit_too(copy: Copy) -> None:
    folder = copy("albert")
    edit_json(folder / "config.json", num_hidden_layers=10**7)
    assert "10000000 layers" in refusal(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_no_numbers_are_refused_by_name(value: float, any_family_copy: Path) -> None:
    path = any_family_copy / "model.safetensors"
    tensors = load_file(path)
    name = sorted(tensors)[len(tensors) // 2]
    tensors[name].view(-1)[-1] = value
    save_file(tensors, path, metadata={"format": "pt"})
    assert f"are damaged: {name} holds NaN or infinite numbers" in refusal(any_family_copy)


@pytest.fixture(params=["bert", "roberta"])
def any_family_copy(request: pytest.FixtureRequest, copy: Copy) -> Path:
    return copy(request.param)


def test_a_token_with_an_id_beyond_the_model_is_refused(copy: Copy) -> None:
    folder = copy()
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    size = len(tokenizer["model"]["vocab"])
    tokenizer["model"]["vocab"]["nurse"] = size + 5  # its old id is free now, so their number is the same
    path.write_text(json.dumps(tokenizer))
    assert f"a token with the id {size + 5}, and the ids of its model end at {size - 1}" in refusal(folder)


def test_framing_tokens_have_ids_of_the_model(copy: Copy) -> None:
    folder = copy("modernbert")  # the others make this part of the file again
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    tokenizer["post_processor"]["special_tokens"]["[CLS]"]["ids"] = [4000]
    path.write_text(json.dumps(tokenizer))
    assert "a token with the id 4000" in refusal(folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unk_token": ""}, "its special token '' is not in its vocabulary"),
        ({"mask_token": ""}, "its special token '' is not in its vocabulary"),
    ],
)
def test_a_special_token_that_is_no_token_is_refused(changes: dict[str, str], words: str, copy: Copy) -> None:
    folder = copy()
    edit_json(folder / "tokenizer_config.json", **changes)
    assert words in refusal(folder)


def test_a_tokenizer_that_cannot_read_a_text_is_refused(copy: Copy) -> None:
    folder = copy("modernbert")
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    tokenizer["model"] = {"type": "WordPiece", "unk_token": "[NONE]", "vocab": {"a": 0}}
    path.write_text(json.dumps(tokenizer))
    assert "tokenizer" in refusal(folder)


def test_a_model_may_have_more_rows_than_its_tokenizer_has_tokens(any_family: loading.MaskedLM) -> None:
    assert loading.load(any_family.reference).vocabulary_size >= len(any_family.tokenizer)
