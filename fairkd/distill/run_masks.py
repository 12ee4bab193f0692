"""The constraint and the masks of a run, for one model's tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fairkd.constraints import Constraint, TokenPairs, resolve
from fairkd.distill.config import Config
from fairkd.distill.data import Masker, Masking, PairedMasker
from fairkd.models import MaskedLM, MatchedVocabularies


def make_constraint(lm: MaskedLM, config: Config) -> Constraint:
    """The configured constraint for this model's tokenizer."""
    settings = config.constraint
    return resolve(
        lm,
        settings.balanced(),
        kind=settings.kind,
        strength=settings.strength,
        scope=settings.scope,
        shares=settings.shares,
        roles=settings.roles,
        skip_unspellable=settings.skip_unspellable,
    )


def make_masker(lm: MaskedLM, config: Config, *, kept: Sequence[int] | None = None) -> Masker:
    """The masker of a run. Its masks do not depend on the constraint's kind: variants see the same text.

    `kept` are the teacher's tokens that `lm` has, in its order, if its vocabulary is trimmed.
    """
    objective, masking = config.objective, _masking(lm, config, kept)
    special_tokens = objective.special_tokens and objective.positions == "all"
    return Masker(lm.tokenizer, lm.vocabulary_size, **masking, special_tokens=special_tokens)


def make_paired_masker(vocabularies: MatchedVocabularies, config: Config) -> PairedMasker:
    """The same for two models with different tokenizers."""
    return PairedMasker(vocabularies, **_masking(vocabularies.student, config))


def _masking(lm: MaskedLM, config: Config, kept: Sequence[int] | None = None) -> dict[str, Any]:
    masking, objective, settings = config.masking, config.objective, config.constraint
    group_words: list[int] = []
    if masking.group_rate is not None:
        words = settings.balanced()
        if isinstance(words, TokenPairs) and kept is not None:
            words = words.renumbered(kept)
        group_words = resolve(lm, words, kind="group", skip_unspellable=True).columns.tolist()
    return {
        "masking": Masking(masking.rate, masking.masked, masking.random, masking.group_rate),
        "seed": config.seed,
        "group_words": group_words,
        "sample": {"all": 1.0, "masked": 0.0, "sample": objective.sample}[objective.positions],
    }
