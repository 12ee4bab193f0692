"""`python -m tests.zoo.table`: try FairKD on every checkpoint of the zoo and write docs/models.md.

With names, only those are tried, and the table is printed instead. Takes a few minutes, and no network.
"""

from __future__ import annotations

import os
import re
import sys

os.environ["HF_HUB_OFFLINE"] = "1"  # before huggingface_hub is imported

from pathlib import Path
from tempfile import TemporaryDirectory

import transformers

from tests import ROOT
from tests.zoo import NAMES, make
from tests.zoo.attempts import COLUMNS, tried

_DOCUMENT = ROOT / "docs" / "models.md"
_HEAD = """\
# Which models work

Every masked-LM type of transformers {version}, and a few models whose tokenizer differs from their type's.
Each row is a tiny checkpoint in the shape of the published ones, made on the fly with random weights: the
table says what FairKD can do with an architecture and its tokenizer, not how good a model is.

The columns are what was tried: load the model, predict a masked word, measure pronoun gaps, resolve the
pronoun constraint, find the queries, keys and values that the relation loss compares (`objective.relations`),
distill into a student with one of the teacher's layers, and distill into a fresh smaller student. A number
stands for the sentence that FairKD refuses with, below the table.

This page is generated: `python -m tests.zoo.table` makes the checkpoints and tries everything again.
"""


def table(names: tuple[str, ...]) -> str:
    """The table in Markdown, with the sentences of the refusals as a numbered list below it."""
    numbers: dict[str, int] = {}
    rows = []
    for name in names:
        with TemporaryDirectory() as folder:
            found = dict(tried(make(name, Path(folder) / name)))
        cells = []
        for column in COLUMNS:
            sentence = found.get(column, "")
            if sentence:
                # One number for all models of which the same is said. A setting keeps its lower case.
                sentence = re.sub(r"(the model) \(\w+\)", r"\1", sentence.replace(name, "the model"))
                sentence = re.sub(r"^the\b", "The", sentence)
                cells.append(f"({numbers.setdefault(sentence, len(numbers) + 1)})")
            else:
                cells.append("ok" if sentence is None else "–")
        rows.append(f"| {name} | {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    head = [f"| model | {' | '.join(COLUMNS)} |", f"|---|{'---|' * len(COLUMNS)}"]
    # Brackets would be links.
    sentences = [f"{number}. {sentence.replace('[', '&#91;')}" for sentence, number in numbers.items()]
    return "\n".join([*head, *rows, "", "## What the numbers stand for", "", *sentences, ""])


def main() -> None:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    names = tuple(sys.argv[1:])
    text = table(names or NAMES)
    if names:
        print(text)
    else:
        _DOCUMENT.write_text(f"{_HEAD.format(version=transformers.__version__)}\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
