"""The text that the embedded models are trained on, and its held-out split.

Four sources: BUG, GAP and the Wikipedia sentences of BOLD, read straight from the pinned data wheel
(`fairkd.corpora.pinned_wheels`), and WordNet's glosses, examples and kinds of things, read from Debian's
`wordnet-base`. None of the sets that FairKD measures bias with (CrowS-Pairs, StereoSet, BEC-Pro, WinoBias,
Winogender) is read.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from fairkd.corpora import is_held_out, normalise, open_member
from fairkd.errors import InputError

WORDNET_FOLDER = Path("/usr/share/wordnet")
# WordNet's files of nouns that one can count: animals, artefacts, persons.
COUNTED = {"05", "06", "18"}
KINDS, NAMES, CLAUSES = "WordNet's kinds", "WordNet's names", "clauses"
ONLY_TRAINED_ON = (KINDS, NAMES, CLAUSES)
# What he or she is, up to a comma or the next word that leads on.
_SAID_OF = re.compile(
    r"\b((?:he|she) (?:is|was) an? [a-z][a-z -]{2,40}?) ?"
    r"(?=[,.;:!?]|\b(?:who|and|but|in|on|at|from|with|for|to|by|that|which|whose|of|when|while)\b)",
    re.IGNORECASE,
)


def read_sentences(wordnet: Path = WORDNET_FOLDER) -> pd.DataFrame:
    """All distinct sentences of three words or more: `source`, `text` and whether they are `held_out`.

    The split is the one of `fairkd.corpora`: by a hash of a sentence's normalised beginning, so that a
    sentence and its near copies always fall on the same side; an article that we put in front does not count.
    WordNet's kinds and names and the clauses are trained on and never measured with: what the hash holds out
    is left out, and clauses are cut out of no sentence that is held out.
    """
    rows = [
        *(("BUG", "", text) for text in _bug()),
        *(("GAP", "", text) for text in _gap()),
        *(("BOLD", "", text) for text in _bold()),
        *(("WordNet", article, text) for article, text in _wordnet(wordnet)),
        *_kinds(wordnet),
    ]
    frame = pd.DataFrame(rows, columns=["source", "article", "text"])
    frame["text"] = frame["text"].str.replace(r"\s+", " ", regex=True).str.strip()
    frame = frame[frame["text"].str.count(" ") >= 2]
    key = frame["text"].map(normalise)
    frame = frame[~key.duplicated()]
    frame["text"] = frame.pop("article") + frame["text"]
    frame["held_out"] = key[frame.index].map(is_held_out)
    clauses = pd.DataFrame({"source": CLAUSES, "text": list(_clauses(frame.loc[~frame["held_out"], "text"]))})
    key = clauses["text"].map(normalise)
    clauses = clauses[~(key.duplicated() | key.isin(frame["text"].map(normalise)))]
    clauses["held_out"] = key[clauses.index].map(is_held_out)
    frame = pd.concat([frame, clauses])
    return frame[~(frame["held_out"] & frame["source"].isin(ONLY_TRAINED_ON))].reset_index(drop=True)


def _bug() -> Iterator[str]:
    with open_member("BUG/data/full_BUG.csv") as handle:
        yield from pd.read_csv(handle, usecols=["sentence_text"])["sentence_text"]


def _gap() -> Iterator[str]:
    for part in ("development", "test", "validation"):
        with open_member(f"GAP/data/gap-{part}.tsv") as handle:
            frame = pd.read_csv(handle, sep="\t", usecols=["Text"])
        yield from frame["Text"].str.replace("``", '"').str.replace("''", '"')


def _bold() -> Iterator[str]:
    for part in ("gender", "political_ideology", "profession", "race", "religious_ideology"):
        with open_member(f"BOLD/data/wikipedia/{part}_wiki.json") as handle:
            groups = json.load(io.TextIOWrapper(handle, encoding="utf-8"))
        for entities in groups.values():
            for sentences in entities.values():
                yield from sentences


def _clauses(texts: Iterable[str]) -> Iterator[str]:
    """What sentences say that he or she is: "he was a smith." of "Loved, for he was a smith, by all."

    It is how the pages ask, "[MASK] is a nurse.", and sentences as short as that are rare.
    """
    for text in texts:
        for found in _SAID_OF.finditer(text):
            yield f"{found[1].strip()}."


def _wordnet(folder: Path) -> Iterator[tuple[str, str]]:
    """Each gloss as a sentence about its first word, with the article for it, each example as it stands.

    "milk ... | a white nutritious liquid ...; "a glass of milk"" gives
    "milk is a white nutritious liquid ..." and "a glass of milk."; "nanny ... | a woman who ..." gives
    "nanny is a woman who ..." with "a ".
    """
    for part in ("noun", "verb", "adj", "adv"):
        for line in _lines(folder / f"data.{part}"):
            fields, gloss = line.split(" | ", 1)
            word = re.sub(r"\(\w+\)$", "", fields.split(" ")[4]).replace("_", " ")
            definition = re.split(r';\s*"', gloss, maxsplit=1)[0].strip().rstrip(";")
            examples = re.findall(r'"([^"]+)"', gloss)
            if part == "noun" and re.match(r"(a|an|the|any|someone|something)\s", definition):
                yield _article(word, fields.split(" ")[1]), f"{word} is {definition}."
            else:
                yield "", f"{word}: {definition}."
            for example in examples:
                yield "", example if example[-1] in ".!?" else example + "."


def _article(noun: str, file: str) -> str:
    """ "a " or "an " before a noun of WordNet's `file`, or nothing where it takes none.

    Without them a model would learn that what comes before "is a nurse" is a noun, and not "she".
    """
    if file not in COUNTED or noun != noun.lower() or re.search(r"[^s]s$", noun):
        return ""
    return f"{_indefinite(noun)} "


def _indefinite(word: str) -> str:
    return "an" if word[0].lower() in "aeiou" else "a"


def _kinds(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Rows on what nouns and names are: "milk is a food.", "Marie Curie is a chemist.".

    Of a noun it is what stands one and two steps above it. A noun stands for the most common of its senses,
    if WordNet's makers met it in their tagged texts; so must they have the word for what it is, in that
    sense, and it is one word: nobody calls milk a potable.
    """
    met, first = set(), set()
    for line in _lines(folder / "index.noun"):
        lemma, _, senses, *fields = line.split()
        tagged = int(fields[-int(senses) - 1])
        used = [(lemma, offset) for offset in fields[-int(senses) :][:tagged]]
        met.update(used)
        first.update(used[:1])
    entries = {entry.offset: entry for entry in map(_entry, _lines(folder / "data.noun"))}
    for entry in entries.values():
        source = NAMES if entry.instance_of else KINDS
        above = entry.instance_of or [
            *entry.kind_of,
            *(further for kind in entry.kind_of for further in entries[kind].kind_of),
        ]
        words = [(word, kind) for kind in above for word in entries[kind].words]
        words_met = [word for word, kind in words if "_" not in word and (word.lower(), kind) in met]
        for noun in entry.words:
            if entry.instance_of or (noun.lower(), entry.offset) in first:
                said = noun.replace("_", " ")
                for word in dict.fromkeys(words_met):
                    sentence = f"{said} is {_indefinite(word)} {word}."
                    yield source, _article(said, entry.file), sentence


class _Entry(NamedTuple):
    """A line of data.noun; `kind_of` and `instance_of` are offsets of other ones."""

    offset: str
    file: str
    words: list[str]
    kind_of: list[str]
    instance_of: list[str]


def _entry(line: str) -> _Entry:
    offset, file, _, count, *fields = line.split(" | ", 1)[0].split()
    end = 2 * int(count, 16)
    pointers = list(zip(fields[end + 1 :: 4], fields[end + 2 :: 4], strict=False))
    kind_of, instance_of = ([to for kind, to in pointers if kind == sign] for sign in ("@", "@i"))
    return _Entry(offset, file, fields[:end:2], kind_of, instance_of)


def _lines(file: Path) -> Iterator[str]:
    """The lines of one of WordNet's files that hold data: its licence is indented."""
    if not file.is_file():
        raise InputError(
            f"WordNet's data files are expected in {file.parent}; install Debian's wordnet-base."
        )
    with file.open(encoding="utf-8", errors="replace") as handle:
        yield from (line.rstrip("\n") for line in handle if not line.startswith("  "))
