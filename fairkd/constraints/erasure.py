"""The direction of gender in a teacher's last hidden states, found and removed.

LEACE (Belrose et al. 2023, arXiv 2306.03819) is the affine map closest to the identity, in the mean squared
change of the states, after which no linear classifier can tell the two classes apart. With two classes it
removes one direction.

The classes are the states at a mask after a man ("The uncle lost [MASK] keys.") and after a woman ("The aunt
lost [MASK] keys."). The sentences are in `resources/erasure_sentences.yaml`. None of them has a profession or
is a template of the gap, so what is fitted has not seen what is measured. They are English.

What is removed is also what the context says of gender. So after "The uncle lost", the student no longer
learns to expect "his" rather than "her".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files

import torch
import yaml
from concept_erasure import LeaceEraser
from torch import Tensor

from fairkd.constraints.teacher_output import TeacherOutput
from fairkd.errors import ModelError
from fairkd.models import (
    MaskedLM,
    encode,
    head_is_known,
    model_errors,
    rows_of,
    token_batches,
    transform_of,
    whole_rows,
)


@dataclass(frozen=True)
class Erasure:
    """A direction removed from a teacher's last hidden states, before its head. See `fit_erasure`."""

    teacher: MaskedLM
    eraser: LeaceEraser

    def __call__(self, output: TeacherOutput, inside: Tensor) -> TeacherOutput:
        """The output with the direction removed from the states at the positions `inside` [M]."""
        assert output.states is not None  # fit_erasure refuses such a teacher
        if not inside.any():
            return output
        states, taken = output.states.clone(), output.taken.clone()
        erased = self.eraser(states[inside].float()).to(states.dtype)
        states[inside] = erased
        taken[inside] = transform_of(self.teacher.model)(whole_rows(erased))[: len(erased)].to(taken.dtype)
        return replace(output, states=states, taken=taken)


def refuse_unknown_head(lm: MaskedLM) -> None:
    """Raise ModelError for a teacher whose states cannot be changed before its head."""
    if not head_is_known(lm.model):
        raise ModelError(
            f"FairKD does not know the MLM head of {lm.reference} ({type(lm.model).__name__}), so nothing "
            "can be removed from the states before it: set correction.kind to self_debias or none."
        )


def fit_erasure(lm: MaskedLM) -> Erasure:
    """The direction of gender in the states of a teacher, from the shipped sentences.

    Raises ModelError for a teacher whose head is not known. It reads 1,280 sentences of about ten tokens.
    """
    refuse_unknown_head(lm)
    sentences, female = erasure_sentences()
    states = mask_states(lm, sentences)
    labels = torch.tensor(female, dtype=torch.float64, device=states.device)
    # In double precision: the covariance of the states is inverted.
    fitted = LeaceEraser.fit(states.double(), labels)
    assert fitted.bias is not None
    return Erasure(lm, LeaceEraser(fitted.proj_left.float(), fitted.proj_right.float(), fitted.bias.float()))


@torch.no_grad()
def mask_states(lm: MaskedLM, sentences: Sequence[str]) -> Tensor:
    """The last hidden states [n, width] at the mask of each sentence, which has one."""
    device, pad_id = lm.model.device, lm.tokenizer.pad_token_id or 0
    encoded = sorted(
        ((encode(lm, text), number) for number, text in enumerate(sentences)), key=lambda one: len(one[0].ids)
    )
    found, order = [], torch.tensor([number for _, number in encoded])
    for span in token_batches([len(encoding.ids) for encoding, _ in encoded]):
        batch = [encoding for encoding, _ in encoded[span]]
        length = max(len(encoding.ids) for encoding in batch)
        ids = torch.full((len(batch), length), pad_id)
        for line, encoding in zip(ids, batch, strict=True):
            line[: len(encoding.ids)] = torch.tensor(encoding.ids)
        real = torch.arange(length) < torch.tensor([[len(encoding.ids)] for encoding in batch])
        rows = torch.tensor([line * length + encoding.masks[0] for line, encoding in enumerate(batch)])
        with model_errors(lm.reference):
            states = rows_of(lm.model, ids.to(device), real.to(device), rows.to(device))
        found.append(states.float())
    return torch.cat(found)[order.argsort().to(device)]


@lru_cache(maxsize=1)
def erasure_sentences() -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """The sentences to fit on, with [MASK], and whether each is about a woman."""
    text = (files("fairkd") / "resources" / "erasure_sentences.yaml").read_text(encoding="utf-8")
    shipped = yaml.safe_load(text)
    rows = [
        (f"{start} {noun} {rest}", female)
        for pair in shipped["nouns"]
        for noun, female in zip(pair, (False, True), strict=True)
        for start in shipped["starts"]
        for rest in shipped["sentences"]
    ]
    sentences, labels = zip(*rows, strict=True)
    return sentences, labels
