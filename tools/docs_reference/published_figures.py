"""The published figures of the benchmarks, and why they disagree."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable
from typing import Any

from fairkd.benchmarks import FigureSource, PublishedScore, about, all_published, published
from tools.docs_reference.commands import cell
from tools.docs_reference.paths import page_of

Grouped = ItemsView[Any, list[PublishedScore]]

INTRODUCTION = """\
These figures were published by others. FairKD shows them beside its own result, and did not compute them.
[What the benchmarks measure](concepts/measuring.md) says how to read them.

A number in brackets says how many items of a category the file has. A model without an organisation in its
name is named as in the source, which does not say which checkpoint it is.

## Why one model has several values

* **The file.** CrowS-Pairs exists in the original English, in a revised and an extended English, and in other
  languages.
* **The script.** Two scripts that name the same measure can compute different things.

An example is `bert-base-uncased` on the pairs about gender:

"""
REASONS = """
So a figure compares only with figures of the same file and script. These differences are known:

* **CrowS-Pairs in bias-bench.** The [script](https://github.com/McGill-NLP/bias-bench) masks the tokens in
  which the two sentences differ, and compares the means of their log-probabilities. The metric of the paper
  masks the tokens that they share, and compares the sums. The script also leaves out pairs in which one
  sentence has no differing token. [MABEL](https://github.com/princeton-nlp/MABEL) uses the same method, and
  says that its figures do not compare with those of the paper.
* **The leading blank.** RoBERTa has one token for a word at the start of a text and another for the same word
  after a blank. The figures of RoBERTa in the StereoSet paper were computed without the blank
  ([bias-bench, issue 5](https://github.com/McGill-NLP/bias-bench/issues/5)). They are left out here.
* **Faults of the items.** Some sentences of StereoSet have their blank at the start, have two, or differ in
  capitals (bias-bench, issues [19](https://github.com/McGill-NLP/bias-bench/issues/19) and
  [21](https://github.com/McGill-NLP/bias-bench/issues/21)). Scripts treat them in different ways.
* **Words of several subword tokens.** A masked token is easier to guess when the other tokens of its word are
  visible ([Kauf and Ivanova 2023](https://arxiv.org/abs/2305.10588)). So it matters which of them are masked.
  The scripts of StereoSet take the mean of the probabilities of a word's tokens. FairKD gives this value
  beside its own.
* **AULA.** The authors' script multiplies by the attention weights as they are. A script that makes them add
  up to 1 gets another result for some pairs.
* **Upper and lower case.** The script of Dutch CrowS-Pairs puts the text in lower case for cased models, too.
  Its "roberta" is `roberta-large`.
* **SEAT of BERT.** How the first scripts used the `[CLS]` token is disputed
  ([sent-bias, pull request 2](https://github.com/W4ngatang/sent-bias/pull/2)).

## What is doubtful

"""
# Benchmarks whose figures are kept, although FairKD has no such benchmark: label and what they measure.
OTHERS = {
    "seat": (
        "SEAT",
        "The sentence encoder association test compares embeddings, not predictions. Its figures are effect "
        "sizes; 0 means no association. FairKD does not compute it.",
    ),
    "mbe": (
        "MBE",
        "Multilingual bias evaluation compares sentences about women and men that are found with a parallel "
        "corpus; 50 means no preference. FairKD does not compute it.",
    ),
}
VALUES = {
    "score": "",
    "stereo": "stereotype pairs ",
    "antistereo": "anti-stereotype pairs ",
    "ties": "ties ",
    "lms": "LMS ",
    "ss": "SS ",
    "icat": "ICAT ",
    "mean-absolute": "mean of absolute values ",
    "signed": "mean ",
    "perplexity": "",
    "sd": "standard deviation ",
    "seat": "SEAT ",
    "lauscher": "Lauscher et al. 2021 ",
    "tan-celis": "Tan and Celis 2019 ",
}


def page() -> str:
    """The page in Markdown."""
    parts = [INTRODUCTION, _example(), REASONS, _doubts()]
    for benchmark, figures in _grouped(all_published(), lambda figure: figure.benchmark):
        parts.append(f"\n## {_label(benchmark)}\n\n{_meaning(benchmark)}\n")
        for (file, script), found in _grouped(figures, lambda figure: (figure.file_label, figure.script)):
            parts.append(f"\n**{file}.** Script: {script}.{_table(found)}")
    return page_of("Published figures", "".join(parts))


def _grouped(figures: Iterable[PublishedScore], key: Callable[[PublishedScore], Any]) -> Grouped:
    """The figures by key, both in their first order."""
    groups: dict[Any, list[PublishedScore]] = {}
    for figure in figures:
        groups.setdefault(key(figure), []).append(figure)
    return groups.items()


def _label(benchmark: str) -> str:
    return OTHERS[benchmark][0] if benchmark in OTHERS else about(benchmark).label


def _meaning(benchmark: str) -> str:
    if benchmark in OTHERS:
        return OTHERS[benchmark][1]
    return f"{about(benchmark).summary} {about(benchmark).unbiased}"


def _example() -> str:
    """All figures of one model and category."""
    lines = ["| File | Pairs | Script | Value | Source |", "|---|---|---|---|---|"]
    for figure in published("crows-pairs", "bert-base-uncased", category="gender"):
        sources = "<br>".join(map(_link, figure.sources))
        cells = (figure.file_label, figure.items or "", figure.script, figure.printed, sources)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def _table(figures: list[PublishedScore]) -> str:
    """A row for each model and source, a column for each category. A source of all rows stands above them."""
    items = {figure.category: figure.items for figure in figures}
    categories = sorted(items, key=lambda name: name != "all")
    rows: dict[tuple[str, ...], list[str]] = {}  # the sources of each row
    for model, of_model in _grouped(figures, _model):
        for source in dict.fromkeys(source for figure in of_model for source in figure.sources):
            printed = [figure for figure in of_model if source in figure.sources]
            cells = [_values(figure for figure in printed if figure.category == name) for name in categories]
            rows.setdefault((model, *cells), []).append(_link(source))
    columns = ["Model", *(f"{name} ({items[name]:,})" if items[name] else name for name in categories)]
    sources = ["<br>".join(links) for links in rows.values()]
    above = f" Source: {sources[0]}." if len(set(sources)) == 1 else ""
    lines = [[*row] if above else [*row, source] for row, source in zip(rows, sources, strict=True)]
    heads = [columns if above else [*columns, "Source"]]
    heads.append(["---"] * len(heads[0]))
    return f"{above}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in heads + lines)


def _model(figure: PublishedScore) -> str:
    changed = f" after {figure.variant}" if figure.variant else ""
    return f"`{figure.model}`{changed}" + (", [doubtful](#what-is-doubtful)" if figure.doubtful else "")


def _link(source: FigureSource) -> str:
    return f"[{cell(source.citation)}]({source.url})" if source.url else cell(source.citation)


def _values(figures: Iterable[PublishedScore]) -> str:
    """The figures of one cell, each with what it is."""
    return ", ".join(
        VALUES.get(figure.value, f"{figure.value} ") + figure.printed.replace("-", "−") for figure in figures
    )


def _doubts() -> str:
    lines = []
    for reason in dict.fromkeys(figure.doubtful for figure in all_published() if figure.doubtful):
        doubted = [figure for figure in all_published() if figure.doubtful == reason]
        models = ", ".join(dict.fromkeys(f"`{figure.model}`" for figure in doubted))
        where = ", ".join(dict.fromkeys(_label(figure.benchmark) for figure in doubted))
        lines.append(f"* {models} ({where}): {cell(reason)}\n")
    return "".join(lines)
