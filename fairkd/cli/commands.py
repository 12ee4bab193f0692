"""The command line: parse the options, call the library, print a table or one JSON document.

Invalid input ends with one sentence on standard error and exit code 2. torch, transformers and pandas take
seconds to import. The commands that need them import them inside, so that `fairkd --help` stays fast.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from fairkd import __version__
from fairkd.cli.console import JsonOption, out, print_json, print_table, progress
from fairkd.cli.dashboard_command import dashboard
from fairkd.cli.distill_commands import distill
from fairkd.cli.run_commands import runs_app
from fairkd.cli.settings_command import settings
from fairkd.errors import FairKDError, InputError, ModelError

if TYPE_CHECKING:
    from fairkd.models import MaskedLM

EMBEDDED_TEACHER = "embedded/teacher"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="Find and describe models.", no_args_is_help=True)
app.add_typer(models_app, name="models")
app.add_typer(runs_app, name="runs")
app.command()(distill)
app.command()(settings)
app.command()(dashboard)

_MODEL_HELP = (
    "embedded/NAME, run/ID, a local folder, or a Hugging Face Hub id such as org/name or org/name@revision."
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"fairkd {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, help="Show the version and exit.", callback=_version)
    ] = False,
) -> None:
    """Look inside masked language models while one teaches another, and measure their gender gaps."""


def main() -> None:
    """The console script `fairkd`."""
    try:
        app()
    except FairKDError as error:
        Console(stderr=True).print(Text(f"Error: {error}"), soft_wrap=True)
        sys.exit(2)


@app.command()
def predict(
    text: Annotated[str, typer.Argument(help="A sentence. [MASK], <mask> and a stand-alone _ are masks.")],
    model: Annotated[str, typer.Option(help=_MODEL_HELP)] = EMBEDDED_TEACHER,
    top_k: Annotated[
        int, typer.Option(min=1, help="Number of predicted tokens to show at each position.")
    ] = 5,
    each: Annotated[
        bool,
        typer.Option(
            "--each", help="Mask each token, one at a time, instead of reading the text as written."
        ),
    ] = False,
    temperature: Annotated[
        float, typer.Option(help="Temperature of the softmax: the logits are divided by it.")
    ] = 1.0,
    word: Annotated[
        list[str] | None,
        typer.Option(help="Also show the probability of this word at each position. Repeatable."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a model predicts at the masks of a sentence, or at every position if it has none."""
    from fairkd import predictions
    from fairkd.models import unknown_parts

    lm = _load(model)
    with progress() as report:
        prediction = predictions.predict(lm, text, temperature=temperature, mask_each=each, progress=report)
    if unknown := unknown_parts(lm, text):
        listed = ", ".join(f"“{one}”" for one in unknown)
        _hint(
            f"Not in the vocabulary of {lm.reference}: {listed}. The tokenizer reads it as the unknown token."
        )
    document = predictions.as_json(prediction, top_k=top_k)
    found = {
        position: [predictions.look_up(lm, prediction, one, position=position) for one in word or []]
        for position in predictions.shown_positions(prediction)
    }
    if word:
        for position in document["positions"]:
            position["words"] = [
                {name: getattr(one, name) for name in ("word", "probability", "rank", "subwords")}
                for one in found[position["index"]]
            ]
    if as_json:
        print_json(document)
        return
    rows: list[tuple[object, ...]] = []
    for position in document["positions"]:
        for n, guess in enumerate(position["predictions"]):
            first = (
                (position["index"], position["token"], f"{position['entropy']:.2f}") if n == 0 else ("",) * 3
            )
            rows.append((*first, guess["rank"], guess["token"], f"{guess['probability']:.4f}"))
        for asked in found[position["index"]]:
            p = "–" if asked.probability is None else f"{asked.probability:.3g}"
            rows.append(("", "", "", asked.rank or "–", asked.word, p))
    print_table(
        f"{document['model']}: {document['text']}",
        {
            "position": "right",
            "token": "left",
            "entropy": "right",
            "rank": "right",
            "word": "left",
            "p": "right",
        },
        rows,
    )
    for note in dict.fromkeys(
        f"{one.word}: {one.note}." for ones in found.values() for one in ones if one.note
    ):
        _hint(note)


@app.command()
def gaps(
    model: Annotated[
        list[str], typer.Option(help=f"{_MODEL_HELP} Give it twice to test a student against its teacher.")
    ],
    contrast: Annotated[str, typer.Option(help="Word groups to compare.")] = "pronouns",
    groups: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Two of the word groups. Default: the first two."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write one row for each model, template and profession to this file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how much more probable one word group is than another, across professions.

    A gap is log P(first group) - log P(second group), in nats. Every further model is tested against the
    first.
    """
    import pandas as pd

    from fairkd.lexicon import contrasts, fitting, shipped_professions
    from fairkd.measures import (
        MEASURES,
        by_profession,
        gaps as measure,
        paired_test,
        split_words,
        summarise,
    )

    if csv is not None and (csv.is_dir() or not csv.absolute().parent.is_dir()):
        raise InputError(f"Cannot write {csv}: expected the name of a file in a folder that exists.")
    known = contrasts()
    if contrast not in known:
        raise InputError(f"There is no contrast {contrast!r}: expected one of {', '.join(known)}.")
    chosen = known[contrast]
    names_of_groups = [group.name for group in chosen.groups]
    pair = groups or (names_of_groups[0], names_of_groups[1])
    if len(names_of_groups) > 2 and groups is None:
        _hint(
            f"{contrast} has the groups {', '.join(names_of_groups)}. {' and '.join(pair)} are compared; "
            "choose others with --groups A B."
        )
    names = shipped_professions()["profession"].tolist()

    def of(reference: str) -> pd.DataFrame:
        lm = _load(reference)
        with progress() as report:
            return measure(
                lm,
                contrast=chosen,
                templates=fitting(chosen),
                professions=names,
                groups=pair,
                prior=csv is not None,  # twice the work, and only the file shows it
                progress=lambda done: report(f"Gaps of {reference}", done),
            )

    frames = [of(reference) for reference in model]
    for reference, frame in zip(model, frames, strict=True):
        if several := split_words(frame):
            _hint(f"Of several subword tokens in {reference}: {', '.join(several)}; their gaps run large.")
    if csv is not None:
        everything = pd.concat([frame.assign(model=name) for name, frame in zip(model, frames, strict=True)])
        try:
            everything.to_csv(csv, index=False)
        except OSError as error:
            raise InputError(f"Cannot write {csv}: {error.strerror or error}.") from error

    summaries = [summarise(frame) for frame in frames]
    tests = [None, *(paired_test(frames[0], frame) for frame in frames[1:])]
    if as_json:
        print_json(
            {
                "contrast": contrast,
                "groups": list(pair),
                "models": [
                    {
                        "model": reference,
                        "summary": asdict(summary),
                        "test": asdict(test) if test else None,
                        "professions": by_profession(frame).to_dict("records"),
                    }
                    for reference, frame, summary, test in zip(model, frames, summaries, tests, strict=True)
                ],
            }
        )
        return
    print_table(
        f"log P({pair[0]}) - log P({pair[1]}), nats, with 95 % intervals",
        {
            "model": "left",
            **{MEASURES[key].label: "right" for key in ("gap_mean", "gap_absolute", "gap_mass")},
        },
        [
            (
                reference,
                f"{summary.mean:+.2f} [{summary.low:+.2f}, {summary.high:+.2f}]",
                f"{summary.mean_absolute:.2f} [{summary.absolute_low:.2f}, {summary.absolute_high:.2f}]",
                f"{summary.mass:.3f}",
            )
            for reference, summary in zip(model, summaries, strict=True)
        ],
    )
    for reference, test in zip(model, tests, strict=True):
        if test is not None:
            out().print(Text(f"{reference}: {test.sentence}"), soft_wrap=True)


@models_app.command("list")
def list_models(as_json: JsonOption = False) -> None:
    """List the embedded models and the students of finished runs."""
    from fairkd import models

    descriptions = []
    for reference in (*models.embedded(), *models.of_runs()):
        try:
            descriptions.append(asdict(models.describe(_load(reference))))
        except ModelError as error:  # one damaged model does not hide the others
            _hint(f"{reference} is left out: {error}")
    if as_json:
        print_json(descriptions)
        return
    print_table(
        "Available models",
        {
            "reference": "left",
            "layers": "right",
            "width": "right",
            "parameters": "right",
            "vocabulary": "right",
        },
        [
            (d["reference"], d["layers"], d["width"], f"{d['parameters']:,}", f"{d['vocabulary']:,}")
            for d in descriptions
        ],
    )


@models_app.command("show")
def show_model(
    reference: Annotated[str, typer.Argument(help=_MODEL_HELP)],
    as_json: JsonOption = False,
) -> None:
    """Describe a model: architecture, size, tokenizer, origin."""
    from fairkd import models

    description = asdict(models.describe(_load(reference)))
    if as_json:
        print_json(description)
        return
    rows = [
        (name.replace("_", " "), f"{value:,}" if type(value) is int else value)
        for name, value in description.items()
        if value is not None
    ]
    print_table(None, {"": "left", " ": "left"}, rows)


def _hint(text: str) -> None:
    """Print a note on standard error, so that standard output holds the answer alone."""
    Console(stderr=True, highlight=False).print(Text(text), soft_wrap=True)


def _load(reference: str) -> MaskedLM:
    from fairkd import models

    with progress() as report:
        return models.load(reference, progress=report)
