"""A corpus: distinct sentences, split into training and held-out ones, and counts of skipped text.

The split depends on content alone: a hash of the first characters of the normalised sentence decides. So a
sentence and its near copies are on the same side in every corpus. Where the sentences for evaluation are a
text of their own, nothing is split.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from itertools import islice, takewhile

from fairkd.errors import InputError

HELD_OUT_PER_MILLE = 20
MOST = 500_000  # sentences kept unless asked otherwise
COUNTED = 5_000_000  # further lines or rows that are counted; counting more can take minutes
LONGEST = 1_000  # characters of a sentence; a longer text is cut into its sentences
SPLIT_KEY_CHARACTERS = 40  # of the normalised text; they decide on the side

SkipCounts = Counter[str]

REPEATED = "repeated"
SHORT = "with fewer than two words"
LONG = f"longer than {LONGEST:,} characters (cut into sentences)"
LONE_SURROGATES = "with a lone surrogate"
HELD_OUT_ELSEWHERE = "also in the held-out text"


class LimitReached(Exception):
    """A limit ended the reading of a source. `part` says what was read: "the first 64 MB"."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


def beyond(most: int) -> str:
    """The reason for which text after the first `most` sentences is skipped."""
    return f"lines or rows after the first {most:,} sentences"


@dataclass(frozen=True)
class Corpus:
    """Distinct sentences for training and for evaluation, with where they come from.

    `skipped` counts, by reason, the lines, rows and sentences that were left out or changed. `read_part` says
    which part of the source was read ("the first 64 MB") if limits ended the reading. `held_out_text` is
    where the sentences for evaluation come from if they are not a part of the same text.
    """

    name: str
    licence: str | None
    training: tuple[str, ...]
    held_out: tuple[str, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)
    read_part: str | None = None
    held_out_text: HeldOutText | None = None

    @property
    def evaluation_name(self) -> str:
        """The name of the text that the sentences for evaluation come from."""
        return self.name if self.held_out_text is None else self.held_out_text.name

    @property
    def names(self) -> str:
        """The names of all texts that it is made of."""
        return self.name if self.held_out_text is None else f"{self.name} or of {self.held_out_text.name}"


@dataclass(frozen=True)
class HeldOutText:
    """The distinct sentences of a text that is for evaluation alone, in its order."""

    name: str
    licence: str | None
    sentences: tuple[str, ...]


def build(
    name: str,
    licence: str | None,
    sentences: Iterable[str],
    *,
    most: int = MOST,
    count_rest: bool = True,
    skipped: SkipCounts | None = None,
    held_out: HeldOutText | None = None,
) -> Corpus:
    """A corpus of the distinct, whitespace-normalised sentences of at least two words.

    Parameters
    ----------
    sentences
        Read one by one; a text of more than LONGEST characters is split into its sentences. LimitReached from
        it ends the corpus there.
    most
        Keep the first `most` of both sides together.
    count_rest
        Whether to count the remaining texts, up to COUNTED, or to stop reading.
    skipped
        Counts by reason so far; the source of `sentences` may keep adding to them.
    held_out
        The sentences for evaluation. All of `sentences` but those that it holds, too, are for training then.

    Raises
    ------
    InputError
        No sentence remains for training, or `most` is below 1.
    """
    if most < 1:
        raise InputError(f"A corpus needs at least 1 sentence, but at most {most} were asked for.")
    skipped = SkipCounts() if skipped is None else skipped
    sides: dict[bool, list[str]] = {True: [], False: []}
    part = None
    elsewhere = (
        frozenset(_digest(normalise(text)) for text in held_out.sentences) if held_out else frozenset()
    )
    distinct = _distinct(iter(sentences), skipped, most=most, count_rest=count_rest, elsewhere=elsewhere)
    try:
        for text, key in distinct:
            sides[held_out is None and is_held_out(key)].append(text)
    except LimitReached as limit:
        part = limit.part
    reasons = {reason: count for reason, count in skipped.items() if count}
    if not sides[False]:
        why = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
        usable = len(sides[True])
        ones = "the usable one is" if usable == 1 else f"all {usable:,} usable ones are"
        also = f"; {ones} held out for evaluation" if usable else ""
        raise InputError(
            f"The corpus {name} has no usable sentence for training{f' in {part}' if part else ''}"
            f"{f' (left out: {why})' if why else ''}{also}; expected text of at least two words a line "
            "or row."
        )
    evaluation = tuple(sides[True]) if held_out is None else held_out.sentences
    return Corpus(name, licence, tuple(sides[False]), evaluation, reasons, part, held_out)


def build_held_out(name: str, licence: str | None, sentences: Iterable[str]) -> HeldOutText:
    """All distinct sentences of a text, made as those of a corpus are.

    Raises
    ------
    InputError
        No sentence remains, or there are more than MOST.
    """
    skipped = SkipCounts()
    found = tuple(text for text, _ in _distinct(iter(sentences), skipped, most=MOST + 1, count_rest=False))
    if not found:
        why = ", ".join(f"{count:,} {reason}" for reason, count in skipped.items() if count)
        raise InputError(
            f"{name} has no usable sentence{f' (left out: {why})' if why else ''}; expected text of at least "
            "two words a line or row."
        )
    if len(found) > MOST:  # a part of it would not do: the rest might be trained on
        raise InputError(f"{name} has more than {MOST:,} sentences; choose a smaller one.")
    return HeldOutText(name, licence, found)


def _distinct(
    rest: Iterator[str],
    skipped: SkipCounts,
    *,
    most: int,
    count_rest: bool,
    elsewhere: Set[bytes] = frozenset(),
) -> Iterator[tuple[str, str]]:
    """The distinct sentences, each with its normalised text; without those with a digest in `elsewhere`."""
    seen: set[bytes] = set()
    for text in _cut(rest, skipped):
        if " " not in text:
            skipped[SHORT] += bool(text)
            continue
        key = normalise(text)
        digest = _digest(key)
        if digest in seen:
            skipped[REPEATED] += 1
            continue
        if digest in elsewhere:
            skipped[HELD_OUT_ELSEWHERE] += 1
            continue
        seen.add(digest)
        yield text, key
        if len(seen) == most:
            if count_rest:
                # Neither split nor compared: most of a large file is counted here.
                count = sum(not line.isspace() for line in islice(rest, COUNTED) if line)
                more = "or more " if next(rest, None) is not None else ""
                skipped[more + beyond(most)] += count
            return


def _digest(normalised: str) -> bytes:
    """Half of a SHA-256: small enough to remember for every sentence, long enough never to collide."""
    return hashlib.sha256(normalised.encode()).digest()[:16]


_NOT_PLAIN = re.compile(r"[^a-z0-9]+")
_NO_WORD = re.compile(r"[\W_]+")
_PLAIN_LETTER = re.compile(r"[a-z]")
_OTHER_LETTER = re.compile(r"[^\W\d_a-z]")


def normalise(text: str) -> str:
    """The letters and digits of a text in lower case, with single spaces for everything else.

    Near copies have the same result. If at most half of the letters are outside a to z, only a to z and 0 to
    9 decide on the side ("a naïve man": "a na ve man"), as for the held-out text of the embedded models. All
    letters follow after a line feed, so that only true copies are equal. Otherwise the letters and digits of
    every script count. Text without any is lower-cased.
    """
    plain = _NOT_PLAIN.sub(" ", text.lower()).strip()
    if text.isascii():
        return plain or text.lower()
    words = " ".join(_NO_WORD.sub(_marks, unicodedata.normalize("NFC", text).casefold()).split())
    if not plain or len(_OTHER_LETTER.findall(words)) > len(_PLAIN_LETTER.findall(words)):
        return words or text.lower()
    return plain if plain == words else f"{plain}\n{words}"


def _marks(between: re.Match[str]) -> str:
    """A space, unless it would cut a word at one of its marks, such as the vowels of many scripts."""
    marks = "".join(takewhile(lambda character: unicodedata.category(character)[0] == "M", between[0]))
    return marks if marks == between[0] else f"{marks} "


def split_key(normalised: str) -> str:
    """The part of a normalised text that decides on its side; near copies share it."""
    return normalised.partition("\n")[0][:SPLIT_KEY_CHARACTERS]


def is_held_out(normalised: str) -> bool:
    """Two in a hundred sentences, by a hash of the first 40 characters of the normalised text."""
    digest = hashlib.sha256(split_key(normalised).encode()).digest()
    return int.from_bytes(digest[:4], "big") % 1000 < HELD_OUT_PER_MILLE


# Not after an initial or a short title ("J.", "Mr.", "Prof.").
_SENTENCE_END = re.compile(r"(?<!\b[A-Z])(?<!\b[A-Z][a-z])(?<!\b[A-Z][a-z]{3})[.!?][\"'”’)\]]* ")


def split(text: str) -> Iterator[str]:
    """The sentences of a long text, found by punctuation; longer ones are split at a space."""
    start = 0
    for end in [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]:
        while end - start > LONGEST:
            space = text.rfind(" ", start, start + LONGEST)
            cut = space if space > start else start + LONGEST
            yield text[start:cut].strip()
            start = cut
        if end > start:
            yield text[start:end].strip()
        start = end


def _cut(sentences: Iterable[str], skipped: SkipCounts) -> Iterator[str]:
    """Each text with single spaces; a text that is too long is split into its sentences."""
    for sentence in sentences:
        text = " ".join(sentence.split())
        if not text.isascii() and _has_lone_surrogate(text):
            skipped[LONE_SURROGATES] += 1
        elif len(text) > LONGEST:
            skipped[LONG] += 1
            yield from split(text)
        else:
            yield text


def _has_lone_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
