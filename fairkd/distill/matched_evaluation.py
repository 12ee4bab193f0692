"""Evaluation of a student whose vocabulary differs from its teacher's.

Fidelity is measured at words that are one token in both models, over classes of tokens that mean the same
(`fairkd.models.VocabularyMatch`). Perplexity and accuracy are measured at the same words, each model over its
own tokens. Pseudo-perplexity is per token of each model, so that of two models cannot be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from fairkd.distill.config import EvaluationConfig
from fairkd.distill.data import BatchSampler, PairedBatch, PairedMasker, PairedText
from fairkd.distill.evaluation import CONFIDENCE, MASKING, Evaluator, digest_of, spread
from fairkd.distill.losses import Constraints
from fairkd.models import BATCH_TOKENS, VOCABULARY_ROWS, MaskedLM, MatchedVocabularies, projection_of


@dataclass(frozen=True)
class Unmatched:
    """What the student cannot learn from its teacher's distributions, on masked held-out words.

    Attributes
    ----------
    mass
        The mean share of the teacher's probability at tokens that the student lacks; None without any word to
        measure it on.
    words
        The share of words that are not one token in both models.
    alone
        The share of words at which the models cannot be compared at all.
    """

    mass: float | None
    words: float | None
    alone: float | None


class MatchedEvaluator(Evaluator):
    """`Evaluator` for two models with different vocabularies.

    Attributes
    ----------
    unmatched
        What the student cannot learn from its teacher's distributions.
    """

    def __init__(
        self,
        vocabularies: MatchedVocabularies,
        constraints: Constraints,
        settings: EvaluationConfig,
        texts: Sequence[PairedText],
    ) -> None:
        """`texts` are held-out sentences."""
        self.vocabularies, self.texts = vocabularies, texts
        super().__init__(vocabularies.teacher, vocabularies.student, constraints.teacher, settings, ())

    def _choose_sentences(self, held_out: Sequence[np.ndarray]) -> None:
        usable = [text for text in self.texts if text.single.any()]
        texts = self.texts = spread(usable, self.settings.sentences)
        self.digest = digest_of([ids for text in texts for ids in (text.teacher, text.student)])
        device = self.teacher.model.device
        self.samples = [
            (batch.to(device), owners) for batch, owners in _batches(texts[::2], self.vocabularies)
        ]
        self.owners = np.concatenate([owners for _, owners in self.samples] or [np.zeros(0, dtype=np.int64)])
        self.masked_tokens = np.bincount(self.owners).astype(float)
        self.teacher_states = [self._states(self.teacher, batch.teachers) for batch, _ in self.samples]
        self.unmatched = Unmatched(
            self._unmatched_mass(),
            _share_of_longer_words(texts, of_teachers_tokens=self.vocabularies.trimmed is not None),
            self._share_alone(texts),
        )

    def tokens_of(self, lm: MaskedLM) -> Sequence[np.ndarray]:
        return [text.teacher if lm is self.teacher else text.student for text in self.texts]

    @torch.inference_mode()
    def _masked(self, lm: MaskedLM, *, fidelity: bool) -> dict[str, np.ndarray]:
        """Sums over the masked words of one token in both models, by sentence, and their numbers."""
        parts: dict[str, list[Tensor]] = {}
        for (batch, _), teacher_states in zip(self.samples, self.teacher_states, strict=True):
            if lm is self.teacher:
                states, labels = teacher_states, batch.teacher_labels
            else:
                states = self._states(lm, batch)[batch.student_rows]
                labels = batch.labels[batch.student_rows]
            for start in range(0, len(states), VOCABULARY_ROWS):
                span = slice(start, start + VOCABULARY_ROWS)
                s = projection_of(lm.model)(states[span]).log_softmax(1)
                highest, first = s.max(1)
                found = {
                    "perplexity": F.nll_loss(s, labels[span], reduction="none"),
                    "top1_accuracy": first == labels[span],
                    CONFIDENCE: highest.exp(),
                }
                if fidelity:
                    p = projection_of(self.teacher.model)(teacher_states[span]).log_softmax(1)
                    found |= self._compared(p, s, batch.forms[span])
                for key, values in found.items():
                    parts.setdefault(key, []).append(values.double().cpu())
        return self._by_sentence(parts, self.owners)

    def _compared(self, p: Tensor, s: Tensor, forms: Tensor) -> dict[str, Tensor]:
        """KL and agreement over the classes at each position [n], from log-probabilities [n, V]."""
        names = ("top1_agreement", "kl", "kl_constrained")
        found = {name: torch.zeros(len(p), device=p.device) for name in names}
        for form in forms.unique().tolist():
            at, match = torch.nonzero(forms == form).flatten(), self.vocabularies.at(form)
            student = match.class_logits(s[at].t(), "student").log_softmax(0)
            teacher = match.class_logits(p[at].t(), "teacher").log_softmax(0)
            first = student.argmax(0)
            found["top1_agreement"][at] = ((first == teacher.argmax(0)) & (first < match.classes)).float()
            found["kl"][at] = found["kl_constrained"][at] = _kl(teacher, student)
            if self.constraint.active:
                edited = match.class_logits(self.constraint(p[at]).t(), "teacher").log_softmax(0)
                found["kl_constrained"][at] = _kl(edited, student)
        return found

    def _share_alone(self, texts: Sequence[PairedText]) -> float | None:
        """The share of words at which the models cannot be compared."""
        found = [
            not (aligned or self.vocabularies.comparisons(*(own.tolist() for own in text.tokens_of(word))))
            for text in texts
            for word, aligned in enumerate(text.aligned.tolist())
        ]
        return sum(found) / len(found) if found else None

    @torch.inference_mode()
    def _unmatched_mass(self) -> float | None:
        """The mean share of the teacher's probability at tokens that the student lacks, at masked words."""
        shares = []
        for (batch, _), states in zip(self.samples, self.teacher_states, strict=True):
            for start in range(0, len(states), VOCABULARY_ROWS):
                span = slice(start, start + VOCABULARY_ROWS)
                p = projection_of(self.teacher.model)(states[span]).softmax(1)
                for form in batch.forms[span].unique().tolist():
                    own = p[batch.forms[span] == form]
                    shares.append(self.vocabularies.at(form).unmatched(own).double().cpu())
        return torch.cat(shares).mean().item() if shares else None


def vocabulary_fact(evaluator: Evaluator) -> str:
    """What another vocabulary of the student's means for the run, in a few sentences; empty for the same."""
    if not isinstance(evaluator, MatchedEvaluator):
        return ""
    return explain(evaluator.vocabularies, evaluator.unmatched)


def explain(vocabularies: MatchedVocabularies, unmatched: Unmatched) -> str:
    """`vocabulary_fact` from its figures."""
    teacher, student = vocabularies.teacher, vocabularies.student
    measured = unmatched.mass is not None and unmatched.words is not None
    mass, words, alone = (
        f"{100 * (share or 0):.2g} %" for share in (unmatched.mass, unmatched.words, unmatched.alone)
    )
    if vocabularies.trimmed is not None:
        sentences = [
            f"The student keeps {student.vocabulary_size:,} of the teacher's {teacher.vocabulary_size:,} "
            "tokens: those of the training text and of the words that the run needs, and single characters "
            "to spell any other word."
        ]
        if measured:
            sentences.append(
                f"At masked held-out words the teacher gives {mass} of its probability to tokens that are "
                f"left out, which the student does not learn. {words} of the held-out words that are one "
                "token of the teacher are several of the student. Fidelity is measured at the others."
            )
        return " ".join(sentences)
    sentences = [
        "Teacher and student have different vocabularies: the student learns its teacher's distributions "
        "over the words and tokens that mean the same."
    ]
    if measured:
        sentences.append(
            f"{words} of the held-out words are several tokens in one of them or in both. Where the two "
            f"cannot be compared, at {alone} of the words, the student learns from the text alone. At the "
            f"words of one token the teacher gives {mass} of its probability to tokens that the student "
            "lacks."
        )
    sentences.append(
        "Hidden states are not compared. Fidelity is measured at words that are one token in both, "
        "pseudo-perplexity per token of each model."
    )
    return " ".join(sentences)


def _batches(
    texts: Sequence[PairedText], vocabularies: MatchedVocabularies
) -> Iterator[tuple[PairedBatch, np.ndarray]]:
    """The texts with 20 % of their words masked, and the number of the text of each compared word."""
    if not texts:
        return
    masker = PairedMasker(vocabularies, MASKING, seed=0, within=False)
    sampler = BatchSampler([text.longer for text in texts], tokens=BATCH_TOKENS, seed=0, pad_id=0)
    for index in sampler.epoch(0):
        batch = masker([texts[i] for i in index], index, 0)
        yield batch, index[batch.teacher_rows.numpy() // batch.teacher_ids.shape[1]]


def _share_of_longer_words(texts: Sequence[PairedText], *, of_teachers_tokens: bool) -> float | None:
    """The share of words that are not one token in both models: of all words, or of the teacher's tokens."""
    counted = [text.single[text.teacher_single] if of_teachers_tokens else text.single for text in texts]
    words = np.concatenate(counted or [np.zeros(0, dtype=bool)])
    return 1 - float(words.mean()) if len(words) else None


def _kl(p: Tensor, s: Tensor) -> Tensor:
    """KL(p || s) of each column [n] of log-probabilities [C, n], in nats."""
    return (p.exp() * (p - s)).sum(0)
