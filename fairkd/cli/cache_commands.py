"""`fairkd cache`: what FairKD keeps on disk to save time, and how to remove it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from fairkd.cli.console import JsonOption, out, print_json, print_table
from fairkd.errors import listed

if TYPE_CHECKING:
    from fairkd.distill import DiskCache

cache_app = typer.Typer(
    help="List and remove what FairKD keeps on disk to save time. It can be computed or fetched again.",
    no_args_is_help=True,
)


@cache_app.command("list")
def list_caches(as_json: JsonOption = False) -> None:
    """List the caches: what they hold, their size, and when they were last used."""
    from fairkd.distill import disk_caches
    from fairkd.utils import cache_folder

    found = disk_caches.find()
    if as_json:
        print_json([_document(one) for one in found])
        return
    if not found:
        out().print(Text(f"Nothing is kept in {cache_folder()}."), soft_wrap=True)
        return
    print_table(
        f"{_size_text(sum(one.size for one in found))} in {cache_folder()}",
        {"name": "whole", "what": "left", "size": "right", "last used": "left", "": "left"},
        [
            (
                one.name,
                one.what,
                _size_text(one.size),
                datetime.fromtimestamp(one.used).strftime("%Y-%m-%d %H:%M"),
                "in use" if one.in_use else "",
            )
            for one in found
        ],
    )


@cache_app.command()
def clear(
    name: Annotated[
        list[str] | None,
        typer.Argument(help="Which caches, by name or its beginning. Default: all but the downloads."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove caches. What a run is using stays."""
    from fairkd.distill import disk_caches

    if not (yes or as_json):
        typer.confirm(f"Remove {listed(name) if name else 'all caches but the downloads'}?", abort=True)
    removed = disk_caches.clear(name or ())
    if as_json:
        print_json([_document(one) for one in removed])
        return
    for one in removed:
        out().print(Text(f"Removed {one.name}: {one.what} ({_size_text(one.size)})."), soft_wrap=True)
    if not removed:
        out().print(Text("There was nothing to remove."))
    elif not name and (busy := [one.name for one in disk_caches.find() if one.in_use]):
        out().print(Text(f"A run is using {listed(busy)}, so that stays."), soft_wrap=True)


def _document(one: DiskCache) -> dict[str, object]:
    states = one.states
    return {
        "name": one.name,
        "what": one.what,
        "teacher": states and states.teacher,
        "text": states and states.text,
        "seed": states and states.seed,
        "bytes": one.size,
        "used": one.used,
    }


def _size_text(size: int) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size / 1e3:.0f} kB"
