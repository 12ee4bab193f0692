"""WordNet's synsets (sets of synonyms) and its licence, read from the files of Debian's `wordnet-base`.

The format is that of the manual page wndb(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fairkd.errors import InputError

FOLDER = Path("/usr/share/wordnet")
PARTS = ("noun", "verb", "adj", "adv")
# The files of nouns that one can count: animals, artefacts, persons.
COUNTED = {"05", "06", "18"}


class Synset(NamedTuple):
    """A line of a data file. `pointers` are pairs of a sign, such as "@" for a kind of, and an offset."""

    part: str
    offset: str
    file: str
    words: list[str]
    pointers: list[tuple[str, str]]
    definition: str
    examples: list[str]

    def to(self, *signs: str) -> list[str]:
        """The offsets that the pointers of these signs lead to."""
        return [offset for sign, offset in self.pointers if sign in signs]


def synsets(part: str, folder: Path = FOLDER) -> Iterator[Synset]:
    """The synsets of a part of speech."""
    for line in lines(folder / f"data.{part}"):
        fields, gloss = line.split(" | ", 1)
        offset, file, _, count, *rest = fields.split()
        end = 2 * int(count, 16)
        yield Synset(
            part,
            offset,
            file,
            [re.sub(r"\(\w+\)$", "", word).replace("_", " ") for word in rest[:end:2]],
            list(zip(rest[end + 1 :: 4], rest[end + 2 :: 4], strict=False)),
            re.split(r';\s*"', gloss, maxsplit=1)[0].strip().rstrip(";"),
            re.findall(r'"([^"]+)"', gloss),
        )


def sentence(text: str) -> str:
    """A text with a full stop, unless it ends a sentence already."""
    return text if text[-1] in ".!?" else f"{text}."


def is_said_of_one(definition: str) -> bool:
    """Whether the gloss of a noun goes on after "is": "a person who ...", "the act of ..."."""
    return re.match(r"(a|an|the|any|someone|something)\s", definition) is not None


def article(noun: str, file: str) -> str:
    """ "a " or "an " before a noun of WordNet's `file`, or nothing where it takes none.

    Without them a model would learn that what comes before "is a nurse" is a noun, and not "she".
    """
    if file not in COUNTED or noun != noun.lower() or re.search(r"[^s]s$", noun):
        return ""
    return f"{indefinite(noun)} "


def indefinite(word: str) -> str:
    """ "an" before a vowel, else "a"."""
    return "an" if word[0].lower() in "aeiou" else "a"


def lines(file: Path) -> Iterator[str]:
    """The lines of one of WordNet's files that hold data: its licence is indented."""
    yield from (line for line in _all_lines(file) if not line.startswith("  "))


def licence(folder: Path = FOLDER) -> str:
    """The licence that stands, with numbered lines, at the beginning of each file."""
    head = (line for line in _all_lines(folder / "data.noun") if line.startswith("  "))
    return "\n".join(re.sub(r"^  \d+ ?", "", line).rstrip() for line in head)


def _all_lines(file: Path) -> Iterator[str]:
    if not file.is_file():
        raise InputError(
            f"WordNet's data files are expected in {file.parent}; install Debian's wordnet-base."
        )
    with file.open(encoding="utf-8", errors="replace") as handle:
        yield from (line.rstrip("\n") for line in handle)
