"""A word of a sentence with its neighbours, headlines, and quoted titles of works."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from fairkd.augmentation.swap_lexicon import lexicon

_NAME_SUFFIXES = frozenset({"Jr", "Sr", "Jnr", "Snr", "II", "III", "IV"})
_NEXT_NAME = re.compile(r"\.?[ -]*([^\W\d_]+)")
_LAST_NAME = re.compile(r"(?<!['’\w])([^\W\d_]+) ?\.?[ -]$")
_NEXT = re.compile(r"\s*([^\W_]+(?:['’][^\W_]+)?|[^\w\s]|_)")
_LAST = re.compile(r"([^\W_]+(?:['’][^\W_]+)?|[^\w\s]|_)\s*$")
_ABBREVIATION = re.compile(
    r"(?<![^\W_])(?:[A-Z]|Mr|Mrs|Ms|Dr|St|Jr|Sr|Prof|Rev|Gen|Col|Capt|Lt|Sgt|Hon)\s?\.\s*$"
)
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_QUOTED = re.compile(r"“([^“”]{2,160})”|``([^`]{2,160})''|\"([^\"]*)\"")
_EPITHET = re.compile(r" ?(?:The |the )?(?:First )?[A-Z]\w+ of ")
_BEFORE_EPITHET = re.compile(
    r"\b(?:as|dubbed|nicknamed|called|considered|crowned|named|title|title of|him|her|himself|herself)"
    r"(?: the)? ?$"
)
_BEFORE = 60  # characters before a word that are searched
MOST_TITLE_WORDS = 14


@dataclass(frozen=True)
class WordInSentence:
    """The word from `start` to `end` of a text."""

    text: str
    start: int
    end: int

    @cached_property
    def token(self) -> str:
        """The word as written."""
        return self.text[self.start : self.end]

    @cached_property
    def word(self) -> str:
        """The word in lower case."""
        return self.token.lower()

    @cached_property
    def before(self) -> str:
        """The characters before the word, at most _BEFORE."""
        return self.text[max(0, self.start - _BEFORE) : self.start]

    @cached_property
    def last(self) -> str:
        """The word or punctuation mark before; "" at the start of the text."""
        found = _LAST.search(self.before)
        return found[1] if found else ""

    @cached_property
    def next(self) -> str:
        """The word or punctuation mark after; "" at the end of the text."""
        found = _NEXT.match(self.text, self.end)
        return found[1] if found else ""

    @cached_property
    def next_name(self) -> bool:
        """Whether another word of a name follows ("Mr. Smith", not "King Jr.")."""
        following = _NEXT_NAME.match(self.text, self.end)
        return following is not None and following[1].istitle() and following[1] not in _NAME_SUFFIXES

    @cached_property
    def last_name(self) -> bool:
        """Whether a word of a name comes before ("Stephen King", "Mr. Man", not "The King")."""
        found = _LAST_NAME.search(self.before)
        return found is not None and found[1].istitle() and found[1].lower() not in lexicon().not_names

    @cached_property
    def begins(self) -> bool:
        """Whether the word begins a sentence, a quotation or a heading, so that its capital says nothing."""
        before = self.text[: self.start].rstrip()
        if not before or before[-1] in "!?:;•“‘(":
            return True
        if before[-1] == '"':
            return before.count('"') % 2 == 1
        if before.endswith("``"):
            return True
        return before[-1] == "." and not _ABBREVIATION.search(self.before)

    @cached_property
    def loud(self) -> bool:
        """Whether the word before or after is in capitals, too."""
        return any(len(other) > 1 and other.isupper() and other.isalpha() for other in (self.last, self.next))


@lru_cache(maxsize=16)
def is_headline(text: str) -> bool:
    """Whether nearly all longer words are capitalised, so that a capital says nothing.

    >>> is_headline("Do Not Miss Our Summer Sale"), is_headline("The King met Queen Anne in Paris yesterday")
    (True, False)
    """
    longer = [word for word in _WORDS.findall(text) if len(word) > 3]
    return len(longer) > 1 and sum(word[0].isupper() for word in longer) >= 0.9 * len(longer)


def titles_of_works(text: str) -> list[range]:
    """Where the text quotes titles of works: 'the song " Boys and Girls "', not '"Yes, Sir!"'.

    A title has at most MOST_TITLE_WORDS words. All its longer words are capitalised, and it is not the whole
    text. A person's epithet ('called "The Queen of Swing"') is none.

    >>> titles_of_works('She sang "The King of Rome" for "the king".')
    [range(10, 26)]
    """
    found = []
    for quote in _QUOTED.finditer(text) if any(mark in text for mark in ('"', "“", "``")) else ():
        group = quote.lastindex or 0
        title = quote[group]
        words = _WORDS.findall(title)
        if not 0 < len(words) <= MOST_TITLE_WORDS or len(title) > 0.7 * len(text):
            continue
        if len(words) == 1 and words[0].lower() not in lexicon().name_words:
            continue
        # A comma or a full stop may be the sentence's own: 'his novel " Man of Straw , " ...'.
        closed = title.rstrip().endswith((".", ","))
        inside = title.rstrip(" .,")
        spoken = (closed and len(words) < 3) or (len(words) < 5 and any(map(inside.count, ",;!")))
        small = lexicon().not_names | lexicon().not_nouns
        content = [
            word
            for i, word in enumerate(words)
            if i == 0 or (word.lower() not in small and (len(word) > 3 or i == len(words) - 1))
        ]
        epithet = _EPITHET.match(title) and _BEFORE_EPITHET.search(
            text[max(0, quote.start() - _BEFORE) : quote.start()]
        )
        capitals = all(word[0].isupper() for word in content)
        if capitals and not spoken and not epithet:
            found.append(range(quote.start(group), quote.end(group)))
    return found
