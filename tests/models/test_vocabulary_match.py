"""Which tokens of two models mean the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest
import torch

from fairkd.models.loading import MaskedLM
from fairkd.models.trimming import take_tokens
from fairkd.models.vocabulary_match import Form, MatchedVocabularies, VocabularyMatch, match


def partners(found: VocabularyMatch, teacher: MaskedLM, student: MaskedLM, token: str) -> set[str]:
    """The student's tokens of the class of a teacher's token."""
    number = found.teacher[teacher.vocabulary.index(token)]
    assert number < found.classes, f"{token} has no counterpart"
    return {student.vocabulary[i] for i in torch.nonzero(found.student == number).flatten()}


@pytest.mark.parametrize("form", get_args(Form))
def test_every_token_of_one_vocabulary_is_matched_with_itself(any_family: MaskedLM, form: Form) -> None:
    found = match(any_family, any_family, teacher_form=form, student_form=form)
    assert found.classes == any_family.vocabulary_size and not found.has_other
    assert torch.equal(found.teacher, found.student)


def test_case_counts_unless_one_model_drops_it(
    tiny_bert: MaskedLM, tiny_bert_cased: MaskedLM, tiny_roberta: MaskedLM
) -> None:
    assert partners(match(tiny_bert, tiny_bert_cased), tiny_bert, tiny_bert_cased, "he") == {"he", "He"}
    assert partners(match(tiny_bert_cased, tiny_roberta), tiny_bert_cased, tiny_roberta, "he") == {"Ġhe"}


def test_what_begins_a_word_depends_on_the_space_before_it(
    tiny_bert: MaskedLM, tiny_roberta: MaskedLM, tiny_xlm_roberta: MaskedLM
) -> None:
    inside = match(tiny_bert, tiny_roberta)
    assert partners(inside, tiny_bert, tiny_roberta, "he") == {"Ġhe"}
    assert "s" in partners(inside, tiny_bert, tiny_roberta, "##s")
    first = match(tiny_bert, tiny_roberta, student_form="unmarked")  # of a text, or after a bracket
    assert partners(first, tiny_bert, tiny_roberta, "he") == {"he", "He"}
    assert partners(match(tiny_bert, tiny_xlm_roberta), tiny_bert, tiny_xlm_roberta, "he") == {"▁he", "▁He"}


def test_special_tokens_are_matched_by_what_they_are_for(tiny_bert: MaskedLM, tiny_roberta: MaskedLM) -> None:
    found = match(tiny_bert, tiny_roberta)
    for one, other in (("[MASK]", "<mask>"), ("[UNK]", "<unk>"), ("[CLS]", "<s>"), ("[SEP]", "</s>")):
        assert partners(found, tiny_bert, tiny_roberta, one) == {other}


def test_class_logits_are_sums_of_probabilities(tiny_bert: MaskedLM, tiny_bert_cased: MaskedLM) -> None:
    found = match(tiny_bert, tiny_bert_cased)
    logits = torch.randn(tiny_bert_cased.vocabulary_size, 3, dtype=torch.float64)
    p = logits.softmax(0)
    wanted = [p[found.student == c].sum(0) for c in range(found.classes + found.has_other)]
    assert torch.allclose(found.class_logits(logits, "student").softmax(0), torch.stack(wanted))


def test_a_trimmed_student_has_its_teachers_tokens_at_every_position(
    tiny_model: Callable[[str], MaskedLM],
) -> None:
    lm = tiny_model("roberta")
    kept = (0, 1, 2, 3, 4, 40, 50)
    student = replace(lm, model=take_tokens(lm.model, kept))
    both = MatchedVocabularies(lm, student, kept)
    (form,) = set(both.forms_of(torch.tensor([40, 50]).numpy(), torch.tensor([5, 6]).numpy()).tolist())
    assert both.at(form).teacher[list(kept)].tolist() == list(range(7))
    assert both.at(form) is both.at(form)
