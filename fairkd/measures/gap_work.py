"""How much a measurement of gaps costs, before it begins: the tokens that the model has to read."""

from __future__ import annotations

from collections.abc import Sequence

from fairkd.lexicon import Contrast, Profession, Template, as_profession
from fairkd.measures.gap_arguments import chosen_groups
from fairkd.models import MaskedLM, parse, single_token_spellings


def gap_tokens(
    lm: MaskedLM,
    *,
    contrast: Contrast,
    templates: Sequence[Template],
    professions: Sequence[str | Profession],
    groups: Sequence[str] | None = None,
    prior: bool = True,
) -> int:
    """About how many tokens the model reads for `fairkd.measures.gaps` with these arguments.

    A sentence is read once for all words of one subword token, and once more for each subword token of the
    other words; with `prior` all of it twice. The number is not exact, because templates, professions and
    words are tokenised apart here.

    >>> from fairkd import models
    >>> from fairkd.lexicon import contrasts
    >>> templates = [Template("[MASK] is {a profession}.", "subject")]
    >>> lm, pronouns = models.load("embedded/teacher"), contrasts()["pronouns"]
    >>> gap_tokens(lm, contrast=pronouns, templates=templates, professions=["nurse"], prior=False)
    7
    """
    compared = chosen_groups(contrast, groups)
    used = [template for template in templates if template.role in contrast.roles]
    asked = [as_profession(one) for one in professions]
    if not used or not asked:
        return 0
    total = 0
    genders = dict.fromkeys(group.gender for group in compared)
    for template in used:
        words = {word for group in compared for word in group.for_role(template.role)}
        several = [f" {word}" for word in words if not single_token_spellings(lm, word)]
        split = _lengths(lm, several) if several else []
        inputs = 1 + sum(split)
        # In place of the mask stands a word of `length` tokens, in each of its `length` inputs.
        longer = sum(length * (length - 1) for length in split)
        # The forms of the professions in each sentence; one that is the same for two genders is read once.
        forms: dict[str, dict[str, None]] = {}
        for gender in genders:
            sentence = template.render("x", gender).text
            forms.setdefault(sentence, {}).update(dict.fromkeys(one.form(gender) for one in asked))
        places = len(template.render("x").professions)
        for sentence, names in forms.items():
            (frame,) = _lengths(lm, [parse(lm, sentence)], special=True)
            read = len(names) * (frame - places) + places * sum(_lengths(lm, list(names)))
            total += inputs * read + longer * len(names)
    return total * (2 if prior else 1)


def _lengths(lm: MaskedLM, texts: Sequence[str], *, special: bool = False) -> list[int]:
    """The number of tokens of each text."""
    valid = [text.encode(errors="replace").decode() for text in texts]  # tokenizers refuse lone surrogates
    encoded = lm.tokenizer(valid, add_special_tokens=special, return_attention_mask=False, verbose=False)
    return [len(ids) for ids in encoded["input_ids"]]
