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
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from fairkd.errors import InputError
from fairkd.lexicon import (
    Contrast,
    Gender,
    Profession,
    Rendered,
    Template,
    WordGroup,
)
from fairkd.measures.gap_arguments import (
    chosen_groups,
    cleaned_professions,
    fitting_templates,
    other_groups,
    quoted_names,
)
from fairkd.models import (
    Encoding,
    MaskedLM,
    encode,
    is_space_token,
    parse,
    single_token_spellings,
    tokenize_word,
)
from fairkd.predictions import Cloze
from fairkd.utils import shortened

COLUMNS = (
    "template",
    "role",
    "profession",
    "text",
    "text_b",
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
    professions: Sequence[str | Profession],
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

    In a language with grammatical gender, a sentence about a man and one about a woman differ: "Er ist
    Krankenpfleger.", "Sie ist Krankenpflegerin." Then each group is scored in the sentence that agrees with
    its gender, as in Bartl et al. 2020 (arXiv 2010.14534), and so is its prior, with as many masks as the
    form of the profession has tokens. P(A) and P(B) then belong to two distributions, so `mass` is the mean
    of P(A) + P(B) over both sentences. Where the sentences are equal, all of this is as above.

    p(w | sentence) adds up the probabilities of all single tokens that spell w, with and without a space
    before it and with a capital (`fairkd.models.single_token_spellings`): those that a constraint edits.
    A word without such a spelling counts with its left-to-right score (`fairkd.predictions.score_words`).
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
    professions : sequence of str or Profession
        Any text, or two forms of it. Surrounding white space is dropped, and so are empty and repeated ones.
    groups : (str, str), optional
        The names of groups A and B; by default the first two.
    prior : bool
        Whether to compute the prior; without it `prior_gap` and `corrected_gap` are NaN.
    progress : callable, optional
        Called from time to time with the fraction done.

    Returns
    -------
    DataFrame
        One row for each template and profession: template, role, profession, text and text_b (the sentences
        of both groups), log_p_a, log_p_b, gap, share, mass, prior_gap, corrected_gap, subwords, split.
        Logarithms in nats.

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
    if groups is not None and len(groups) != 2:
        raise other_groups(contrast, groups)
    pairs = pairwise_gaps(
        lm,
        contrast=contrast,
        templates=templates,
        professions=professions,
        groups=groups or [group.name for group in contrast.groups[:2]],
        prior=prior,
        progress=progress,
    )
    return next(iter(pairs.values()))


def pairwise_gaps(
    lm: MaskedLM,
    *,
    contrast: Contrast,
    templates: Sequence[Template],
    professions: Sequence[str | Profession],
    groups: Sequence[str] | None = None,
    prior: bool = True,
    progress: Callable[[float], None] | None = None,
) -> dict[tuple[str, str], pd.DataFrame]:
    """`gaps` of every pair of word groups, by their names: he and she, he and they, she and they.

    All groups are measured at once, so this takes no longer than one pair. `groups` are the names of those
    that are compared; by default all. `fairkd.measures.group_shares` has the share of each.

    >>> from fairkd import models
    >>> from fairkd.lexicon import contrasts, fitting
    >>> they = contrasts()["pronouns-they"]
    >>> pairs = pairwise_gaps(
    ...     models.load("embedded/teacher"),
    ...     contrast=they,
    ...     templates=fitting(they, ["he", "she", "they"])[:1],
    ...     professions=["nurse"],
    ... )
    >>> list(pairs)
    [('he', 'she'), ('he', 'they'), ('she', 'they')]
    """
    compared = chosen_groups(contrast, groups or [group.name for group in contrast.groups])
    genders = list(dict.fromkeys(group.gender for group in compared))
    names = cleaned_professions(professions)
    chosen = fitting_templates(contrast, templates, compared)
    cloze = Cloze(lm)
    rows: list[tuple[str, str, str]] = []
    texts: list[dict[Gender | None, str]] = []
    asked: list[dict[Gender | None, _Asked]] = []
    several: list[list[dict[str, int]]] = []
    unknown: dict[str, None] = {}
    for template in chosen:
        spelled: dict[tuple[Gender | None, str], list[_Spelled]] = {}
        for profession in names:
            forms: dict[Gender | None, _Asked] = {}
            by_text: dict[str, _Asked] = {}
            words: list[_Spelled] = []
            for gender in genders:
                rendered, form = template.render(profession, gender), profession.form(gender)
                place = None if rendered.text in by_text else _locate(lm, rendered, form)
                if place is not None:
                    # Words are spelled once per template, unless their spelling depends on the profession.
                    context = (gender, form if template.context_depends_on(form) else "")
                    if context not in spelled:
                        spelled[context] = [
                            _spellings(lm, rendered, group.for_role(template.role)) for group in compared
                        ]
                        _check_different(lm, template, compared, spelled[context])
                    words = spelled[context]
                    by_text[rendered.text] = _ask(cloze, place, words, prior=prior)
                if rendered.text in by_text:
                    forms[gender] = by_text[rendered.text]
                else:
                    unknown[form] = None
            if len(forms) == len(genders):
                rows.append((template.text, template.role, profession.name))
                texts.append({gender: template.render(profession, gender).text for gender in genders})
                asked.append(forms)
                several.append([_several(spellings) for spellings in words])
    if unknown:
        raise InputError(
            f"The tokenizer of {lm.reference} does not know {quoted_names(list(unknown))}: "
            "change the spelling, or remove it from the professions."
        )
    log_p = cloze.answer(progress)
    found = {}
    for (i, a), (j, b) in combinations(enumerate(compared), 2):
        frame = pd.DataFrame(rows, columns=list(COLUMNS[:3]), dtype="str")
        for column, group in (("text", a), ("text_b", b)):
            frame[column] = pd.Series([one[group.gender] for one in texts], dtype="str")
        frame["log_p_a"] = [_group(log_p, forms[a.gender].sentence[i]) for forms in asked]
        frame["log_p_b"] = [_group(log_p, forms[b.gender].sentence[j]) for forms in asked]
        frame["gap"] = frame.log_p_a - frame.log_p_b
        frame["share"] = expit(frame.gap)
        frame["mass"] = [_mass(log_p, [forms[a.gender], forms[b.gender]], (i, j)) for forms in asked]
        frame["prior_gap"] = [
            _group(log_p, forms[a.gender].prior[i]) - _group(log_p, forms[b.gender].prior[j])
            if prior
            else np.nan
            for forms in asked
        ]
        frame["corrected_gap"] = frame.gap - frame.prior_gap
        split = [{**counts[i], **counts[j]} for counts in several]
        frame["subwords"] = [max(counts.values(), default=1) for counts in split]
        named = ["; ".join(f"{word} ({count})" for word, count in counts.items()) for counts in split]
        frame["split"] = pd.Series(named, dtype="str")
        found[a.name, b.name] = frame
    return found


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
    """The words by their token ids: all single-token spellings, or else the spelling at the target.

    Words with equal ids ("he", "He") count once.
    """
    start, end = rendered.target
    found: _Spelled = {}
    for word in words:
        single = single_token_spellings(lm, word).values()
        for token in single:
            found.setdefault((token,), word)
        if not single:
            before, after = parse(lm, rendered.text[:start]), parse(lm, rendered.text[end:])
            found.setdefault(tokenize_word(lm, word, before=before, after=after).ids, word)
    return found


def _several(spelled: _Spelled) -> dict[str, int]:
    """The words of several subword tokens, with their numbers."""
    return {word: len(ids) for ids, word in spelled.items() if len(ids) > 1}


def _check_different(
    lm: MaskedLM, template: Template, groups: Sequence[WordGroup], spelled: Sequence[_Spelled]
) -> None:
    for (one, words), (other, others) in combinations(zip(groups, spelled, strict=True), 2):
        if alike := words.keys() & others.keys():
            shown = " ".join(str(lm.tokenizer.decode(list(ids))).strip() for ids in sorted(alike))
            raise InputError(
                f"'{shortened(one.name)}' and '{shortened(other.name)}' both have a word that "
                f"{lm.reference} reads as '{shortened(shown)}' "
                f"in '{shortened(template.text)}': remove it from one of them."
            )


def _ask(cloze: Cloze, place: _Place, spelled: Sequence[_Spelled], *, prior: bool) -> _Asked:
    """Ask for all words of all groups, in the sentence and, for the prior, with the profession masked."""

    def numbers(ids: tuple[int, ...]) -> tuple[list[int], ...]:
        return tuple([cloze.ask(ids, place.target, word) for word in group] for group in spelled)

    hidden = set(place.profession) if prior else set()
    mask = place.ids[place.target]
    masked = tuple(mask if i in hidden else token for i, token in enumerate(place.ids))
    return _Asked(numbers(place.ids), numbers(masked) if prior else ())


def _group(log_p: NDArray[np.float64], questions: list[int]) -> float:
    """log P(G) = log sum_w p(w)."""
    return float(np.logaddexp.reduce(log_p[questions]))


def _mass(log_p: NDArray[np.float64], forms: list[_Asked], pair: tuple[int, int]) -> float:
    """P(A) + P(B), or the mean of it over the sentences of both groups."""
    distinct = forms[:1] if forms[0] is forms[1] else forms
    i, j = pair
    sums = [
        np.exp(np.logaddexp(_group(log_p, form.sentence[i]), _group(log_p, form.sentence[j])))
        for form in distinct
    ]
    return float(np.mean(sums))
