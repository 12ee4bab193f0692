"""The gender swap of counterfactual data augmentation: "he lost his crown" becomes "she lost her crown".

    swap("The king lost his crown; the queen found hers.")
    # "The queen lost her crown; the king found his."

    swapped = swapper(corpus.held_out, models.load("embedded/teacher"))(corpus.training[:1000])

The words are in `resources/swaps.yaml`. Names are swapped only on request; they are those of the word groups
"names". The counterparts of "her" (his or him) and "his" (her or hers) depend on the context, which a masked
language model can decide (`fairkd.augmentation.her_his`).

A swapped word keeps its case (he, He or HE; other spellings such as "hE" are not swapped), the punctuation
around it, its hyphens and its possessive ("the ladies' coats", "the gentlemen's coats"). Marks around a word
("[her]", "*his*") change nothing (`fairkd.augmentation.marks`).

Verbs ("to man a post"), names ("Stephen King", "Boy Scouts"), titles of works and abbreviations ("HER2", "the
HIS") stay. Where rules are unsure, the model reads the word in its context
(`fairkd.augmentation.word_senses`).

Swapping twice returns the original sentence if each of its words is the counterpart of its counterpart. This
is not so for one-way entries of the list ("Ms", "hostess"), if "her" or "his" was read wrongly, or if only
one of two counterparts can be a name ("Abbot", "Abbess").

Swapping all of BUG takes about 95 s on one core (1 ms a sentence), most of it for "her". A run therefore
swaps sentences when it reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from fairkd.augmentation.her_his import Resolver, by_rule, guess
from fairkd.augmentation.marks import PlainText, without_marks
from fairkd.augmentation.readings import Question, Senses
from fairkd.augmentation.swap_lexicon import AMBIGUOUS, WORD, Lexicon, lexicon
from fairkd.augmentation.word_context import WordInSentence, titles_of_works
from fairkd.augmentation.word_senses import verdict
from fairkd.corpora import normalise, split_key
from fairkd.models import MaskedLM
from fairkd.utils import Progress

__all__ = ["Resolver", "SwappedWord", "swap", "swap_many", "swapped_words", "swapper"]

Decide = Callable[[str, int], str]

AT_ONCE = 200  # held-out sentences between two progress reports

_POSSESSIVE = re.compile(r"( ?)(['’])([sS]\b)?")


@dataclass(frozen=True)
class _GenderedWord:
    """A word to swap: its span, and its counterpart in lower case; None for "her" and "his".

    `question` is None if it is certain that the word is gendered.
    """

    start: int
    end: int
    target: str | None
    question: Question | None


DecidedBy = Literal["list", "rule", "model"]


@dataclass(frozen=True)
class SwappedWord:
    """A word at `start` of a sentence, its counterpart, and what decided on it.

    The possessive belongs to a word if it changes: "ladies'", "gentlemen's". Most words have one counterpart
    in the list. For "her" and "his", a rule on the words beside it decides, or else the model.
    """

    start: int
    word: str
    counterpart: str
    decided_by: DecidedBy


@dataclass(frozen=True)
class _Parsed:
    """A sentence, its text without marks, and the gendered words of that text, in order."""

    sentence: str
    plain: PlainText
    words: tuple[_GenderedWord, ...]


def swap(sentence: str, *, names: bool = False, her: Decide | None = None) -> str:
    """The sentence with its genders swapped; the same text if no word in it is gendered.

    Parameters
    ----------
    names
        Whether to swap the first names in the word groups "names" too.
    her
        Decides the counterpart of "her" or "his": a function of the sentence and the word's offset in it,
        such as a `Resolver`. It returns "his" or "him" for "her", "her" or "hers" for "his". By default the
        next word decides, or else the more frequent reading.

    Examples
    --------
    >>> swap("HER brother's wife met him, he said; the actress bowed.")
    "HIS sister's husband met her, she said; the actor bowed."
    >>> swap("James hid.", names=True)
    'Mary hid.'
    """
    if isinstance(her, Resolver):
        return swap_many([sentence], her, names=names)[0]
    [parsed] = _parse([sentence], Senses(None), names)
    decide = her or guess
    return _replace(parsed, [word.target or decide(parsed.plain.text, word.start) for word in parsed.words])


def swap_many(
    sentences: Sequence[str],
    lm: MaskedLM | Resolver | None,
    *,
    names: bool = False,
    progress: Progress | None = None,
) -> list[str]:
    """`swap` for many sentences, in order; `lm` decides their "her" and "his", many in one forward pass.

    Without `lm` the next word decides. Each result depends only on its own sentence, so a corpus can be
    swapped in parts.

    >>> swap_many(["She saw him.", "Milk is white."], None)
    ['He saw her.', 'Milk is white.']
    """
    decide = Resolver(lm) if isinstance(lm, MaskedLM) else lm
    parsed = _parse(sentences, Senses(decide.lm if decide else None), names, progress)
    places = [(i, word.start) for i, each in enumerate(parsed) for word in each.words if word.target is None]
    asked = [(parsed[i].plain.text, start) for i, start in places]
    answers = decide.many(asked, progress) if decide else [guess(*place) for place in asked]
    answer = dict(zip(places, answers, strict=True))
    return [
        _replace(each, [word.target or answer[i, word.start] for word in each.words])
        for i, each in enumerate(parsed)
    ]


def swapped_words(sentence: str, lm: MaskedLM) -> list[SwappedWord]:
    """The words of a sentence that `swap` replaces, in order, with what decided each counterpart.

    >>> from fairkd import models
    >>> found = swapped_words("She saw her leave her house.", models.load("embedded/teacher"))
    >>> [(one.word, one.counterpart, one.decided_by) for one in found]
    [('She', 'He', 'list'), ('her', 'him', 'model'), ('her', 'his', 'rule')]
    """
    decide = Resolver(lm)
    [parsed] = _parse([sentence], Senses(lm), names=False)
    text = parsed.plain.text
    open_ = [word.start for word in parsed.words if word.target is None]
    answers = dict(zip(open_, decide.many([(text, start) for start in open_]), strict=True))
    targets = [word.target or answers[word.start] for word in parsed.words]
    found = []
    for word, (start, end, replacement) in zip(parsed.words, _replacements(parsed, targets), strict=True):
        decided: DecidedBy = "list"
        if word.target is None:
            decided = "model" if by_rule(text, word.start) is None else "rule"
        found.append(SwappedWord(start, sentence[start:end], replacement, decided))
    return found


def swapper(
    held_out: Sequence[str],
    lm: MaskedLM | Resolver | None,
    *,
    names: bool = False,
    progress: Progress | None = None,
) -> Callable[[Sequence[str]], list[str]]:
    """`swap_many` for training sentences that leaves out swaps close to a held-out sentence.

    A sentence is returned unchanged if its swap begins like a held-out sentence or like the swap of one. The
    held-out sentences are swapped first, which takes 1 ms each; `progress` is called for every AT_ONCE of
    them.

    >>> swapper(["He is a pilot."], None)(["She is a pilot!", "She sings."])
    ['She is a pilot!', 'He sings.']
    """
    decide = Resolver(lm) if isinstance(lm, MaskedLM) else lm
    every = list(held_out)
    for start in range(0, len(held_out), AT_ONCE):
        every += swap_many(held_out[start : start + AT_ONCE], decide, names=names)
        if progress:
            done = len(every) - len(held_out)
            progress(f"Swapping held-out sentences: {done:,} of {len(held_out):,}", done / len(held_out))
    apart = frozenset(split_key(normalise(sentence)) for sentence in every)

    def swap_apart(sentences: Sequence[str]) -> list[str]:
        swapped = swap_many(sentences, decide, names=names)
        return [
            sentence if split_key(normalise(other)) in apart else other
            for sentence, other in zip(sentences, swapped, strict=True)
        ]

    return swap_apart


def _parse(
    sentences: Sequence[str], senses: Senses, names: bool, progress: Progress | None = None
) -> list[_Parsed]:
    """The sentences with their gendered words; `senses` decides where the rules are unsure."""
    plain = [without_marks(sentence) for sentence in sentences]
    found = [_gendered_words(each.text, names) for each in plain]
    questions = [word.question for words in found for word in words if word.question]
    answers = iter(senses.many(questions, progress))
    return [
        _Parsed(sentence, each, tuple(word for word in words if word.question is None or next(answers)))
        for sentence, each, words in zip(sentences, plain, found, strict=True)
    ]


def _gendered_words(text: str, names: bool) -> list[_GenderedWord]:
    """The words of a text that are gendered, or may be, in order."""
    words = lexicon()
    found: list[_GenderedWord] = []
    titles: list[range] | None = None
    for match in WORD.finditer(text):
        token = match[0]
        word = token.lower()
        if word not in words.all or _case_of(token) is None or _is_fixed(text, match, words):
            continue
        place = WordInSentence(text, match.start(), match.end())
        if titles is None:
            titles = titles_of_works(text)
        if any(match.start() in title for title in titles):
            continue
        target = None if word in AMBIGUOUS else _target(place, words, names)
        if not target and word not in AMBIGUOUS:
            continue
        answer = names and word in words.names or verdict(place)
        if answer:
            question = answer if isinstance(answer, Question) else None
            found.append(_GenderedWord(match.start(), match.end(), target, question))
    return found


def _target(place: WordInSentence, words: Lexicon, names: bool) -> str | None:
    """The counterpart of a word; None for one that is swapped only as a title, if it is none."""
    if place.token[0].isupper():
        if names and place.word in words.names:
            return words.names[place.word]
        if place.token.istitle() and place.next_name and place.last.lower() != "first":  # "First Lady Anne"
            title = words.titles.get(place.word) or words.one_way_titles.get(place.word)
            if title:
                return title
    return words.pairs.get(place.word) or words.one_way.get(place.word)


def _is_fixed(sentence: str, match: re.Match[str], words: Lexicon) -> bool:
    """Whether the word is in a phrase that is never swapped."""
    phrases = words.fixed.get(match[0].lower())
    return phrases is not None and any(
        phrase.start() <= match.start() < phrase.end() for phrase in phrases.finditer(sentence)
    )


def _case_of(token: str) -> Callable[[str], str] | None:
    """The function that gives another word the case of `token`; None for a case other than he, He or HE."""
    if token.islower():
        return str.lower
    if token.isupper():
        return str.upper
    return str.capitalize if token[0].isupper() and token[1:].islower() else None


def _replace(parsed: _Parsed, targets: Sequence[str]) -> str:
    """The sentence with each word replaced by its counterpart, and the possessive adapted to it."""
    parts: list[str] = []
    done = 0
    for start, end, replacement in _replacements(parsed, targets):
        parts += [parsed.sentence[done:start], replacement]
        done = end
    return "".join([*parts, parsed.sentence[done:]])


def _replacements(parsed: _Parsed, targets: Sequence[str]) -> list[tuple[int, int, str]]:
    """For each word, the span that is replaced, which may hold its possessive, and its replacement."""
    sentence = parsed.sentence
    found: list[tuple[int, int, str]] = []
    plurals = lexicon().plurals
    for word, target in zip(parsed.words, targets, strict=True):
        start, end = parsed.plain.original(word.start), parsed.plain.original(word.end - 1) + 1
        token = sentence[start:end]
        recase = _case_of(token)
        replacement = recase(target) if recase else target
        mark = _POSSESSIVE.match(sentence, end)
        if mark and token.lower() not in AMBIGUOUS:  # not "his 'old' friend"
            space, apostrophe, s = mark.groups()
            if s and target in plurals and token.lower() not in plurals:  # the gentlemen's: the ladies'
                replacement += space + apostrophe
                end = mark.end()
            elif not s and token[-1] in "sS" and target[-1] != "s" and _is_possessive(sentence, mark):
                # the ladies', the actress'
                replacement += f"{space}{apostrophe}{'S' if token.isupper() else 's'}"
                end = mark.end()
        found.append((start, end, replacement))
    return found


_QUOTE = re.compile(
    # Apostrophes that are not quotation marks: in a word, before a clitic or a shortened word, before a
    # decade.
    r"(?<!\w)['’](?:(?:s|d|m|ll|re|ve|em|til|cause|twas|tis|twere|round|bout|n)\b|\d0s)|(?<=\w)['’]\w"
    r"|(?P<opens>(?<!\S)'(?=\w)|(?<=[(\[{\"“—–-])'(?=\w)|‘)"
    r"|(?P<alone>(?<=\s)'(?=\s))"
    r"|(?P<spoken>(?<=[.,!?…—-])['’])"
    r"|(?P<closes>['’])",
    re.IGNORECASE,
)


def _is_possessive(sentence: str, mark: re.Match[str]) -> bool:
    """Whether the apostrophe after a word that ends in s is a possessive and not a closing quotation mark.

    It is a possessive if no quotation is open, or if the open one ends later, after a punctuation mark:
    "'The ladies' coats!' he said."
    """
    at = mark.start(2)
    opened = False
    for quote in _QUOTE.finditer(sentence, 0, at):
        if quote["opens"]:
            opened = True
        elif quote["alone"]:  # " ' " opens or closes a quotation, or is a possessive
            opened = not opened and sentence[: quote.start()].rstrip()[-1:] != "s"
        elif quote["spoken"] or quote["closes"]:
            opened = False
    later = next((quote for quote in _QUOTE.finditer(sentence, at + 1) if quote.lastgroup), None)
    return not opened or (later is not None and later["spoken"] is not None)
