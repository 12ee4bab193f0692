"""The text that the embedded models are trained on, and its held-out split.

Four sources: BUG, GAP and the Wikipedia sentences of BOLD, read straight from the pinned data wheel
(`fairkd.datawheel`), and WordNet's glosses and examples, read from Debian's `wordnet-base`. None of
the sets that FairKD measures bias with (CrowS-Pairs, StereoSet, BEC-Pro, WinoBias, Winogender) is read.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from fairkd.corpora import is_held_out, normalise
from fairkd.datawheel import open_member
from fairkd.errors import InputError

WORDNET_FOLDER = Path("/usr/share/wordnet")


def read_sentences(wordnet: Path = WORDNET_FOLDER) -> pd.DataFrame:
    """All distinct sentences of three words or more: `source`, `text` and whether they are `held_out`.

    The split is the one of `fairkd.corpora`: by a hash of a sentence's normalised beginning, so that a
    sentence and its near copies always fall on the same side.
    """
    rows = [
        *(("BUG", text) for text in _bug()),
        *(("GAP", text) for text in _gap()),
        *(("BOLD", text) for text in _bold()),
        *(("WordNet", text) for text in _wordnet(wordnet)),
    ]
    frame = pd.DataFrame(rows, columns=["source", "text"])
    frame["text"] = frame["text"].str.replace(r"\s+", " ", regex=True).str.strip()
    frame = frame[frame["text"].str.count(" ") >= 2]
    key = frame["text"].map(normalise)
    frame = frame[~key.duplicated()]
    frame["held_out"] = key[frame.index].map(is_held_out)
    return frame.reset_index(drop=True)


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


def _wordnet(folder: Path) -> Iterator[str]:
    """Each gloss as a sentence about its first word, each example as it stands.

    "milk ... | a white nutritious liquid ...; "a glass of milk"" gives
    "Milk is a white nutritious liquid ..." and "A glass of milk."
    """
    if not folder.is_dir():
        raise InputError(f"WordNet's data files are expected in {folder}; install Debian's wordnet-base.")
    for part in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{part}").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("  ") or " | " not in line:
                continue
            fields, gloss = line.split(" | ", 1)
            word = re.sub(r"\(\w+\)$", "", fields.split(" ")[4]).replace("_", " ")
            definition = re.split(r';\s*"', gloss, maxsplit=1)[0].strip().rstrip(";")
            examples = re.findall(r'"([^"]+)"', gloss)
            if part == "noun" and re.match(r"(a|an|the|any|someone|something)\s", definition):
                yield f"{word} is {definition}."
            else:
                yield f"{word}: {definition}."
            for example in examples:
                yield example if example[-1] in ".!?" else example + "."
