"""The command line: parse the options, call the library, print a table or one JSON document.

Invalid input ends with one sentence on standard error and exit code 2. torch, transformers and pandas take
seconds to import. The commands that need them import them inside, so that `fairkd --help` stays fast.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from fairkd import __version__
from fairkd.cli.cache_commands import cache_app
from fairkd.cli.console import JsonOption, print_json, print_table, progress
from fairkd.cli.dashboard_command import dashboard
from fairkd.cli.data_commands import data_app
from fairkd.cli.distill_commands import distill
from fairkd.cli.doctor_command import doctor
from fairkd.cli.gaps_command import gaps
from fairkd.cli.learn_command import learn_app
from fairkd.cli.measure_command import measure
from fairkd.cli.model_options import EMBEDDED_TEACHER, MODEL_HELP, hint, load
from fairkd.cli.promoted_command import promoted
from fairkd.cli.report_command import report
from fairkd.cli.run_commands import runs_app
from fairkd.cli.settings_command import settings
from fairkd.cli.study_commands import study_app
from fairkd.errors import FairKDError, ModelError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="Find and describe models.", no_args_is_help=True)
app.add_typer(models_app, name="models")
app.add_typer(runs_app, name="runs")
app.add_typer(study_app, name="study")
app.add_typer(data_app, name="data")
app.add_typer(cache_app, name="cache")
app.add_typer(learn_app, name="learn")
app.command()(gaps)
app.command()(measure)
app.command()(promoted)
app.command()(distill)
app.command()(report)
app.command()(settings)
app.command()(dashboard)
app.command()(doctor)


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
    model: Annotated[str, typer.Option(help=MODEL_HELP)] = EMBEDDED_TEACHER,
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
    from fairkd.models import fill_mask_difference, unknown_parts

    lm = load(model)
    with progress() as report:
        prediction = predictions.predict(lm, text, temperature=temperature, mask_each=each, progress=report)
    if unknown := unknown_parts(lm, text):
        listed = ", ".join(f"“{one}”" for one in unknown)
        hint(
            f"Not in the vocabulary of {lm.reference}: {listed}. The tokenizer reads it as the unknown token."
        )
    if difference := fill_mask_difference(lm, text):
        hint(difference)
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
        hint(note)


@models_app.command("list")
def list_models(as_json: JsonOption = False) -> None:
    """List the embedded models and the students of finished runs."""
    from fairkd import models

    descriptions = []
    for reference in (*models.embedded(), *models.of_runs()):
        try:
            descriptions.append(asdict(models.describe(load(reference))))
        except ModelError as error:  # one damaged model does not hide the others
            hint(f"{reference} is left out: {error}")
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
    reference: Annotated[str, typer.Argument(help=MODEL_HELP)],
    as_json: JsonOption = False,
) -> None:
    """Describe a model: architecture, size, tokenizer, origin."""
    from fairkd import models

    lm = load(reference)
    description = asdict(models.describe(lm)) | {"head_is_known": models.head_is_known(lm.model)}
    if as_json:
        print_json(description)
        return
    if (note := models.unknown_head_note(lm)) is not None:
        hint(note)
    rows = [
        (name.replace("_", " "), f"{value:,}" if type(value) is int else value)
        for name, value in description.items()
        if value is not None and name != "notes"  # which loading has printed
    ]
    print_table(None, {"": "left", " ": "left"}, rows)
