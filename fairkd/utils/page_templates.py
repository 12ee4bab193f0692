"""HTML documents that open without a network, from the templates in `resources`.

All values are escaped. `report_base.html` is what the documents share: the style in both themes, and a policy
that forbids the browser to load anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path


def html_page(template: str, folders: Iterable[Path] = (), **values: object) -> str:
    """The document of a template.

    Parameters
    ----------
    template : str
        The name of its file.
    folders : iterable of Path, optional
        Where it is, besides `fairkd/resources`.
    values
        What it shows, by the names that it uses. A name without a value is an error.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader([*folders, str(files("fairkd") / "resources")])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(template).render(**values)
