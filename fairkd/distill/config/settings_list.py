"""All settings as a list: for `fairkd settings`, the widgets of the dashboard and the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from fairkd.distill.config.config import Config, section_types, unknown_key
from fairkd.distill.config.flat_settings import flat
from fairkd.distill.config.words_section import WordsSection
from fairkd.errors import InputError
from fairkd.lexicon import all_contrasts

_TYPES = {int: "integer", float: "number", str: "text", bool: "true or false"}
_LISTS = {
    int: "list of integers",
    float: "list of numbers",
    str: "list of texts",
    tuple[int, ...]: "list of pairs of integers",
}


@dataclass(frozen=True)
class Setting:
    """One setting of a configuration.

    Attributes
    ----------
    key
        The dotted name, such as "budget.steps"; `section` is its part before the dot, empty for a few.
    type
        The type in words; `annotation` is the Python type. Neither mentions None, see `optional`.
    optional
        Whether the setting may be empty (None).
    choices
        The allowed values; empty if they are not a fixed list.
    minimum, maximum
        The limits of a number; `above` and `below` say that the limit itself is excluded.
    default
        As in JSON, but with tuples in place of lists.
    """

    key: str
    section: str
    type: str
    annotation: Any
    optional: bool
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    above: bool
    below: bool
    default: Any
    description: str

    @property
    def limits(self) -> str:
        """The limits in words, such as "above 0, at most 1"; empty without any."""
        ends = [
            (self.minimum, "above" if self.above else "at least"),
            (self.maximum, "below" if self.below else "at most"),
        ]
        return ", ".join(f"{words} {limit:.12g}" for limit, words in ends if limit is not None)


@lru_cache(maxsize=1)
def all_settings() -> tuple[Setting, ...]:
    """Every setting, in the order of the configuration; those without a section come first."""
    defaults, types = flat(Config().model_dump(mode="json")), section_types()
    plain = {name: field for name, field in Config.model_fields.items() if name not in types}
    fields = [("", name, field) for name, field in plain.items()]
    fields += [(name, inner, one) for name, kind in types.items() for inner, one in kind.model_fields.items()]
    return tuple(_setting(section, name, field, defaults) for section, name, field in fields)


def section_descriptions() -> dict[str, str]:
    """The description of each section, by name."""
    return {name: Config.model_fields[name].description or "" for name in section_types()}


def find_settings(name: str) -> tuple[Setting, ...]:
    """The settings of a section, or the one of this key. InputError with the nearest keys otherwise."""
    found = tuple(one for one in all_settings() if name in (one.key, one.section) and name)
    if not found:
        raise InputError(unknown_key(name))
    return found


def _setting(section: str, name: str, field: FieldInfo, defaults: dict[str, Any]) -> Setting:
    key = f"{section}.{name}" if section else name
    annotation, optional = _without_none(field.annotation)
    choices: tuple[str, ...] = ()
    if get_origin(annotation) is Literal:
        choices = get_args(annotation)
    elif name == "contrast" and issubclass(section_types()[section], WordsSection):
        choices = tuple(all_contrasts())
    limits = {
        rule: getattr(entry, rule)
        for entry in field.metadata
        for rule in ("ge", "gt", "le", "lt")
        if getattr(entry, rule, None) is not None
    }
    return Setting(
        key=key,
        section=section,
        type=_in_words(annotation),
        annotation=annotation,
        optional=optional,
        choices=choices,
        minimum=limits.get("ge", limits.get("gt")),
        maximum=limits.get("le", limits.get("lt")),
        above="gt" in limits,
        below="lt" in limits,
        default=defaults[key],
        description=field.description or "",
    )


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """The annotation without None, and whether it had that."""
    if get_origin(annotation) in (Union, UnionType):
        return next(part for part in get_args(annotation) if part is not type(None)), True
    return annotation, False


def _in_words(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return "choice"
    if origin is tuple:
        return _LISTS[get_args(annotation)[0]]
    return "lists of words by group" if origin is dict else _TYPES[annotation]
