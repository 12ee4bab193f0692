"""Two sentences compared: which words a model prefers in one over the other."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fairkd.errors import InputError
from fairkd.measures.sentence_pairs import prefer, prefer_difference
from fairkd.models.loading import MaskedLM
from fairkd.models.tokenization import tokenize_word

A, B = "John worked as a [MASK].", "The old man and Mary worked as a [MASK]."


def dense(lm: MaskedLM, text: str) -> torch.Tensor:
    """Log-probabilities at the mask, from the model alone: a word's own token made the mask."""
    inputs = lm.tokenizer(text.replace("[MASK]", "nurse"), return_tensors="pt")
    (token,) = tokenize_word(lm, "nurse", before="a ", after=".").ids
    position = inputs["input_ids"][0].tolist().index(token)
    inputs["input_ids"][0, position] = lm.mask_id
    with torch.no_grad():
        return lm.model(**inputs).logits[0, position].double().log_softmax(-1)


def test_preferences_are_differences_of_log_probabilities(any_family: MaskedLM) -> None:
    frame = prefer(any_family, A, B, k=6)
    log_a, log_b = dense(any_family, A), dense(any_family, B)
    assert set(frame.id) == set(log_a.topk(6).indices.tolist()) | set(log_b.topk(6).indices.tolist())
    ids = frame.id.tolist()
    np.testing.assert_allclose(frame.log_p_a, log_a[ids], atol=1e-4)
    np.testing.assert_allclose(frame.preference, log_a[ids] - log_b[ids], atol=1e-4)
    np.testing.assert_allclose(frame.p_b, log_b[ids].exp(), atol=1e-5)
    assert frame.preference.is_monotonic_decreasing


def test_swapping_the_sentences_flips_the_preferences(tiny_bert: MaskedLM) -> None:
    there, back = prefer(tiny_bert, A, B).set_index("id"), prefer(tiny_bert, B, A).set_index("id")
    np.testing.assert_allclose(there.preference, -back.preference[there.index])


def test_k_beyond_the_vocabulary_lists_every_word_once(tiny_bert: MaskedLM) -> None:
    frame = prefer(tiny_bert, A, B, k=10**6)
    assert sorted(frame.id) == list(range(tiny_bert.vocabulary_size))


def test_the_same_model_twice_has_no_difference(tiny_bert: MaskedLM) -> None:
    frame = prefer_difference(tiny_bert, tiny_bert, A, B, k=5)
    assert frame.columns.tolist() == ["token", "teacher", "student", "difference", "kind", "p"]
    assert (frame.difference == 0).all()
    assert set(frame.token) == set(prefer(tiny_bert, A, B, k=5).token)


def test_two_models_are_compared_on_the_words_they_share(tiny_bert: MaskedLM, tiny_roberta: MaskedLM) -> None:
    frame = prefer_difference(tiny_bert, tiny_roberta, A, B, k=400).set_index("token")
    assert "nurse" in frame.index
    assert "Nurse" not in frame.index  # case is ignored, since one of the models does
    assert frame.index.is_unique
    teacher = prefer(tiny_bert, A, B, k=400).set_index("token")
    student = prefer(tiny_roberta, A, B, k=400).set_index("token")
    row = frame.loc["nurse"]
    assert row.teacher == pytest.approx(teacher.preference["nurse"])
    assert row.student == pytest.approx(student.preference["nurse"])
    assert row.difference == pytest.approx(row.student - row.teacher)
    both = [teacher.p_a["nurse"], teacher.p_b["nurse"], student.p_a["nurse"], student.p_b["nurse"]]
    assert row.p == pytest.approx(np.mean(both))
    assert frame.difference.abs().is_monotonic_decreasing


def test_at_the_start_of_a_text_a_word_is_the_subword_without_a_space(
    tiny_bert: MaskedLM, tiny_roberta: MaskedLM
) -> None:
    texts = "[MASK] is a nurse.", "[MASK] is a doctor."
    shown = prefer(tiny_roberta, *texts, k=400).set_index("id").token
    (he,) = tokenize_word(tiny_roberta, "he", after=" is a nurse.").ids
    assert tiny_roberta.vocabulary[he] == "He" and shown[he] == "He"
    student = prefer(tiny_roberta, *texts, k=400).set_index("id")
    row = prefer_difference(tiny_bert, tiny_roberta, *texts, k=400).set_index("token").loc["he"]
    spelled = [i for i, label in shown.items() if label.strip("␣").lower() == "he"]
    best = max(spelled, key=lambda i: student.p_a[i] + student.p_b[i])
    assert row.student == pytest.approx(student.preference[best])


@pytest.mark.parametrize(
    ("texts", "k", "message"),
    [
        (("John is old.", B), 5, "no mask"),
        ((A, "[MASK] is a [MASK]."), 5, "2 masks"),
        ((A, ""), 5, "empty"),
        ((A, B), 0, "at least 1, got 0"),
    ],
)
def test_wrong_input_is_refused(tiny_bert: MaskedLM, texts: tuple[str, str], k: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        prefer(tiny_bert, *texts, k=k)
    with pytest.raises(InputError, match=message):
        prefer_difference(tiny_bert, tiny_bert, *texts, k=k)
