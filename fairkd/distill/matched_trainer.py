"""A training step of a student whose tokenizer differs from its teacher's."""

from __future__ import annotations

import torch
from accelerate import Accelerator
from torch import Tensor

from fairkd.constraints import Correction
from fairkd.distill.config import Config
from fairkd.distill.data import Batch, PairedBatch
from fairkd.distill.losses import IGNORED, Constraints, MatchedTargets, matched_loss
from fairkd.distill.precision import autocast
from fairkd.distill.prepared_batch import PositionCounts, PreparedBatch
from fairkd.distill.trainer import Trainer
from fairkd.errors import InputError
from fairkd.models import (
    BOTH_MARKED,
    SPLIT,
    MatchedVocabularies,
    VocabularyMatch,
    projection_of,
)


class MatchedTrainer(Trainer):
    """`Trainer` for two vocabularies: the loss is `fairkd.distill.losses.matched_loss`.

    Hidden states are not compared. At words of several tokens the models have no positions in common, and
    what one knows from their number the other does not.
    """

    def __init__(
        self,
        vocabularies: MatchedVocabularies,
        constraints: Constraints,
        config: Config,
        accelerator: Accelerator | None = None,
        *,
        correction: Correction | None = None,
    ) -> None:
        """Raises InputError if the hidden states' loss is the only one, or for a relation loss."""
        if config.objective.relations:
            raise InputError(
                "Teacher and student have different vocabularies, so they cut a sentence into different "
                "numbers of tokens, and its relations cannot be compared: set objective.relations to 0."
            )
        objective = config.objective.model_copy(update={"hidden": 0.0})
        super().__init__(
            vocabularies.teacher,
            vocabularies.student,
            constraints.student,
            config.model_copy(update={"objective": objective}),
            accelerator,
            correction=correction,
        )
        if not (self.weights.kd or self.weights.mlm or self.weights.group):
            raise InputError(
                "Teacher and student have different vocabularies, so hidden states are not compared, and no "
                "other loss has a weight: set objective.kd or objective.mlm above 0."
            )
        self.vocabularies, self.constraints = vocabularies, constraints
        self.teacher_mask_id = vocabularies.teacher.mask_id
        self._matches: dict[int, VocabularyMatch] = {}  # on the device

    def _tiny_batch(self) -> PairedBatch:
        own, ids = super()._tiny_batch(), torch.full((1, 4), self.teacher_mask_id)
        return PairedBatch(
            **vars(own),
            teacher_ids=ids,
            teacher_mask=None,
            teacher_rows=own.rows,
            teacher_labels=ids[0, :2],
            student_rows=torch.tensor([0, 1]),
            forms=torch.full((2,), BOTH_MARKED),
        )

    def _prepare(self, batch: Batch) -> PreparedBatch:
        assert isinstance(batch, PairedBatch)
        inputs = batch.teacher_ids.flatten()[batch.teacher_rows]
        constrained = self.constraints.teacher.applies(inputs, self.teacher_mask_id)
        # A word that only one model splits is none of the constraint's, which are one token in both.
        constrained &= batch.forms < SPLIT
        in_scope = torch.zeros(len(batch.labels), dtype=torch.bool)
        in_scope[batch.student_rows] = constrained
        labels = self._without_ignored(batch.labels, batch.ids.flatten()[batch.rows], in_scope)
        counts = PositionCounts(
            kd=len(inputs),
            mlm=int((labels != IGNORED).sum()),
            group=int(constrained.sum()),
            tokens=batch.tokens,
        )
        return self._on_device(batch, labels, constrained, counts)

    def _loss(self, prepared: PreparedBatch, totals: PositionCounts) -> tuple[Tensor, dict[str, Tensor]]:
        batch = prepared.batch
        assert isinstance(batch, PairedBatch)
        share = prepared.counts.shares(totals)
        weights = self._shared_weights(share)
        with autocast(self.device, self.precision):
            with torch.no_grad():
                _, teacher_states, taught = self._corrected_teacher(batch.teachers)
            _, taken = self._student_states(prepared)
        learnt = projection_of(self.student)
        forms = batch.forms.unique().tolist()
        for form in forms:
            if form not in self._matches:
                self._matches[form] = self.vocabularies.at(form).to(self.device)
        targets = MatchedTargets(
            states=teacher_states.float(),
            weight=taught.weight,
            bias=taught.bias,
            rows=batch.student_rows,
            forms=batch.forms,
            matches=self._matches,
            constrained=prepared.constrained,
            labels=prepared.labels,
        )
        total, terms = matched_loss(
            taken.float(),
            learnt.weight if self._frozen_weight is None else self._frozen_weight,
            learnt.bias,
            targets,
            self.constraints,
            weights,
            chunk=self.config.objective.chunk,
            matmul_dtype=self.matmul_dtype,
        )
        terms = {name: term.detach() * share[name] for name, term in terms.items()}
        if not self.weights.kd:
            terms["kd"] = torch.zeros_like(terms["kd"])  # the teacher was not run
        return total, terms
