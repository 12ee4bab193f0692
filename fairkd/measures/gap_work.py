"""How much a measurement of gaps costs, before it begins: the tokens that the model has to read."""

from __future__ import annotations

from collections.abc import Sequence

from fairkd.lexicon import Contrast, Template
from fairkd.measures.word_gaps import two_groups
from fairkd.models import MaskedLM, parse


def gap_tokens(
    lm: MaskedLM,
    *,
    contrast: Contrast,
    templates: Sequence[Template],
    professions: Sequence[str],
    groups: tuple[str, str] | None = None,
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
    pair = two_groups(contrast, groups)
    used = [template for template in templates if template.role in contrast.roles]
    if not used or not professions:
        return 0
    rendered = [template.render("x") for template in used]
    frames = _lengths(lm, [parse(lm, one.text) for one in rendered], special=True)
    names = sum(_lengths(lm, professions))
    total = 0
    for template, one, frame in zip(used, rendered, frames, strict=True):
        places = len(one.professions)
        words = {word for group in pair for word in group.for_role(template.role)}
        split = [length for length in _lengths(lm, [f" {word}" for word in words]) if length > 1]
        inputs = 1 + sum(split)
        # In place of the mask stands a word of `length` tokens, in each of its `length` inputs.
        longer = sum(length * (length - 1) for length in split)
        total += inputs * (len(professions) * (frame - places) + places * names) + longer * len(professions)
    return total * (2 if prior else 1)


def _lengths(lm: MaskedLM, texts: Sequence[str], *, special: bool = False) -> list[int]:
    """The number of tokens of each text."""
    valid = [text.encode(errors="replace").decode() for text in texts]  # tokenizers refuse lone surrogates
    encoded = lm.tokenizer(valid, add_special_tokens=special, return_attention_mask=False, verbose=False)
    return [len(ids) for ids in encoded["input_ids"]]
