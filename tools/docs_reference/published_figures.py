"""The published figures of the benchmarks, and why they disagree."""

from __future__ import annotations

from itertools import groupby

from fairkd.benchmarks import PublishedScore, about, all_published, published
from tools.docs_reference.commands import cell
from tools.docs_reference.paths import page_of

INTRODUCTION = """\
These figures were published by others. FairKD shows them beside its own result, and did not compute them.
[What the benchmarks measure](concepts/measuring.md) says how to read them.

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
    "mean": "mean ",
    "sd": "standard deviation ",
    "seat": "SEAT ",
    "lauscher": "Lauscher et al. 2021 ",
    "tan-celis": "Tan and Celis 2019 ",
}


def page() -> str:
    """The page in Markdown."""
    example = published("crows-pairs", "bert-base-uncased", category="gender")
    parts = [INTRODUCTION, _table(example), REASONS, _doubts()]
    for benchmark, found in groupby(all_published(), lambda figure: figure.benchmark):
        parts += [f"\n## {_label(benchmark)}\n\n{_meaning(benchmark)}\n\n", _table(tuple(found))]
    return page_of("Published figures", "".join(parts))


def _label(benchmark: str) -> str:
    return OTHERS[benchmark][0] if benchmark in OTHERS else about(benchmark).label


def _meaning(benchmark: str) -> str:
    if benchmark in OTHERS:
        return OTHERS[benchmark][1]
    return f"{about(benchmark).summary} {about(benchmark).unbiased}"


def _table(figures: tuple[PublishedScore, ...]) -> str:
    """One row for the values that share everything else."""
    lines = ["| Model | File | Items | Category | Script | Value | Source |", "|---|---|---|---|---|---|---|"]
    for (model, file, items, category, script, sources), found in groupby(figures, _row):
        values = ", ".join(_value(figure) for figure in found)
        lines.append(f"| {model} | {file} | {items} | {category} | {script} | {values} | {sources} |")
    return "\n".join(lines) + "\n"


def _row(figure: PublishedScore) -> tuple[str, ...]:
    sources = [
        f"[{cell(source.citation)}]({source.url})" if source.url else cell(source.citation)
        for source in figure.sources
    ]
    changed = f" after {figure.variant}" if figure.variant else ""
    doubt = "<br>[doubtful](#what-is-doubtful)" if figure.doubtful else ""
    return (
        f"`{figure.model}`{changed}",
        cell(figure.file_label),
        f"{figure.items:,}" if figure.items else "",
        figure.category,
        cell(figure.script),
        "<br>".join(sources) + doubt,
    )


def _value(figure: PublishedScore) -> str:
    label = VALUES.get(figure.value, f"{figure.value} ")
    return f"{label}{figure.printed.replace('-', '−')}"


def _doubts() -> str:
    lines = []
    for reason in dict.fromkeys(figure.doubtful for figure in all_published() if figure.doubtful):
        doubted = [figure for figure in all_published() if figure.doubtful == reason]
        models = ", ".join(dict.fromkeys(f"`{figure.model}`" for figure in doubted))
        where = ", ".join(dict.fromkeys(_label(figure.benchmark) for figure in doubted))
        lines.append(f"* {models} ({where}): {cell(reason)}\n")
    return "".join(lines)
