"""The command `fairkd gaps`: how much more probable one group of words is than another, in any models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairkd import __version__
from fairkd.cli.console import JsonOption, print_json, progress
from fairkd.cli.gap_tables import GapResult, notes, print_gaps
from fairkd.cli.model_options import MODEL_HELP, hint, load
from fairkd.errors import InputError
from fairkd.utils import quoted, shortened

if TYPE_CHECKING:
    import pandas as pd

    from fairkd.lexicon import Contrast, Profession, Template
    from fairkd.models import MaskedLM


def gaps(
    model: Annotated[
        list[str],
        typer.Option(help=f"{MODEL_HELP} Repeatable: every further model is tested against the first."),
    ],
    language: Annotated[
        str,
        typer.Option(help="The language of word groups, templates and professions, such as nl or de."),
    ] = "en",
    contrast: Annotated[str, typer.Option(help="Word groups to compare.")] = "pronouns",
    groups: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Two of the word groups. Default: all pairs of them."),
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
        typer.Option(
            help="CSV file with the column profession and, for languages with two forms, feminine. "
            "Default: the shipped professions."
        ),
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
    first. Of three or more word groups every pair is compared, and the share of each is shown.
    """
    from fairkd import measures
    from fairkd.models import weights_hash

    if csv is not None and (csv.is_dir() or not csv.absolute().parent.is_dir()):
        raise InputError(
            f"Cannot write {shortened(csv)}: expected the name of a file in a folder that exists."
        )
    chosen, compared = _word_groups(language, contrast, groups, words)
    asked = _templates(chosen, compared, templates, role if words else None)
    names = _professions(professions, chosen.language)
    _note_misfits(asked, chosen, compared)
    for sentence in notes(chosen, compared, asked):
        hint(sentence)
    value: measures.Value = "corrected_gap" if prior_corrected else "gap"

    def of(reference: str) -> dict[tuple[str, str], pd.DataFrame]:
        lm = load(reference)
        _note_language(lm, chosen.language)
        with progress() as report:
            pairs = measures.pairwise_gaps(
                lm,
                contrast=chosen,
                templates=asked,
                professions=names,
                groups=compared,
                prior=prior_corrected or csv is not None,  # twice the work
                progress=lambda done: report(f"Gaps of {reference}", done),
            )
        if csv is None:
            return pairs
        about = {"model": reference, "model_sha256": weights_hash(lm)}
        return {(a, b): frame.assign(group_a=a, group_b=b, **about) for (a, b), frame in pairs.items()}

    found = {reference: of(reference) for reference in dict.fromkeys(model)}
    for reference, pairs in found.items():
        split = (word for frame in pairs.values() for word in measures.split_words(frame))
        if several := list(dict.fromkeys(split)):
            hint(f"Of several subword tokens in {reference}: {', '.join(several)}; their gaps run large.")
    if csv is not None:
        _write([frame for pairs in found.values() for frame in pairs.values()], csv)
    results = [GapResult.of(reference, found[reference], found[model[0]], value) for reference in model]
    if as_json:
        print_json(
            {
                "language": chosen.language,
                "contrast": chosen.name,
                "groups": compared,
                "value": value,
                "templates": len(asked),
                "notes": notes(chosen, compared, asked),
                "models": [one.document(first=number == 0) for number, one in enumerate(results)],
            }
        )
        return
    print_gaps(results)


def _word_groups(
    language: str, contrast: str, groups: tuple[str, str] | None, words: tuple[str, str] | None
) -> tuple[Contrast, list[str]]:
    """The word groups, and the names of those that are compared."""
    from fairkd.lexicon import all_contrasts, contrasts, language_of, typed_contrast

    code = language_of(language).code
    if words is not None:
        own = typed_contrast(*words, code)
        return own, [group.name for group in own.groups]
    known = contrasts(code)
    chosen = known.get(contrast) or all_contrasts().get(contrast)
    if chosen is None:
        raise InputError(f"There is no contrast {quoted(contrast)}: expected one of {', '.join(known)}.")
    return chosen, list(groups or (group.name for group in chosen.groups))


def _templates(
    contrast: Contrast, groups: Sequence[str], file: Path | None, role: str | None
) -> list[Template]:
    """The templates of the file, or the shipped ones; of one grammatical role for the user's own words."""
    from fairkd.lexicon import ROLES, fitting
    from fairkd.measures import read_templates

    if role is not None and role not in ROLES:
        raise InputError(f"Unknown grammatical role '{shortened(role)}'. Use one of: {', '.join(ROLES)}.")
    if file is not None:
        return read_templates(_read(file), contrast.language)
    return [one for one in fitting(contrast, groups) if role in (None, one.role)]


def _professions(file: Path | None, language: str) -> list[Profession]:
    from fairkd.lexicon import professions_of, shipped_professions
    from fairkd.measures import read_professions

    return professions_of(shipped_professions(language) if file is None else read_professions(_read(file)))


def _note_language(lm: MaskedLM, language: str) -> None:
    """Say that a model is of another language, where its card says so."""
    from fairkd.lexicon import known_language, languages
    from fairkd.models import card_languages

    spoken = card_languages(lm.origin.folder)
    if spoken and language not in {known_language([tag]) for tag in spoken} and "multilingual" not in spoken:
        code = known_language(spoken)
        instead = f"; --language {code} measures it in {languages()[code].name}" if code else ""
        hint(
            f"The card of {lm.reference} says that its language is {', '.join(spoken)}, and these sentences "
            f"are in {languages()[language].name}{instead}."
        )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {shortened(file)}: {error.strerror or error}.") from error


def _note_misfits(templates: Sequence[Template], contrast: Contrast, groups: Sequence[str]) -> None:
    """Say which words do not agree with the verb of a template."""
    from fairkd.lexicon import misfits

    compared = [group for group in contrast.groups if group.name in groups]
    for name, text in misfits(templates, compared):
        hint(f"'{name}' does not agree with the verb of '{text}', which lowers its probability.")


def _write(frames: Sequence[pd.DataFrame], file: Path) -> None:
    """All rows in one file, with the version that measured them."""
    import pandas as pd

    try:
        pd.concat(frames).assign(fairkd_version=__version__).to_csv(file, index=False)
    except OSError as error:
        raise InputError(f"Cannot write {shortened(file)}: {error.strerror or error}.") from error
