"""A correction of a teacher at the positions in its scope, made from a few settings."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fairkd.constraints.constraint import in_scope, resolve
from fairkd.constraints.correction_kinds import DECAY, PROMPT, CorrectionKind
from fairkd.constraints.erasure import Erasure, fit_erasure, refuse_unknown_head
from fairkd.constraints.kinds import Scope
from fairkd.constraints.self_debias import SelfDebias, make_self_debias
from fairkd.constraints.teacher_output import TeacherOutput
from fairkd.constraints.token_pairs import TokenPairs
from fairkd.errors import InputError
from fairkd.lexicon import ENGLISH, Contrast, known_language, language_of
from fairkd.models import (
    MaskedLM,
    card_languages,
    encode,
    model_errors,
    projection_of,
    states_and_head_input,
)


@dataclass(frozen=True)
class Correction:
    """An edit of what a teacher gives, before any constraint, at the positions in scope.

    `group_words` [K] are the tokens that the scope "not_own" leaves out.
    """

    edit: Erasure | SelfDebias
    scope: Scope
    mask_id: int
    group_words: Tensor

    @property
    def added_tokens(self) -> int:
        """The number of tokens that it adds to each input of the teacher."""
        return len(self.edit.prompt) if isinstance(self.edit, SelfDebias) else 0

    def __call__(self, output: TeacherOutput) -> TeacherOutput:
        """The output after the correction."""
        inputs = output.ids.flatten()[output.rows]
        return self.edit(output, in_scope(self.scope, inputs, self.mask_id, self.group_words))


@torch.no_grad()
def corrected_logits(lm: MaskedLM, correction: Correction, text: str, position: int) -> Tensor | None:
    """The teacher's logits [V] at a token of a text after a correction; None out of its scope."""
    ids = torch.tensor([encode(lm, text).ids], device=lm.model.device)
    row = torch.tensor([position], device=lm.model.device)
    if not in_scope(correction.scope, ids[0, row], lm.mask_id, correction.group_words).any():
        return None

    def forward(ids: Tensor, mask: Tensor | None, rows: Tensor) -> tuple[Tensor | None, Tensor]:
        return states_and_head_input(lm.model, ids, mask, rows)

    with model_errors(lm.reference):
        given = TeacherOutput(ids, None, row, *forward(ids, None, row), projection_of(lm.model), forward)
        found = correction(given)
        return found.projection(found.taken)[0].float().cpu()


def make_correction(
    lm: MaskedLM,
    words: Contrast | TokenPairs,
    *,
    kind: CorrectionKind,
    scope: Scope = "masked",
    prompt: str = PROMPT,
    decay: float = DECAY,
) -> Correction | None:
    """The correction of a teacher; None where it changes nothing.

    Parameters
    ----------
    words
        What the scope "not_own" leaves out where it is visible.
    kind
        One of `fairkd.constraints.CORRECTIONS`. "leace" reads 1,280 sentences with the teacher.
    prompt, decay
        As in `fairkd.constraints.self_debias`, for the kind "self_debias".

    Raises
    ------
    FairKDError
        As `check_correction`, or if the prompt does not fit the teacher.
    """
    check_correction(lm, kind, prompt)
    edit: Erasure | SelfDebias
    if kind == "leace":
        edit = fit_erasure(lm)
    elif kind == "self_debias" and decay:
        edit = make_self_debias(lm, prompt, decay)
    else:
        return None
    balanced = resolve(lm, words, kind="group" if scope == "not_own" else "none", skip_unspellable=True)
    return Correction(edit, scope, lm.mask_id, balanced.columns)


def check_correction(lm: MaskedLM, kind: CorrectionKind, prompt: str = PROMPT) -> None:
    """Raise FairKDError for a correction that this teacher cannot have: of another language, or head."""
    if kind == "leace":
        refuse_unknown_head(lm)
    tags = card_languages(lm.origin.folder)
    if kind == "none" or not tags or any(tag.split("-")[0] in ("en", "multilingual") for tag in tags):
        return
    code = known_language(tags)
    name = language_of(code).name if code else tags[0]
    if kind == "leace":
        raise InputError(
            f"The card of {lm.reference} says that its language is {name}, and the sentences that the "
            f"correction leace is fitted on are {language_of(ENGLISH).name}: set correction.kind to none or "
            "self_debias."
        )
    if prompt == PROMPT:
        raise InputError(
            f"The card of {lm.reference} says that its language is {name}, and correction.prompt is "
            f"{language_of(ENGLISH).name}: write it in {name}."
        )
