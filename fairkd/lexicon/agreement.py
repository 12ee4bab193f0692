"""Whether a word at the mask agrees with the verb after it: "they is" is no English.

Only subjects agree: "them" and "their" fit every sentence that "him" and "his" fit.
"""

from __future__ import annotations

import re
from typing import Literal

from fairkd.lexicon.word_groups import WordGroup
from fairkd.models import typed_mask

Agreement = Literal["singular", "plural", "any"]

_PLURAL_SUBJECTS = frozenset({"they", "we", "you", "these", "those"})
_PLURAL_VERBS = frozenset({"are", "were", "have", "do"})
_SINGULAR_VERBS = frozenset({"is", "was", "has", "does"})
# Words in -s that may follow a subject and are no verbs.
_NO_VERBS = frozenset({"always", "sometimes", "perhaps", "afterwards", "nowadays", "besides", "thus"})
_NEXT_WORD = re.compile(r"\s*(?:(?:also|always|often|never|once|now|still|then)\s+)?([^\W\d_]+(?:['’]\w+)?)")


def takes_plural_verb(group: WordGroup) -> bool:
    """Whether a word of the group is a subject with a plural verb: "they are", "we are".

    >>> takes_plural_verb(WordGroup("they", {"subject": ("they",), "object": ("them",)}))
    True
    >>> takes_plural_verb(WordGroup("she", {"subject": ("she",)}))
    False
    """
    return any(word.casefold() in _PLURAL_SUBJECTS for word in group.for_role("subject"))


def verb_agreement(text: str, role: str) -> Agreement:
    """The number that the verb right after the mask asks for.

    A heuristic for English: "is" and other verbs in -s are singular, "are", "were", "have" and "do" are
    plural, and all others ("worked", "would") fit both.

    >>> verb_agreement("[MASK] is {a profession}.", "subject")
    'singular'
    >>> verb_agreement("[MASK] worked as {a profession}.", "subject")
    'any'
    """
    mask = typed_mask().search(text)
    following = _NEXT_WORD.match(text, mask.end()) if mask and role == "subject" else None
    if following is None:
        return "any"
    verb = re.sub(r"n['’]t$", "", following[1].casefold())
    if verb in _PLURAL_VERBS:
        return "plural"
    in_s = verb.endswith("s") and not verb.endswith("ss") and verb not in _NO_VERBS
    return "singular" if verb in _SINGULAR_VERBS or in_s else "any"
