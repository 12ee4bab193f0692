"""Text without the marks that annotators put around words: "The clerk lost [his] key" without the brackets.

    plain = without_marks("The clerk lost [his] key.")
    plain.text                              # "The clerk lost his key."
    plain.original(15)                      # 16, the offset of "his" in the text with marks

A mark says nothing about a word's meaning, so the gender swap reads the text without it. Marks are square
brackets around words, and brackets, quotation marks, asterisks, underscores or tags around a single pronoun
("(her)", "*her*", '"his"', "<b>her</b>"). Capitals in brackets are no marks: "[MASK]", "the system (HIS)".
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_BRACKETED = re.compile(r"(?<!\w)\[([^\[\]]*)\](?!\w)")  # not "[h]is"
_PAIRS = ("()", "[]", '""', "''", "“”", "‘’", "«»", "``", "**", "__")
_OPENING = rf"(?:[{re.escape(''.join(pair[0] for pair in _PAIRS))}]|<\w{{1,9}}>)"
_CLOSING = rf"(?:[{re.escape(''.join(pair[1] for pair in _PAIRS))}]|</\w{{1,9}}>)"
_PRONOUN = re.compile(
    rf"(?<!\w)({_OPENING}{{1,4}} ?)(?:[hH](?:e|im|is|er|ers|imself|erself)|[sS]he)( ?{_CLOSING}{{1,4}})(?!\w)"
)


@dataclass(frozen=True)
class PlainText:
    """A text without its marks.

    Attributes
    ----------
    text
        The text without marks.
    removed
        The offsets of the removed characters in the original text, in order.
    """

    text: str
    removed: tuple[int, ...] = ()

    def original(self, offset: int) -> int:
        """The offset in the original text of the character at `offset` in `text`."""
        place = offset
        while place != (found := offset + bisect_right(self.removed, place)):
            place = found
        return place


def without_marks(text: str) -> PlainText:
    """The text without marks.

    >>> without_marks("[The clerk] met [the baker] and (her) *brother*.").text
    'The clerk met the baker and her *brother*.'
    """
    removed: set[int] = set()
    for phrase in _BRACKETED.finditer(text):
        words = phrase[1].strip()
        # In "[by her]" the bracket shows that the phrase ends.
        if any(map(str.islower, words)) and not words.endswith((" her", " his")):
            start = text.index(words, phrase.start())
            removed |= {*range(phrase.start(), start), *range(start + len(words), phrase.end())}
    for word in _PRONOUN.finditer(text):
        opening, closing = word[1].strip(), word[2].strip()
        if _is_pair(opening, closing):
            removed |= {*range(word.start(1), word.end(1)), *range(word.start(2), word.end(2))}
    if not removed:
        return PlainText(text)
    kept = "".join(character for i, character in enumerate(text) if i not in removed)
    return PlainText(kept, tuple(sorted(removed)))


def _is_pair(opening: str, closing: str) -> bool:
    """Whether each opening mark has its closing mark, in the reverse order: '("' and '")'."""
    if opening.startswith("<") or closing.startswith("</"):
        return opening[1:-1] == closing[2:-1]
    return len(opening) == len(closing) and all(
        a + b in _PAIRS for a, b in zip(opening, reversed(closing), strict=True)
    )
