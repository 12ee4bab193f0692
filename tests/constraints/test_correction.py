"""Corrections of the teacher: what they change, and where they change nothing."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from concept_erasure import LeaceEraser

from fairkd.constraints import Scope, TeacherOutput, erasure, make_correction
from fairkd.constraints.correction_kinds import CorrectionKind
from fairkd.constraints.erasure import erasure_sentences, fit_erasure, mask_states
from fairkd.constraints.self_debias import self_debiased
from fairkd.errors import InputError, ModelError
from fairkd.lexicon import all_contrasts, fitting, professions_of, shipped_professions
from fairkd.models import MaskedLM, encode, head_input, load, projection_of, states_and_head_input
from tests.zoo import make

PRONOUNS = all_contrasts()["pronouns"]


def output(lm: MaskedLM, text: str) -> TeacherOutput:
    """What a model gives at every token of a text."""
    ids = torch.tensor([encode(lm, text).ids])
    rows = torch.arange(ids.numel())

    @torch.no_grad()
    def forward(
        ids: torch.Tensor, mask: torch.Tensor | None, rows: torch.Tensor
    ) -> tuple[torch.Tensor | None, torch.Tensor]:
        return states_and_head_input(lm.model, ids, mask, rows)

    states, taken = forward(ids, None, rows)
    return TeacherOutput(ids, None, rows, states, taken, projection_of(lm.model), forward)


@torch.no_grad()
def logits(one: TeacherOutput) -> torch.Tensor:
    return one.projection(one.taken)


def test_leace_makes_the_class_means_equal_and_moves_the_states_less_than_another_projection(
    tiny_bert: MaskedLM,
) -> None:
    """Equal means: no linear classifier does better than the constant (Belrose et al. 2023, theorem 3.1)."""
    sentences, female = erasure_sentences()
    states, labels = mask_states(tiny_bert, sentences), torch.tensor(female)
    erased = fit_erasure(tiny_bert).eraser(states)

    def distance(of: torch.Tensor) -> torch.Tensor:
        return (of[labels].mean(0) - of[~labels].mean(0)).norm()

    assert distance(erased) < 1e-4 * distance(states)
    other = LeaceEraser.fit(states.double(), labels.double(), method="orth")(states.double())
    assert (erased - states).pow(2).sum() < (other - states).pow(2).sum()


def test_the_sentences_that_are_fitted_on_are_none_that_gaps_are_measured_on() -> None:
    sentences, female = erasure_sentences()
    assert len(set(sentences)) == len(sentences) == 2 * sum(female)
    assert all(text.count("[MASK]") == 1 for text in sentences)
    words = {word for text in sentences for word in re.findall(r"\w+", text.lower())}
    professions = professions_of(shipped_professions("en"))
    assert not words & {form.lower() for one in professions for form in one.forms}
    templates = [re.sub(r"\\\{.*?\\\}", ".+", re.escape(one.text)) for one in fitting(PRONOUNS)]
    assert re.fullmatch(templates[0], "[MASK] is a nurse.")
    assert not [text for text in sentences if any(re.fullmatch(one, text) for one in templates)]


@pytest.fixture
def few_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fit that takes no time: 32 of the sentences, of which half are about a woman."""
    sentences, female = erasure_sentences()
    few = sentences[:16] + sentences[32:48], female[:16] + female[32:48]
    monkeypatch.setattr(erasure, "erasure_sentences", lambda: few)


@pytest.mark.usefixtures("few_sentences")
@pytest.mark.parametrize("kind", ["leace", "self_debias"])
def test_a_correction_changes_the_positions_in_its_scope_alone(
    any_family: MaskedLM, kind: CorrectionKind
) -> None:
    given = output(any_family, "milk and she [MASK] nurse.")
    tokens = given.ids[0].tolist()
    mask = tokens.index(any_family.mask_id)
    she = next(at for at, token in enumerate(tokens) if any_family.vocabulary[token].endswith("she"))
    everywhere = set(range(len(tokens)))
    correction = make_correction(
        any_family, PRONOUNS, kind=kind, scope="not_own", prompt="milk is", decay=500
    )
    assert correction is not None
    scopes: dict[Scope, set[int]] = {"masked": {mask}, "all": everywhere, "not_own": everywhere - {she}}
    for scope, expected in scopes.items():
        before, after = logits(given), logits(replace(correction, scope=scope)(given))
        assert {at for at in everywhere if not torch.equal(before[at], after[at])} == expected


@pytest.mark.usefixtures("few_sentences")
def test_leace_changes_states_and_head_input_together(tiny_bert: MaskedLM) -> None:
    correction = make_correction(tiny_bert, PRONOUNS, kind="leace", scope="all")
    given = output(tiny_bert, "[MASK] is a nurse.")
    assert correction is not None
    found = correction(given)
    with torch.no_grad():
        taken = head_input(tiny_bert.model, found.states)
    assert torch.allclose(found.taken, taken, atol=1e-6) and not torch.equal(given.taken, found.taken)


def test_self_debiasing_is_the_formula_of_its_authors_and_nothing_without_decay() -> None:
    generator = torch.Generator().manual_seed(0)
    logits, prompted = torch.randn(2, 5, 30, generator=generator).unbind()
    assert torch.equal(self_debiased(logits, prompted, 0.0), logits)
    p, biased = logits.softmax(1).double(), prompted.softmax(1).double()
    wanted = torch.zeros_like(p)
    for row in range(5):
        for word in range(30):
            delta = p[row, word] - biased[row, word]
            wanted[row, word] = p[row, word] * (1 if delta >= 0 else math.exp(7 * delta))
        wanted[row] /= wanted[row].sum()
    found = self_debiased(logits, prompted, 7.0).softmax(1).double()
    assert torch.allclose(found, wanted, atol=1e-6)


def test_the_prompted_teacher_reads_the_prompt_before_the_text(tiny_bert: MaskedLM) -> None:
    """With padding, each position is compared with itself in the longer input."""
    correction = make_correction(
        tiny_bert, PRONOUNS, kind="self_debias", scope="all", prompt="milk is", decay=3
    )
    assert correction is not None and correction.added_tokens == 2
    short, long = (encode(tiny_bert, text).ids for text in ("a [MASK].", "[MASK] is a nurse."))
    ids = torch.tensor([[*short, *[tiny_bert.tokenizer.pad_token_id] * (len(long) - len(short))], long])
    real = torch.arange(len(long)) < torch.tensor([[len(short)], [len(long)]])
    rows = real.flatten().nonzero().flatten()
    given = output(tiny_bert, "a")
    states, taken = given.forward(ids, real, rows)
    found = correction(replace(given, ids=ids, attention_mask=real, rows=rows, states=states, taken=taken))
    wanted = []
    for text in ("a [MASK].", "[MASK] is a nurse."):
        plain = logits(output(tiny_bert, text))
        prompted = logits(output(tiny_bert, f"milk is {text}"))
        wanted.append(self_debiased(plain, torch.cat([prompted[:1], prompted[3:]]), 3.0))
    assert torch.allclose(found.taken, torch.cat(wanted), atol=1e-4)
    assert found.projection.weight is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prompt": " "}, "Expected a prompt of 1 to 100 words, but got 0"),
        ({"prompt": "milk " * 101}, "but got 101"),
        ({"prompt": "milk " * 60}, r"The prompt has 60 tokens, and .* reads \d+ in all: use a prompt"),
    ],
)
def test_a_prompt_that_does_not_fit_is_refused(
    tiny_bert: MaskedLM, settings: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make_correction(tiny_bert, PRONOUNS, kind="self_debias", **settings)


def test_a_teacher_of_another_language_or_without_a_known_head_is_refused(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text("---\nlanguage: nl\n---\n", encoding="utf-8")
    dutch = replace(tiny_bert, origin=replace(tiny_bert.origin, folder=tmp_path))
    with pytest.raises(InputError, match="its language is Dutch, and the sentences .* are English"):
        make_correction(dutch, PRONOUNS, kind="leace")
    with pytest.raises(InputError, match=r"correction\.prompt is English: write it in Dutch\."):
        make_correction(dutch, PRONOUNS, kind="self_debias")
    assert make_correction(dutch, PRONOUNS, kind="self_debias", prompt="milk is") is not None
    other = load(str(make("ultrabert", tmp_path / "ultrabert")))
    with pytest.raises(ModelError, match="does not know the MLM head .* set correction.kind to self_debias"):
        make_correction(other, PRONOUNS, kind="leace")
