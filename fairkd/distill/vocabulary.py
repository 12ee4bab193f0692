"""The student's vocabulary: its teacher's, a part of that, or another one.

A student of `student.vocabulary: text` keeps the tokens that the training text needs, and the words that the
run constrains and measures. Teacher and student read the same tokens. The student learns the teacher's
distribution given the kept tokens, in which their probabilities are divided by their total.

A student with another tokenizer is compared with its teacher over the words that both have as one token
(`fairkd.models.VocabularyMatch`, `fairkd.distill.data.pairing`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from fairkd.augmentation import counterparts
from fairkd.constraints import Constraint, TokenPairs
from fairkd.distill.config import Config
from fairkd.distill.losses import Constraints
from fairkd.distill.run_masks import make_constraint
from fairkd.errors import InputError
from fairkd.lexicon import Contrast, fitting, professions_of, shipped_professions
from fairkd.models import MaskedLM, MatchedVocabularies, token_ids, trim


def trim_student(
    teacher: MaskedLM,
    student: MaskedLM,
    config: Config,
    training: Sequence[np.ndarray],
    constraint: Constraint,
) -> tuple[MaskedLM, MatchedVocabularies, list[np.ndarray]]:
    """The student with the tokens that the run needs, how they match the teacher's, and `training` in them.

    `training` has the token ids of the training sentences; the student has its teacher's vocabulary. Raises
    ModelError if it cannot be trimmed.
    """
    keep = set(constraint.columns.tolist())
    if isinstance(words := config.constraint.balanced(), TokenPairs):  # the masks need them in any case
        keep.update(*words.pairs)
    for ids in training:
        keep.update(ids.tolist())
    needed = list(_needed_texts(config))
    keep.update(*token_ids(teacher.tokenizer, needed, max_tokens=teacher.max_tokens))
    trimmed, kept = trim(student, keep)
    new_ids = np.zeros(teacher.vocabulary_size, dtype=np.int32)
    new_ids[list(kept)] = np.arange(len(kept))
    return trimmed, MatchedVocabularies(teacher, trimmed, kept), [new_ids[ids] for ids in training]


def student_constraint(
    config: Config, constraint: Constraint, vocabularies: MatchedVocabularies
) -> Constraints:
    """The constraint on the teacher's tokens, and the same on the student's.

    Raises InputError for token ids with another tokenizer, where they stand for other words.
    """
    if config.constraint.token_pairs is not None and vocabularies.trimmed is None:
        raise InputError(
            "constraint.token_pairs are token ids of the teacher, and the student has another tokenizer: "
            "name the words in constraint.words instead."
        )
    if constraint.kind == "none":
        return Constraints(constraint, constraint)
    if vocabularies.trimmed is not None:
        place = {old: new for new, old in enumerate(vocabularies.trimmed)}
        groups = tuple(tuple(place[token] for token in group) for group in constraint.groups)
        return Constraints(constraint, replace(constraint, groups=groups))
    return Constraints(constraint, make_constraint(vocabularies.student, config))


def _needed_texts(config: Config) -> Iterator[str]:
    """Texts with the words that the run constrains and measures, so that each remains one token if it is."""
    words: dict[str, None] = {}
    for contrast in (config.constraint.balanced(), config.evaluation.groups()):
        if not isinstance(contrast, TokenPairs):
            words |= dict.fromkeys(_words(contrast))
    measured = config.evaluation.groups()
    professions = professions_of(shipped_professions(measured.language))
    for template in fitting(measured):
        for gender in dict.fromkeys(group.gender for group in measured.groups):
            yield from (template.render(one, gender).text for one in professions)
    words |= dict.fromkeys(form for one in professions for form in one.forms)
    if config.corpus.cda:
        words |= dict.fromkeys(counterparts(names=config.corpus.cda_names))
    for word in words:
        capital = word[:1].upper() + word[1:]
        yield from (word, capital, f"a {word}", f"a {capital}", f"a ({word}", f"a ({capital}")
    yield from config.evaluation.watched_sentences


def _words(contrast: Contrast) -> Sequence[str]:
    return [word for group in contrast.groups for role in contrast.roles for word in group.for_role(role)]
