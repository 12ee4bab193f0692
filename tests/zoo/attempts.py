"""What FairKD can do with a checkpoint: each attempt works, or is refused in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from fairkd.constraints import resolve
from fairkd.corpora import Corpus
from fairkd.distill import make_config, train
from fairkd.distill.config import ObjectiveConfig
from fairkd.distill.relation_term import RelationTerm
from fairkd.errors import FairKDError
from fairkd.lexicon import Template, contrasts
from fairkd.measures import gaps
from fairkd.models import MaskedLM, describe, load
from fairkd.predictions import predict
from tests.tiny import SENTENCES

SENTENCE = "The doctor said that [MASK] is a good nurse."
LONG = "The nurse said that [MASK] is a good doctor, and the doctor said that the nurse is not. " * 2
_PRONOUNS = contrasts()["pronouns"]
_CORPUS = Corpus("toy", None, SENTENCES[:60], SENTENCES[60:80])


def _predict(lm: MaskedLM) -> None:
    """What a plain forward pass gives, and the same again after another text, unless that is said."""
    describe(lm)
    long = predict(lm, LONG)
    ids = torch.tensor([[token.id for token in long.tokens]])
    predict(lm, SENTENCE)
    again = predict(lm, LONG)
    if not any("at random" in note for note in lm.notes):
        assert torch.equal(again.log_probabilities, long.log_probabilities), (
            "other numbers after a short text"
        )
        with torch.inference_mode():
            plain = lm.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0].log_softmax(-1)
        error = (plain[list(long.positions)] - long.log_probabilities).abs().max()
        assert error < 2e-5, f"{error:.1e} nats from a plain forward pass"


def _gaps(lm: MaskedLM) -> None:
    template = Template("The {profession} said that [MASK] is good.", "subject")
    frame = gaps(lm, contrast=_PRONOUNS, templates=[template], professions=["nurse", "doctor"])
    assert frame.gap.notna().all()


def _constraint(lm: MaskedLM) -> None:
    resolve(lm, _PRONOUNS, kind="group", roles=["subject"])


def _relations(lm: MaskedLM) -> None:
    """Whether the relation loss knows where queries, keys and values are; nothing is trained."""
    RelationTerm(lm, lm, ObjectiveConfig(relations=1.0))


def _distil(lm: MaskedLM, **student: object) -> None:
    settings = make_config(
        {
            "student": student,
            "budget": {"steps": 2},
            "optimizer": {"micro_batch_tokens": 256, "precision": "fp32"},
            "evaluation": {"professions": 2, "sentences": 4, "watched_sentences": []},
        }
    )
    with TemporaryDirectory() as folder:
        outcome = train(settings, folder, teacher=lm, corpus=_CORPUS)
        assert outcome.model is not None
        predict(load(str(outcome.model)), SENTENCE)


# Column of the table: what is tried once the checkpoint has been loaded.
ATTEMPTS: dict[str, Callable[[MaskedLM], None]] = {
    "predict": _predict,
    "gaps": _gaps,
    "constraint": _constraint,
    "relations": _relations,
    "distill layers": lambda lm: _distil(lm, layers=[0]),
    "distill fresh": lambda lm: _distil(lm, kind="fresh", hidden_layers=1, width=16, heads=2),
}
COLUMNS = ("load", *ATTEMPTS)
CRASH = "CRASH"


def tried(folder: Path, columns: Sequence[str] = COLUMNS) -> Iterator[tuple[str, str | None]]:
    """Each of the columns with None where it works, or the sentence of the refusal.

    A checkpoint that does not load is not tried any further. An exception that is not FairKD's own, which no
    user should ever see, is given as a text that begins with CRASH.
    """
    try:
        lm = load(str(folder))
    except Exception as error:
        yield "load", _said(error, folder)
        return
    yield "load", None
    for column in columns[1:]:
        try:
            ATTEMPTS[column](lm)
        except Exception as error:
            yield column, _said(error, folder)
        else:
            yield column, None


def _said(error: Exception, folder: Path) -> str:
    if isinstance(error, FairKDError):
        return str(error).replace(str(folder), folder.name)
    return f"{CRASH} {type(error).__name__}: {' '.join(str(error).split())[:200]}"
