"""Whatever the model, FairKD does what is asked or refuses in a sentence of its own.

Here with one checkpoint of each kind of head, of tokenizer and of refusal, loaded and read;
`python -m tests.zoo.table` tries all of them, distillations included.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fairkd.errors import InputError
from fairkd.models import MaskedLM, encode, load
from fairkd.predictions import received_attention
from tests import ROOT
from tests.tiny import MAX_TOKENS
from tests.zoo import NAMES, QUICK, make
from tests.zoo.attempts import COLUMNS, CRASH, tried

REFUSED = {"phobert"}  # on loading


@pytest.mark.parametrize("name", QUICK)
def test_a_model_is_read_or_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    found = dict(tried(make(name, tmp_path / name), COLUMNS[:5]))
    for sentence in filter(None, found.values()):
        assert not sentence.startswith(CRASH), sentence
        assert sentence.endswith(".") and "\n" not in sentence
    if name in REFUSED:
        assert found["load"] is not None
    else:
        assert found["load"] is found["predict"] is None


@pytest.mark.parametrize("name", ["ibert", "mra", "nystromformer", "yoso"])
def test_the_longest_text_is_the_longest_that_the_model_takes(name: str, tmp_path: Path) -> None:
    lm = load(str(make(name, tmp_path / name)))
    lm.tokenizer.model_max_length = 10**30
    ids = torch.full((1, MAX_TOKENS + 1), lm.mask_id)
    longest = max(n for n in (MAX_TOKENS - 1, MAX_TOKENS, MAX_TOKENS + 1) if _reads(lm, ids[:, :n]))
    assert lm.max_tokens == longest == MAX_TOKENS


def _reads(lm: MaskedLM, ids: torch.Tensor) -> bool:
    try:
        lm.model(input_ids=ids, attention_mask=torch.ones_like(ids))
    except (IndexError, RuntimeError):
        return False
    return True


@pytest.mark.parametrize("name", ["bart", "fnet", "mra"])
def test_a_model_without_attention_weights_says_so(name: str, tmp_path: Path) -> None:
    lm = load(str(make(name, tmp_path / name)))
    with pytest.raises(InputError, match="gives no attention weights"):
        received_attention(lm, [encode(lm, "he is a nurse").ids])


def test_the_documentation_has_a_row_for_every_model_and_a_column_for_every_attempt() -> None:
    text = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    assert f"| model | {' | '.join(COLUMNS)} |" in text
    assert [name for name in NAMES if f"\n| {name} |" not in text] == []
    assert CRASH not in text
