"""Masks and beginnings of sentences in a text as typed, found without a tokenizer."""

from __future__ import annotations

import re
from functools import lru_cache

_QUOTES_AND_BRACKETS = "\"'`([{<«»“”„‘’)]}>*_"
_INVERTED = "¿¡"  # before a Spanish sentence, or before a part of one: "Pero ¿él es médico?"
# Letters of scripts without spaces between words (Thai, Burmese, Khmer, kana, Han): a blank may touch them.
_NO_SPACES = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# A colon or a comma begins a sentence only before a quotation: 'She said, "He' but not '"Yes," he'.
_OPENS_ANYWHERE = ("“", "„", "«", "‘")
_OPENS_WITHOUT_SPACE = ('"', "'")


@lru_cache(maxsize=16)
def typed_mask(mask_token: str = "[MASK]") -> re.Pattern[str]:
    """Matches a mask in any form: `[MASK]` and `<mask>` in any case, a model's own `mask_token`, and a blank:
    an underscore, or several, with no letter, digit or underscore beside it. Letters of scripts that put no
    spaces between words, such as Chinese, may stand beside a blank.

    >>> typed_mask().findall("他是_。 snake_case")
    ['_']
    """
    beside = rf"[^\W{_NO_SPACES}]"
    return re.compile(rf"(?i:\[mask\]|<mask>)|{re.escape(mask_token)}|(?<!{beside})_+(?!{beside})")


_HALF_MASK = re.compile(r"(?i:[\[<{]\s*mask(?:ed)?\b(?:\s*[\]>}])?|\bmask\s*[\]>}])|\bMASK\b")


def half_masks(text: str) -> tuple[str, ...]:
    """What somebody may have meant as a mask, but `typed_mask` does not match: it is read as ordinary text.

    >>> half_masks("[MASK is a nurse, MASK] and <mask> too. She wears a mask.")
    ('[MASK', 'MASK]')
    """
    return tuple(dict.fromkeys(match[0] for match in _found_half_masks(text)))


def complete_masks(text: str) -> str:
    """The text with `[MASK]` in place of each of its `half_masks`.

    >>> complete_masks("[MASK is a nurse, MASK] and <mask> too.")
    '[MASK] is a nurse, [MASK] and <mask> too.'
    """
    for match in reversed(_found_half_masks(text)):
        text = f"{text[: match.start()]}[MASK]{text[match.end() :]}"
    return text


def _found_half_masks(text: str) -> list[re.Match[str]]:
    rest = typed_mask().sub(lambda mask: " " * len(mask[0]), text)  # of the same length
    return list(_HALF_MASK.finditer(rest))


def begins_sentence(before: str) -> bool:
    """Whether what follows `before` begins a sentence: at the start of a text, after ".", "!" or "?", and
    where a quotation opens after a comma or a colon. Quotes, brackets, "¿" and "¡" in between do not matter.

    >>> begins_sentence("It is. "), begins_sentence('He said, "'), begins_sentence('"Yes," ')
    (True, True, False)
    >>> begins_sentence("¿"), begins_sentence("Hola. ¿"), begins_sentence("Pero ¿")
    (True, True, False)
    """
    before = before.rstrip(_INVERTED)
    trimmed = before.rstrip()
    opens = trimmed.endswith(_OPENS_ANYWHERE) or before.endswith(_OPENS_WITHOUT_SPACE)
    trimmed = trimmed.rstrip(_QUOTES_AND_BRACKETS + _INVERTED + " ")
    return not trimmed or trimmed[-1] in ".!?…。！？" or (opens and trimmed[-1] in ",:")
