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

import pandas as pd

from fairkd.corpora import is_held_out, normalise, open_member
from tools import wordnet

KINDS, NAMES, CLAUSES = "WordNet's kinds", "WordNet's names", "clauses"
ONLY_TRAINED_ON = (KINDS, NAMES, CLAUSES)
# What he or she is, up to a comma or the next word that leads on.
_SAID_OF = re.compile(
    r"\b((?:he|she) (?:is|was) an? [a-z][a-z -]{2,40}?) ?"
    r"(?=[,.;:!?]|\b(?:who|and|but|in|on|at|from|with|for|to|by|that|which|whose|of|when|while)\b)",
    re.IGNORECASE,
)


def read_sentences(wordnet_folder: Path = wordnet.FOLDER) -> pd.DataFrame:
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
        *(("WordNet", article, text) for article, text in _wordnet(wordnet_folder)),
        *_kinds(wordnet_folder),
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
    for part in wordnet.PARTS:
        for entry in wordnet.synsets(part, folder):
            word = entry.words[0]
            if part == "noun" and wordnet.is_said_of_one(entry.definition):
                yield wordnet.article(word, entry.file), f"{word} is {entry.definition}."
            else:
                yield "", f"{word}: {entry.definition}."
            yield from (("", wordnet.sentence(example)) for example in entry.examples)


def _kinds(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Rows on what nouns and names are: "milk is a food.", "Marie Curie is a chemist.".

    Of a noun it is what stands one and two steps above it. A noun stands for the most common of its senses,
    if WordNet's makers met it in their tagged texts; so must they have the word for what it is, in that
    sense, and it is one word: nobody calls milk a potable.
    """
    met, first = set(), set()
    for line in wordnet.lines(folder / "index.noun"):
        lemma, _, senses, *fields = line.split()
        tagged = int(fields[-int(senses) - 1])
        used = [(lemma, offset) for offset in fields[-int(senses) :][:tagged]]
        met.update(used)
        first.update(used[:1])
    entries = {entry.offset: entry for entry in wordnet.synsets("noun", folder)}
    for entry in entries.values():
        instance_of, kind_of = entry.to("@i"), entry.to("@")
        source = NAMES if instance_of else KINDS
        above = instance_of or [*kind_of, *(further for kind in kind_of for further in entries[kind].to("@"))]
        words = [(word, kind) for kind in above for word in entries[kind].words]
        words_met = [word for word, kind in words if " " not in word and (word.lower(), kind) in met]
        for noun in entry.words:
            if instance_of or (noun.lower().replace(" ", "_"), entry.offset) in first:
                for word in dict.fromkeys(words_met):
                    sentence = f"{noun} is {wordnet.indefinite(word)} {word}."
                    yield source, wordnet.article(noun, entry.file), sentence
