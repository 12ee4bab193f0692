"""Models with fewer tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fairkd.errors import ModelError
from fairkd.models.loading import MaskedLM, load
from fairkd.models.trimmed_tokenizer import trim_tokenizer
from fairkd.models.trimming import take_tokens, trim
from tests.tiny import SENTENCES
from tests.zoo import tokenizers
from tests.zoo.checkpoints import make

TEXTS = list(SENTENCES[:60])
UNSEEN = "zoologists, 3x!"  # no word of the texts


def test_a_trimmed_model_reads_the_texts_as_before_and_spells_every_other(
    any_family: MaskedLM, tmp_path: Path
) -> None:
    """WordPiece, byte-level BPE and Unigram; as it is made and as it is loaded."""
    lm = any_family
    before = lm.tokenizer(TEXTS)["input_ids"]
    trimmed, ids = trim(lm, {token for text in before for token in text})
    assert trimmed.vocabulary_size == len(ids) < lm.vocabulary_size
    trimmed.model.save_pretrained(tmp_path)
    trimmed.tokenizer.save_pretrained(tmp_path)
    for small in (trimmed, load(str(tmp_path))):
        after = small.tokenizer(TEXTS)["input_ids"]
        assert [[ids[token] for token in text] for text in after] == before
        assert [small.vocabulary[new] == lm.vocabulary[old] for new, old in enumerate(ids)]
        assert small.mask_token == lm.mask_token and ids[small.mask_id] == lm.mask_id
        unknown = small.tokenizer.unk_token_id
        assert unknown not in small.tokenizer(UNSEEN)["input_ids"]
        with torch.inference_mode():
            own = small.model(input_ids=torch.tensor(after[3:4])).logits
            theirs = lm.model(input_ids=torch.tensor(before[3:4])).logits[..., list(ids)]
        assert torch.equal(own, theirs)


@pytest.mark.parametrize("name", ["herbert", "gemma", "mpnet", "camembert"])
def test_tokenizers_of_other_kinds_read_the_texts_as_before(name: str) -> None:
    """BPE that marks the ends of words, BPE with byte fall-back, and special tokens in unusual places."""
    tokenizer = getattr(tokenizers, name)()
    before = tokenizer(TEXTS)["input_ids"]
    trimmed, ids = trim_tokenizer(tokenizer, {token for text in before for token in text})
    assert len(trimmed) < len(tokenizer)
    assert [[ids[token] for token in text] for text in trimmed(TEXTS)["input_ids"]] == before
    assert trimmed.decode(trimmed(UNSEEN)["input_ids"]) == tokenizer.decode(tokenizer(UNSEEN)["input_ids"])


def test_every_tensor_with_a_dimension_of_tokens_is_cut(tmp_path: Path) -> None:
    """MobileBERT keeps a part of its vocabulary projection the other way round."""
    lm = load(str(make("mobilebert", tmp_path / "model")))
    kept = [0, 1, 2, 3, 4, 30, 40]
    small, ids = take_tokens(lm.model, kept), torch.tensor([[2, 5, 6, 3]])
    with torch.inference_mode():
        own, theirs = small(ids).logits, lm.model(torch.tensor(kept)[ids]).logits
    assert torch.allclose(own, theirs[..., kept], atol=1e-5)


def test_a_trimmed_model_keeps_frozen_weights_frozen_and_leaves_its_source_alone(tiny_bert: MaskedLM) -> None:
    state = torch.get_rng_state()
    size = tiny_bert.vocabulary_size
    for parameter in tiny_bert.model.parameters():
        parameter.requires_grad_(False)
    trimmed, _ = trim(tiny_bert, [])
    for parameter in tiny_bert.model.parameters():
        parameter.requires_grad_(True)
    assert not any(parameter.requires_grad for parameter in trimmed.model.parameters())
    assert tiny_bert.vocabulary_size == size == len(tiny_bert.tokenizer)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_tokenizer_of_another_kind_is_refused(tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairkd.models.trimmed_tokenizer.json.loads", _of_another_kind)
    with pytest.raises(ModelError, match="WordPiece, BPE or Unigram"):
        trim_tokenizer(tiny_bert.tokenizer, [])


def _of_another_kind(_: str) -> dict:
    return {"model": {"type": "Other", "vocab": {}}, "added_tokens": []}
