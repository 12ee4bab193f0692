"""`fairkd data`: the data sets of the benchmarks, their licences, and whether they are here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from fairkd.cli.console import JsonOption, out, print_json, print_table, progress
from fairkd.errors import InputError, listed
from fairkd.utils import did_you_mean, nearest, quoted

if TYPE_CHECKING:
    from fairkd.benchmarks import Benchmark, DataSet

data_app = typer.Typer(help="List and fetch the data sets of the measures.", no_args_is_help=True)


@data_app.command("list")
def list_data(as_json: JsonOption = False) -> None:
    """List the data sets: language, licence, size, and whether they are here."""
    documents = [
        {
            "name": data_set.key,
            "label": data_set.label,
            "measures": [one.key for one in users],
            "language": data_set.language,
            "licence": data_set.licence,
            "megabytes": _megabytes(data_set),
            "state": _state(users[0], data_set),
            "where": data_set.where,
        }
        for data_set, users in _data_sets().values()
    ]
    if as_json:
        print_json(documents)
        return
    print_table(
        "Data sets",
        {
            "name": "whole",
            "what": "left",
            "language": "left",
            "licence": "left",
            "size": "right",
            "here": "left",
        },
        [
            (
                one["name"],
                one["label"],
                one["language"],
                one["licence"],
                "–" if one["megabytes"] is None else f"{one['megabytes']:.1f} MB",
                one["state"],
            )
            for one in documents
        ],
    )
    out().print(
        Text("“your own file”: get it from its authors, and give it with --data; --json says where it is."),
        soft_wrap=True,
    )


@data_app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="A data set, or a measure: its first data set.")],
    as_json: JsonOption = False,
) -> None:
    """Fetch a data set, unless it is here, and check it against its hash."""
    from fairkd.benchmarks import load

    benchmark, data_set = _find(name)
    with progress() as report:
        files, version = load(benchmark, data_set=data_set.key, progress=report)
    size = sum(map(len, files.values()))
    if as_json:
        print_json({"name": data_set.key, "files": [*files], "bytes": size, "sha256": version.sha256})
        return
    out().print(
        Text(
            f"{data_set.label} is here: {listed([*files])} ({size / 1e6:.1f} MB, {version.sha256}). "
            f"Licence: {data_set.licence}."
        ),
        soft_wrap=True,
    )


def _data_sets() -> dict[str, tuple[DataSet, list[Benchmark]]]:
    """Every data set by key, with the benchmarks that use it."""
    from fairkd.benchmarks import BENCHMARKS

    found: dict[str, tuple[DataSet, list[Benchmark]]] = {}
    for benchmark in BENCHMARKS.values():
        for data_set in benchmark.data_sets:
            found.setdefault(data_set.key, (data_set, []))[1].append(benchmark)
    return found


def _find(name: str) -> tuple[Benchmark, DataSet]:
    """The data set with this name, or the first one of the measure with this name."""
    from fairkd.benchmarks import BENCHMARKS

    known = _data_sets()
    if name in known:
        data_set, users = known[name]
        return users[0], data_set
    if name in BENCHMARKS:
        return BENCHMARKS[name], BENCHMARKS[name].data_sets[0]
    raise InputError(
        f"There is no data set {quoted(name)}: there are {listed([*known], 30)}."
        f"{did_you_mean(nearest(name, [*known, *BENCHMARKS]))}"
    )


def _state(benchmark: Benchmark, data_set: DataSet) -> str:
    from fairkd.benchmarks import needs_download
    from fairkd.corpora import pinned_wheels

    if not data_set.members:
        return "your own file"
    if needs_download(benchmark, data_set.key):
        return f"no: {pinned_wheels.DATA.megabytes} MB to fetch, all data sets at once"
    return "yes"


def _megabytes(data_set: DataSet) -> float | None:
    """The size of a data set's files; None where they are not here."""
    from fairkd.corpora import pinned_wheels

    if not data_set.members or not pinned_wheels.is_at_hand():
        return None
    try:
        return pinned_wheels.size_of(data_set.members) / 1e6
    except InputError:
        return None
