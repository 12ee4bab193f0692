"""The command `fairkd gaps`: how much more probable one group of words is than another, in any models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from fairkd import __version__
from fairkd.cli.console import JsonOption, out, print_json, print_table, progress
from fairkd.cli.model_options import MODEL_HELP, hint, load
from fairkd.errors import InputError
from fairkd.utils import quoted, shortened

if TYPE_CHECKING:
    import pandas as pd

    from fairkd.lexicon import Contrast, Template
    from fairkd.measures import Summary


def gaps(
    model: Annotated[
        list[str],
        typer.Option(help=f"{MODEL_HELP} Repeatable: every further model is tested against the first."),
    ],
    contrast: Annotated[str, typer.Option(help="Word groups to compare.")] = "pronouns",
    groups: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Two of the word groups. Default: the first two."),
    ] = None,
    words: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B",
            help="Two lists of your own words, separated by commas, in place of --contrast and --groups.",
        ),
    ] = None,
    role: Annotated[
        str, typer.Option(help="The grammatical role of --words: subject, object, possessive, noun or name.")
    ] = "noun",
    templates: Annotated[
        Path | None,
        typer.Option(
            help="CSV file with the columns text and role. Default: the shipped templates.",
        ),
    ] = None,
    professions: Annotated[
        Path | None,
        typer.Option(help="CSV file with the column profession. Default: the shipped professions."),
    ] = None,
    prior_corrected: Annotated[
        bool,
        typer.Option(
            "--prior-corrected",
            help="Summarise the gap minus that of the same sentence with the profession masked too.",
        ),
    ] = False,
    csv: Annotated[
        Path | None, typer.Option(help="Write one row for each model, template and profession to this file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how much more probable one word group is than another, across professions.

    A gap is log P(first group) - log P(second group), in nats. Every further model is tested against the
    first.
    """
    from fairkd import measures
    from fairkd.models import weights_hash

    if csv is not None and (csv.is_dir() or not csv.absolute().parent.is_dir()):
        raise InputError(
            f"Cannot write {shortened(csv)}: expected the name of a file in a folder that exists."
        )
    chosen, pair = _word_groups(contrast, groups, words)
    asked = _templates(chosen, pair, templates, role if words else None)
    names = _professions(professions)
    _note_misfits(asked, chosen, pair)
    value: measures.Value = "corrected_gap" if prior_corrected else "gap"

    def of(reference: str) -> pd.DataFrame:
        lm = load(reference)
        with progress() as report:
            frame = measures.gaps(
                lm,
                contrast=chosen,
                templates=asked,
                professions=names,
                groups=pair,
                prior=prior_corrected or csv is not None,  # twice the work
                progress=lambda done: report(f"Gaps of {reference}", done),
            )
        return frame if csv is None else frame.assign(model=reference, model_sha256=weights_hash(lm))

    frames = [of(reference) for reference in model]
    for reference, frame in zip(model, frames, strict=True):
        if several := measures.split_words(frame):
            hint(f"Of several subword tokens in {reference}: {', '.join(several)}; their gaps run large.")
    if csv is not None:
        _write(frames, csv)
    summaries = [measures.summarise(frame, value=value) for frame in frames]
    tests = [None, *(measures.paired_test(frames[0], frame, value=value) for frame in frames[1:])]
    if as_json:
        print_json(
            {
                "contrast": chosen.name,
                "groups": list(pair),
                "value": value,
                "templates": len(asked),
                "models": [
                    {
                        "model": reference,
                        "summary": asdict(summary),
                        "test": asdict(test) if test else None,
                        "professions": measures.by_profession(frame, value=value).to_dict("records"),
                    }
                    for reference, frame, summary, test in zip(model, frames, summaries, tests, strict=True)
                ],
            }
        )
        return
    _print_summaries(model, summaries, pair)
    for reference, test in zip(model, tests, strict=True):
        if test is not None:
            out().print(Text(f"{reference}: {test.sentence}"), soft_wrap=True)
            if measures.has_lost_mass(summaries[model.index(reference)].mass, summaries[0].mass):
                out().print(
                    Text(
                        f"{reference} gives these words less than half of the probability that {model[0]} "
                        "gives them, so its gap says little."
                    ),
                    soft_wrap=True,
                )


def _word_groups(
    contrast: str, groups: tuple[str, str] | None, words: tuple[str, str] | None
) -> tuple[Contrast, tuple[str, str]]:
    """The word groups, and the names of the two that are compared."""
    from fairkd.lexicon import contrasts, typed_contrast

    if words is not None:
        own = typed_contrast(*words)
        return own, (own.groups[0].name, own.groups[1].name)
    known = contrasts()
    if contrast not in known:
        raise InputError(f"There is no contrast {quoted(contrast)}: expected one of {', '.join(known)}.")
    names = [group.name for group in known[contrast].groups]
    pair = groups or (names[0], names[1])
    if len(names) > 2 and groups is None:
        hint(
            f"{contrast} has the groups {', '.join(names)}. {' and '.join(pair)} are compared; "
            "choose others with --groups A B."
        )
    return known[contrast], pair


def _templates(
    contrast: Contrast, pair: tuple[str, str], file: Path | None, role: str | None
) -> list[Template]:
    """The templates of the file, or the shipped ones; of one grammatical role for the user's own words."""
    from fairkd.lexicon import ROLES, fitting
    from fairkd.measures import read_templates

    if role is not None and role not in ROLES:
        raise InputError(f"Unknown grammatical role '{shortened(role)}'. Use one of: {', '.join(ROLES)}.")
    if file is not None:
        return read_templates(_read(file))
    return [one for one in fitting(contrast, pair) if role in (None, one.role)]


def _professions(file: Path | None) -> list[str]:
    from fairkd.lexicon import shipped_professions
    from fairkd.measures import read_professions

    table = shipped_professions() if file is None else read_professions(_read(file))
    return table["profession"].tolist()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {shortened(file)}: {error.strerror or error}.") from error


def _note_misfits(templates: Sequence[Template], contrast: Contrast, pair: tuple[str, str]) -> None:
    """Say which words do not agree with the verb of a template."""
    from fairkd.lexicon import misfits

    compared = [group for group in contrast.groups if group.name in pair]
    for name, text in misfits([(one.text, one.role) for one in templates], compared):
        hint(f"'{name}' does not agree with the verb of '{text}', which lowers its probability.")


def _write(frames: Sequence[pd.DataFrame], file: Path) -> None:
    """All rows in one file, with the version that measured them."""
    import pandas as pd

    try:
        pd.concat(frames).assign(fairkd_version=__version__).to_csv(file, index=False)
    except OSError as error:
        raise InputError(f"Cannot write {shortened(file)}: {error.strerror or error}.") from error


def _print_summaries(models: Sequence[str], summaries: Sequence[Summary], pair: tuple[str, str]) -> None:
    from fairkd.measures import FEWEST_ITEMS, MEASURES, no_interval

    first = summaries[0]
    few = first.professions < FEWEST_ITEMS
    intervals = (
        no_interval(first.professions) if few else f"with 95 % intervals over {first.professions} professions"
    )
    corrected = " minus that without the profession" if first.measure == "corrected_gap" else ""
    print_table(
        f"log P({pair[0]}) - log P({pair[1]}){corrected}, nats, {intervals} ({first.sentences} sentences)",
        {
            "model": "left",
            **{MEASURES[key].label: "right" for key in ("gap_mean", "gap_absolute", "gap_mass")},
        },
        [
            (
                reference,
                f"{summary.mean:+.2f}" + ("" if few else f" [{summary.low:+.2f}, {summary.high:+.2f}]"),
                f"{summary.mean_absolute:.2f}"
                + ("" if few else f" [{summary.absolute_low:.2f}, {summary.absolute_high:.2f}]"),
                f"{summary.mass:.3f}",
            )
            for reference, summary in zip(models, summaries, strict=True)
        ],
    )
