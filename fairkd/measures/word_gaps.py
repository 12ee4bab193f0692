"""Probability gaps between two word groups, over sentence templates and professions.

    lm = models.load("embedded/teacher")
    frame = gaps(
        lm,
        contrast=contrasts()["pronouns"],
        templates=[Template("[MASK] is {a profession}.", "subject")],
        professions=["nurse", "engineer"],
    )

The gap at a masked position is `log P(A) - log P(B)`, in nats: positive where the model prefers group A (he),
negative where it prefers group B (she). `fairkd.measures.gap_summaries` has means, intervals and tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from fairkd.errors import InputError, listed
from fairkd.lexicon import (
    Contrast,
    Rendered,
    Template,
    WordGroup,
)
from fairkd.models import Encoding, MaskedLM, encode, is_space_token, parse, tokenize_word
from fairkd.predictions import Cloze
from fairkd.utils import shortened

COLUMNS = (
    "template",
    "role",
    "profession",
    "text",
    "log_p_a",
    "log_p_b",
    "gap",
    "share",
    "mass",
    "prior_gap",
    "corrected_gap",
    "subwords",
    "split",
)


def gaps(
    lm: MaskedLM,
    *,
    contrast: Contrast,
    templates: Sequence[Template],
    professions: Sequence[str],
    groups: tuple[str, str] | None = None,
    prior: bool = True,
    progress: Callable[[float], None] | None = None,
) -> pd.DataFrame:
    """The gap between two word groups in every template filled with every profession.

    `P(G) = sum_w p(w | sentence)` over the words w of a group that fit the template's role, where p is the
    softmax over the whole vocabulary at the target's mask. Then

        gap = log P(A) - log P(B)      share = P(A) / (P(A) + P(B))      mass = P(A) + P(B)

    The prior gap is the gap of the same sentence with the profession masked, too: one mask for each of its
    subword tokens, the article unchanged. The prior-corrected gap `corrected_gap = gap - prior_gap` is the
    log-probability bias score of Kurita et al. 2019 (arXiv 1906.07337), as a difference between the groups.
    The target is the mask at its position in the template, which need not be the first mask.

    A word of several subword tokens counts with its left-to-right score (`fairkd.predictions.score_words`).
    That score is not part of the same distribution, so mass can exceed 1. `subwords` is the largest number of
    subword tokens among the words of both groups. `split` names the words with more than one: "gal (2);
    stepfather (2)".

    Parameters
    ----------
    lm : MaskedLM
    contrast : Contrast
        The word groups.
    templates : sequence of Template
        Templates are skipped if the word groups have no words for their role; repeated ones count once.
    professions : sequence of str
        Any text. Surrounding white space is dropped, and so are empty and repeated professions.
    groups : (str, str), optional
        The names of groups A and B; by default the first two.
    prior : bool
        Whether to compute the prior; without it `prior_gap` and `corrected_gap` are NaN.
    progress : callable, optional
        Called from time to time with the fraction done.

    Returns
    -------
    DataFrame
        One row for each template and profession: template, role, profession, text, log_p_a, log_p_b, gap,
        share, mass, prior_gap, corrected_gap, subwords, split. Logarithms in nats.

    Raises
    ------
    InputError
        No template fits, no profession is left, a group is unknown, a sentence is too long, or the tokenizer
        cannot spell a word or profession.

    Examples
    --------
    >>> from fairkd import models
    >>> from fairkd.lexicon.word_groups import contrasts
    >>> frame = gaps(
    ...     models.load("embedded/teacher"),
    ...     contrast=contrasts()["pronouns"],
    ...     templates=[Template("[MASK] is {a profession}.", "subject")],
    ...     professions=["nurse", "engineer"],
    ... )
    >>> frame.text.tolist()
    ['[MASK] is a nurse.', '[MASK] is an engineer.']
    """
    pair = two_groups(contrast, groups)
    chosen = _fitting(contrast, templates, pair)
    names = _cleaned(professions)
    cloze = Cloze(lm)
    rows: list[tuple[str, str, str, str]] = []
    asked: list[_Asked] = []
    several: list[dict[str, int]] = []
    unknown: dict[str, None] = {}
    for template in chosen:
        spelled: dict[str, tuple[_Spelled, ...]] = {}
        for name in names:
            rendered = template.render(name)
            place = _locate(lm, rendered, name)
            if place is None:
                unknown[name] = None
                continue
            # Words are spelled once per template, unless their spelling depends on the profession.
            context = name if template.context_depends_on(name) else ""
            if context not in spelled:
                spelled[context] = tuple(
                    _spellings(lm, rendered, group.for_role(template.role)) for group in pair
                )
                _check_different(lm, template, pair, spelled[context])
            asked.append(_ask(cloze, place, spelled[context], prior=prior))
            several.append(_several(spelled[context]))
            rows.append((template.text, template.role, name, rendered.text))
    if unknown:
        raise InputError(
            f"The tokenizer of {lm.reference} does not know {_quoted(list(unknown))}: "
            "change the spelling, or remove it from the professions."
        )
    log_p = cloze.answer(progress)
    frame = pd.DataFrame(rows, columns=list(COLUMNS[:4]), dtype="str")
    frame["log_p_a"] = [_group(log_p, questions.sentence[0]) for questions in asked]
    frame["log_p_b"] = [_group(log_p, questions.sentence[1]) for questions in asked]
    frame["gap"] = frame.log_p_a - frame.log_p_b
    frame["share"] = expit(frame.gap)
    frame["mass"] = np.exp(np.logaddexp(frame.log_p_a, frame.log_p_b))
    frame["prior_gap"] = [
        _group(log_p, questions.prior[0]) - _group(log_p, questions.prior[1]) if prior else np.nan
        for questions in asked
    ]
    frame["corrected_gap"] = frame.gap - frame.prior_gap
    frame["subwords"] = [max(counts.values(), default=1) for counts in several]
    names_of = ["; ".join(f"{word} ({count})" for word, count in counts.items()) for counts in several]
    frame["split"] = pd.Series(names_of, dtype="str")
    return frame


# --- questions to the model ---


_Spelled = dict[tuple[int, ...], str]  # the words of a group at a target, by their token ids


@dataclass(frozen=True)
class _Asked:
    """Numbers of questions, one list per group, for the sentence and for its prior."""

    sentence: tuple[list[int], ...]
    prior: tuple[list[int], ...]


@dataclass(frozen=True)
class _Place:
    """A sentence as token ids, with the index of the target and those of the profession."""

    ids: tuple[int, ...]
    target: int
    profession: tuple[int, ...]


def _locate(lm: MaskedLM, rendered: Rendered, profession: str) -> _Place | None:
    """The positions of target and profession; None if the tokenizer cannot spell the profession."""
    encoding = encode(lm, rendered.text)
    (target,) = (i for i in encoding.masks if encoding.spans[i] == rendered.target)
    found: list[int] = []
    for span in rendered.professions:
        inside = _covering(lm, encoding, span)
        if not inside:
            return None
        found += inside
    subwords = {encoding.ids[i] for i in found}
    if len(encoding.masks) > 1 or any(encoding.special[i] for i in found):
        raise InputError(
            f"The profession '{shortened(profession)}' contains a mask or another special token of "
            f"{lm.reference}: remove that token."
        )
    if lm.tokenizer.unk_token_id in subwords:
        return None
    return _Place(encoding.ids, target, tuple(found))


def _covering(lm: MaskedLM, encoding: Encoding, span: tuple[int, int]) -> list[int]:
    """The indices of the tokens of the text in `span`."""
    start, end = span
    inside = [i for i, (first, last) in enumerate(encoding.spans) if first < end and last > start]
    # A token that is a space alone belongs to the word after it, and is masked with it.
    if inside and is_space_token(lm, encoding.ids[inside[0] - 1]):
        inside.insert(0, inside[0] - 1)
    return inside


def _spellings(lm: MaskedLM, rendered: Rendered, words: Sequence[str]) -> _Spelled:
    """Each word at the target, by its token ids; words with equal ids ("he", "He") count once."""
    start, end = rendered.target
    before, after = parse(lm, rendered.text[:start]), parse(lm, rendered.text[end:])
    found: _Spelled = {}
    for word in words:
        found.setdefault(tokenize_word(lm, word, before=before, after=after).ids, word)
    return found


def _several(spelled: tuple[_Spelled, ...]) -> dict[str, int]:
    """The words of several subword tokens, with their numbers."""
    return {word: len(ids) for group in spelled for ids, word in group.items() if len(ids) > 1}


def _check_different(
    lm: MaskedLM,
    template: Template,
    pair: tuple[WordGroup, WordGroup],
    spelled: tuple[_Spelled, ...],
) -> None:
    if alike := spelled[0].keys() & spelled[1].keys():
        words = " ".join(str(lm.tokenizer.decode(list(ids))).strip() for ids in sorted(alike))
        raise InputError(
            f"'{shortened(pair[0].name)}' and '{shortened(pair[1].name)}' both have a word that "
            f"{lm.reference} reads as '{shortened(words)}' "
            f"in '{shortened(template.text)}': remove it from one of them."
        )


def _ask(cloze: Cloze, place: _Place, spelled: tuple[_Spelled, ...], *, prior: bool) -> _Asked:
    """Ask for all words of both groups, in the sentence and, for the prior, with the profession masked."""

    def numbers(ids: tuple[int, ...]) -> tuple[list[int], ...]:
        return tuple([cloze.ask(ids, place.target, word) for word in group] for group in spelled)

    hidden = set(place.profession) if prior else set()
    mask = place.ids[place.target]
    masked = tuple(mask if i in hidden else token for i, token in enumerate(place.ids))
    return _Asked(numbers(place.ids), numbers(masked) if prior else ())


def _group(log_p: NDArray[np.float64], questions: list[int]) -> float:
    """log P(G) = log sum_w p(w)."""
    return float(np.logaddexp.reduce(log_p[questions]))


# --- the arguments ---


def two_groups(contrast: Contrast, names: tuple[str, str] | None) -> tuple[WordGroup, WordGroup]:
    """Groups A and B: those of these names, by default the first two. InputError for other names."""
    by_name = {group.name: group for group in contrast.groups}
    if names is None:
        return contrast.groups[0], contrast.groups[1]
    if len(names) != 2 or names[0] == names[1] or not by_name.keys() >= set(names):
        raise InputError(
            f"A gap needs two different groups of '{contrast.name}' "
            f"({listed([shortened(name, 40) for name in by_name])}), but got "
            f"{shortened(', '.join(map(str, names)))}."
        )
    return by_name[names[0]], by_name[names[1]]


def _fitting(
    contrast: Contrast, templates: Sequence[Template], pair: tuple[WordGroup, WordGroup]
) -> list[Template]:
    """The templates whose role has words; of those with the same text and words, the first."""
    if not templates:
        raise InputError(
            "The list of templates is empty: give at least one, such as [MASK] is {a profession}."
        )
    different: dict[tuple[object, ...], Template] = {}
    for template in templates:
        if template.role in contrast.roles:
            words = tuple(group.for_role(template.role) for group in pair)
            different.setdefault((template.text, words), template)
    if not different:
        roles = dict.fromkeys(template.role for template in templates)
        raise InputError(
            f"No template fits the word groups '{contrast.name}': they have words for "
            f"{', '.join(contrast.roles)}, but the templates need {shortened(', '.join(roles))}."
        )
    return list(different.values())


def _cleaned(professions: Sequence[str]) -> list[str]:
    """The professions without surrounding white space, empty texts and repetitions."""
    if isinstance(professions, str):
        raise InputError(
            f"The professions must be a list of texts, but got the text '{shortened(professions)}'."
        )
    names = list(dict.fromkeys(name for given in professions if (name := given.strip())))
    if not names:
        raise InputError("The list of professions is empty: give at least one, such as nurse.")
    return names


def _quoted(names: list[str]) -> str:
    """Up to five names in quotation marks."""
    kind = "the profession" if len(names) == 1 else "the professions"
    return f"{kind} " + listed([f"'{shortened(name, 80)}'" for name in names], 5)
