"""Counterfactual data augmentation: every gendered sentence once more with its genders swapped.

    swap("The king lost his crown; the queen found hers.")
    # "The queen lost her crown; the king found his."

    swapped = swapper(corpus.held_out, models.load("embedded/teacher"))(corpus.training[:1000])

The words are in `resources/swaps.yaml`, names (an option) are those of the contrast "names". "her" (his or
him) and "his" (her or hers) depend on the context, which a masked LM reads (`fairkd.augmentation.her_his`).
What is swapped keeps its case (he, He, HE; any other, as in "hE", is left alone), the punctuation around it,
its hyphens and its possessive ("the ladies' coats", "the gentlemen's coats"). A word with a capital that ends
a name ("Stephen King", "Iron Man") is part of it and stays; so does an abbreviation ("HER2", "a He-Ne laser",
"an MR scan").

Swapping twice gives the sentence back wherever each of its words has one counterpart that has it in turn: not
for the entries of the list that go one way ("Ms", "hostess"), nor where "her" or "his" was read wrongly.

All of BUG takes about 95 s of one core (1 ms a sentence), most of it for "her": a run swaps sentences when it
reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fairkd.augmentation.her_his import Resolver, guess
from fairkd.augmentation.swap_lexicon import OPEN, WORD, Lexicon, lexicon
from fairkd.corpora import beginning, normalise
from fairkd.models import MaskedLM
from fairkd.utils import Progress

__all__ = ["Resolver", "swap", "swap_many", "swapper"]

Decide = Callable[[str, int], str]

AT_ONCE = 200  # held-out sentences between two calls of progress

_POSSESSIVE = re.compile(r"( ?)(['’])([sS]\b)?")
_PRONOUNS = frozenset({"he", "him", "his", "himself", "she", "her", "hers", "herself"})
_HYPHENED = re.compile(r"[-‐‑–]([^\W_])")
_POINT = re.compile(r"\. *[^\W\d_]")
_AFTER_NAMES = frozenset({"Jr", "Sr", "Jnr", "Snr", "II", "III", "IV"})


@dataclass(frozen=True)
class _Find:
    """A word to swap: where it is, what it becomes in lower case; None: her or his."""

    start: int
    end: int
    target: str | None


def swap(sentence: str, *, names: bool = False, her: Decide | None = None) -> str:
    """The sentence with its genders swapped; the same text if nothing in it is gendered.

    Parameters
    ----------
    names
        Whether to swap the first names of the contrast "names", too.
    her
        Called with the sentence and the place of a "her" or "his", whose counterpart depends on the context;
        returns "his" or "him", "her" or "hers". See `Resolver`. By default the next word tells, as far as it
        does.

    Examples
    --------
    >>> swap("HER brother's wife met him, he said; the actress bowed.")
    "HIS sister's husband met her, she said; the actor bowed."
    >>> swap("James hid.", names=True)
    'Mary hid.'
    """
    found = _find(sentence, names)
    decide = her or guess
    targets = [find.target or decide(sentence, find.start) for find in found]
    return _put(sentence, found, targets)


def swap_many(
    sentences: Sequence[str],
    lm: MaskedLM | Resolver | None,
    *,
    names: bool = False,
    progress: Progress | None = None,
) -> list[str]:
    """`swap` of every sentence, in order; `lm` decides all their "her" and "his", many in one forward pass.

    Each result depends on its sentence alone, so that a corpus may be swapped a part at a time.
    """
    decide = Resolver(lm) if isinstance(lm, MaskedLM) else lm
    found = [_find(sentence, names) for sentence in sentences]
    places = [(i, find.start) for i, finds in enumerate(found) for find in finds if find.target is None]
    asked = [(sentences[i], start) for i, start in places]
    answers = decide.many(asked, progress) if decide else [guess(*place) for place in asked]
    answer = dict(zip(places, answers, strict=True))
    return [
        _put(sentence, finds, [find.target or answer[i, find.start] for find in finds])
        for i, (sentence, finds) in enumerate(zip(sentences, found, strict=True))
    ]


def swapper(
    held_out: Sequence[str],
    lm: MaskedLM | Resolver | None,
    *,
    names: bool = False,
    progress: Progress | None = None,
) -> Callable[[Sequence[str]], list[str]]:
    """`swap_many` for sentences to train on, which keeps the held-out ones apart.

    A sentence stays as it is where its swap begins as a held-out sentence does, or as the swap of one. The
    held-out ones are swapped at once, 1 ms each, and `progress` is called every AT_ONCE of them.
    """
    decide = Resolver(lm) if isinstance(lm, MaskedLM) else lm
    every = list(held_out)
    for start in range(0, len(held_out), AT_ONCE):
        every += swap_many(held_out[start : start + AT_ONCE], decide, names=names)
        if progress:
            done = len(every) - len(held_out)
            progress(f"Swapping held-out sentences: {done:,} of {len(held_out):,}", done / len(held_out))
    apart = frozenset(beginning(normalise(sentence)) for sentence in every)

    def swap_apart(sentences: Sequence[str]) -> list[str]:
        swapped = swap_many(sentences, decide, names=names)
        return [
            sentence if beginning(normalise(other)) in apart else other
            for sentence, other in zip(sentences, swapped, strict=True)
        ]

    return swap_apart


def _find(sentence: str, names: bool) -> list[_Find]:
    """The words to swap, in order."""
    words = lexicon()
    found = []
    for match in WORD.finditer(sentence):
        token = match[0]
        word = token.lower()
        if word not in words.all or _shape(token) is None or _is_fixed(sentence, match, words):
            continue
        if _is_abbreviation(sentence, match):
            continue
        target = None if word in OPEN else _target(sentence, match, words, names)
        if target or word in OPEN:
            found.append(_Find(match.start(), match.end(), target))
    return found


def _target(sentence: str, match: re.Match[str], words: Lexicon, names: bool) -> str | None:
    """The counterpart of the word in its place; None where it is to stay."""
    token, word = match[0], match[0].lower()
    if token[0].isupper():
        if names and word in words.names:
            return words.names[word]
        if token.istitle() and _next_is_capital(sentence, match.end()):
            title = words.titles.get(word) or words.one_way_titles.get(word)
            if title:
                return title
    target = words.pairs.get(word) or words.one_way.get(word)
    if target and word not in words.not_names and token.istitle() and _ends_a_name(sentence, match):
        return None
    return target


_NEXT_WORD = re.compile(r"\.?[ -]*([^\W\d_]+)")
_LAST_WORD = re.compile(r"(?<!['’\w])([^\W\d_]+) ?\.?[ -]$")


def _next_is_capital(sentence: str, end: int) -> bool:
    """Whether a word of one more name follows ("Mr. Smith", not "King Jr.")."""
    following = _NEXT_WORD.match(sentence, end)
    return following is not None and following[1].istitle() and following[1] not in _AFTER_NAMES


def _ends_a_name(sentence: str, match: re.Match[str]) -> bool:
    """Whether a noun with a capital closes a name: "Stephen King wrote", not "The King", "Did Dad come?"."""
    before = _LAST_WORD.search(sentence, max(0, match.start() - 40), match.start())
    return (
        before is not None
        and match[0].lower() not in lexicon().no_surnames
        and before[1].istitle()
        and before[1].lower() not in lexicon().not_names
        and not _next_is_capital(sentence, match.end())
    )


def _is_abbreviation(sentence: str, match: re.Match[str]) -> bool:
    """Whether the word stands for something else: "HER-2", "MEN-1", "the He-Ne laser", "an MR scan"."""
    joined = _HYPHENED.match(sentence, match.end())
    if joined and (joined[1].isdigit() or (joined[1].isupper() and match[0].lower() in _PRONOUNS)):
        return True
    if match[0] not in ("MR", "MRS"):
        return False
    return not _POINT.match(sentence, match.end()) and not sentence.isupper()


def _is_fixed(sentence: str, match: re.Match[str], words: Lexicon) -> bool:
    """Whether the word stands in a phrase that is kept."""
    phrases = words.fixed.get(match[0].lower())
    return phrases is not None and any(
        phrase.start() <= match.start() < phrase.end() for phrase in phrases.finditer(sentence)
    )


def _shape(token: str) -> Callable[[str], str] | None:
    """What gives another word the token's case; None for a case that is neither he, He nor HE."""
    if token.islower():
        return str.lower
    if token.isupper():
        return str.upper
    return str.capitalize if token[0].isupper() and token[1:].islower() else None


def _put(sentence: str, found: Sequence[_Find], targets: Sequence[str]) -> str:
    """The sentence with every found word replaced, its possessive mark made to fit."""
    if not found:
        return sentence
    parts: list[str] = []
    done = 0
    plurals = lexicon().plurals
    for find, target in zip(found, targets, strict=True):
        token = sentence[find.start : find.end]
        shape = _shape(token)
        parts += [sentence[done : find.start], shape(target) if shape else target]
        done = find.end
        mark = _POSSESSIVE.match(sentence, done)
        if mark:
            space, apostrophe, s = mark.groups()
            if s and target in plurals and token.lower() not in plurals:  # the gentlemen's: the ladies'
                parts.append(space + apostrophe)
                done = mark.end()
            elif not s and token[-1] in "sS" and target[-1] != "s" and _is_possessive(sentence, mark):
                # the ladies', the actress'
                parts.append(f"{space}{apostrophe}{'S' if token.isupper() else 's'}")
                done = mark.end()
    return "".join([*parts, sentence[done:]])


_QUOTE = re.compile(
    # No quotation marks: inside a word, before a clitic or what is left of a word, before a decade.
    r"(?<!\w)['’](?:(?:s|d|m|ll|re|ve|em|til|cause|twas|tis|twere|round|bout|n)\b|\d0s)|(?<=\w)['’]\w"
    r"|(?P<opens>(?<!\S)'(?=\w)|(?<=[(\[{\"“—–-])'(?=\w)|‘)"
    r"|(?P<alone>(?<=\s)'(?=\s))"
    r"|(?P<spoken>(?<=[.,!?…—-])['’])"
    r"|(?P<closes>['’])",
    re.IGNORECASE,
)


def _is_possessive(sentence: str, mark: re.Match[str]) -> bool:
    """Whether the apostrophe behind a word in s is no closing quotation mark.

    It is none where no quotation is open before it, or where that one ends later, behind the mark of a
    sentence: "'The ladies' coats!' he said."
    """
    at = mark.start(2)
    opened = False
    for quote in _QUOTE.finditer(sentence, 0, at):
        if quote["opens"]:
            opened = True
        elif quote["alone"]:  # " ' " opens, closes, or is a possessive
            opened = not opened and sentence[: quote.start()].rstrip()[-1:] != "s"
        elif quote["spoken"] or quote["closes"]:
            opened = False
    later = next((quote for quote in _QUOTE.finditer(sentence, at + 1) if quote.lastgroup), None)
    return not opened or (later is not None and later["spoken"] is not None)
