"""Give FairKD hundreds of bad inputs, and judge what it says about them.

    python -m benchmarks.bad_inputs [--only KIND] [--show]

Inputs are made from short lists of bad values and of the places that take a value: settings, changes on the
command line, configuration files, texts and tables, model folders, words, environment variables. The links
to every page are opened as a browser would open them (`benchmarks.bad_links`). An input ends in one of four
ways:

* clear: a FairKDError of one line that names the thing, in at most LONGEST characters, without a path of the
  server that was not given;
* accepted: no error, since the value makes sense there, or is shown as it is;
* unclear: a FairKDError that breaks one of these rules;
* leaked: any other exception.

`--show` prints every sentence. The exit code is 1 if an input was unclear or leaked.
"""

from __future__ import annotations

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before huggingface_hub reads it: nothing waits for a network

import argparse
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bad_cases import Case, configurations, environment, words
from benchmarks.bad_corpora import corpora
from benchmarks.bad_models import model_folders, references
from fairkd.errors import FairKDError

ROOT = Path(__file__).parents[1]
LONGEST = 700  # characters of a sentence: two quotations of 200 and what is said about them
OUTCOMES = ("clear", "accepted", "unclear", "leaked")


def judged(case: Case, folder: Path) -> tuple[str, str]:
    """The outcome of a case, and the sentence or the reason."""
    try:
        case.call()
    except FairKDError as error:
        sentence = str(error)
        if reason := flaw(sentence, case, folder):
            return "unclear", f"{reason}: {sentence[:1000]!r}"
        return "clear", sentence
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return "leaked", f"{type(error).__name__}: {str(error)[:200]} ({place.filename}:{place.lineno})"
    return "accepted", ""


def flaw(sentence: str, case: Case, folder: Path) -> str:
    """What is unclear about a sentence; empty if it is clear."""
    if len(sentence) > LONGEST:
        return f"{len(sentence)} characters"
    if len(sentence.splitlines()) != 1:
        return "several lines"
    if not sentence.endswith((".", "?")):
        return "no sentence"
    if any(str(path) in sentence for path in (folder, ROOT, Path.home())):
        return "a path of the server"
    if case.names and not any(name.lower() in sentence.lower() for name in case.names):
        return f"does not name {' or '.join(case.names)}"
    return ""


def cases(folder: Path) -> Iterator[Case]:
    """All cases but the links; their files lie in `folder`, which is the working directory."""
    yield from configurations(folder)
    yield from words()
    yield from environment()
    yield from corpora(folder)
    yield from references()
    yield from model_folders(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", help="one kind: settings, corpora, links, links to runs, ...")
    parser.add_argument("--show", action="store_true", help="print every sentence")
    options = parser.parse_args()
    counts: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        os.environ["FAIRKD_HOME"] = str(folder / "home")
        os.chdir(folder)  # so that inputs are named by relative paths, and an absolute one is the server's
        for case in cases(folder):
            if options.only in (None, case.kind):
                outcome, text = judged(case, folder)
                counts.setdefault(case.kind, Counter())[outcome] += 1
                if options.show or outcome in ("unclear", "leaked"):
                    print(f"{outcome}  {case.kind}  {case.name}\n    {text}", flush=True)
        os.chdir(ROOT)
        if options.only is None or options.only.startswith("links"):
            from benchmarks.bad_links import PAGES, tried_links  # imports the dashboard

            pages = {page for page in PAGES if options.only in (None, "links", f"links to {page}")}
            for page, outcome, text in tried_links(folder, pages):
                counts.setdefault(f"links to {page}", Counter())[outcome] += 1
                if options.show or outcome in ("unclear", "leaked"):
                    print(f"{outcome}  {page}  {text}", flush=True)
    print(table(counts))
    if any(count["unclear"] + count["leaked"] for count in counts.values()):
        sys.exit(1)


def table(counts: dict[str, Counter[str]]) -> str:
    """The counts as a table in Markdown."""
    rows = [f"| What | Tried | {' | '.join(one.capitalize() for one in OUTCOMES)} |", "|---|" + "---|" * 5]
    total: Counter[str] = Counter()
    for kind, count in [*counts.items(), ("together", total)]:
        cells = [count.total(), *(count[outcome] for outcome in OUTCOMES)]
        rows.append(f"| {kind} | {' | '.join(map(str, cells))} |")
        total.update(count)
    return "\n".join(rows)


if __name__ == "__main__":
    main()
