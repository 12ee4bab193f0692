"""The note on transformers' fill-mask pipeline, against the pipeline itself."""

from __future__ import annotations

import pytest
from transformers import pipeline

from fairkd.models import MaskedLM, fill_mask_difference
from fairkd.predictions import predict


@pytest.mark.parametrize("text", ["Milk is a {}.", "She said {} he is good"])
def test_the_note_stands_where_the_pipelines_numbers_differ(any_family: MaskedLM, text: str) -> None:
    lm = any_family
    prediction = predict(lm, text.format("[MASK]"))
    (best,) = pipeline("fill-mask", model=lm.model, tokenizer=lm.tokenizer, top_k=1)(
        text.format(lm.mask_token), tokenizer_kwargs={"return_token_type_ids": False}
    )
    ours = prediction.row(prediction.default_position)[best["token"]].exp().item()
    same = ours == pytest.approx(best["score"], abs=1e-6)
    assert same == (fill_mask_difference(lm, text.format("[MASK]")) == "")


def test_the_note_shows_both_readings(tiny_xlm_roberta: MaskedLM) -> None:
    note = fill_mask_difference(tiny_xlm_roberta, "Milk is a _.")
    assert "reads “<mask> ▁ .” where FairKD reads “<mask> .”" in note


def test_a_text_without_a_mask_has_no_note(any_family: MaskedLM) -> None:
    assert fill_mask_difference(any_family, "Milk is good.") == ""
