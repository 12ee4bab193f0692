"""What all settings have in common: frozen models that refuse absurd values, and errors as a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from fairkd.utils.quoting import quoted, shortened

LARGEST_NUMBER = 10**15
LONGEST_TEXT = 5_000  # characters
MOST_ENTRIES = 10_000  # of a list
_LONGEST_REASON = 300  # characters of what a validator says
# What pydantic calls otherwise than our users.
_EXPECTED: Mapping[object, str] = {
    "model_type": "settings by name",
    "dict_type": "values by name",
    "tuple_type": "a list",
}
_COUNTS = re.compile(r"\w+ should have (at (?:least|most)) (\d+ items?) after validation, not (\d+)")


class Section(BaseModel):
    """A group of settings. It is immutable, and refuses unknown keys, NaN and absurdly large values."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_booleans(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse true and false for numbers and text: YAML reads `on` as true, which pydantic takes for 1.

        Sections check themselves. Settings that are stored as they are, `dict[str, Any]`, are checked by the
        model that they are for.
        """
        kind = cls.model_fields[info.field_name or ""].annotation
        is_section = _is_section(kind)
        takes_any = is_section or any(part is Any or _is_section(part) for part in get_args(kind))
        if kind is not bool and not takes_any and _contains_boolean(value):
            raise ValueError(
                "true and false are not allowed here (quote words such as yes, no and on in YAML)"
            )
        if not is_section:
            _refuse_large(value)
        return value


def in_our_words(error: Mapping[str, object]) -> str:
    """What was expected and what came, from an error of pydantic, as the end of a sentence without a stop."""
    message = shortened(str(error["msg"]).removeprefix("Value error, "), _LONGEST_REASON).rstrip(".")
    if (counts := _COUNTS.match(message)) is not None:
        return "expected {} {}, but got {}".format(*counts.groups())
    message = f"Input should be {_EXPECTED[kind]}" if (kind := error["type"]) in _EXPECTED else message
    if not message.startswith("Input should be "):
        return message
    expected = message.removeprefix("Input should be ").partition(", unable to ")[0]
    return f"expected {expected}, but got {quoted(error['input'])}"


def valid_settings(model: type[Section], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings without those that are invalid by themselves. The others may still not fit together."""
    kept: dict[str, Any] = {
        name: dict(value) if isinstance(value, dict) else value for name, value in settings.items()
    }
    while True:
        try:
            model(**kept)
        except ValidationError as error:
            places = {tuple(map(str, one["loc"][:2])) for one in error.errors(include_url=False)}
            before = repr(kept)
            for section, *key in places - {()}:
                if key and isinstance(kept.get(section), dict):
                    kept[section].pop(key[0], None)
                else:
                    kept.pop(section, None)
            if repr(kept) == before:
                return kept
        else:
            return kept


def _is_section(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def _contains_boolean(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_contains_boolean, (*value, *value.values())))
    return any(map(_contains_boolean, value)) if isinstance(value, list | tuple) else isinstance(value, bool)


def _refuse_large(value: Any) -> None:
    """ValueError for a number, text or list that no setting needs, however deep it lies."""
    if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        raise ValueError(f"expected a number up to {LARGEST_NUMBER:.0e}, but got {quoted(value)}")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise ValueError(
            f"expected at most {LONGEST_TEXT:,} characters, but got {len(value):,}: {quoted(value, 80)}"
        )
    if isinstance(value, Mapping | list | tuple):
        parts = [*value, *value.values()] if isinstance(value, Mapping) else value
        if len(parts) > MOST_ENTRIES:
            raise ValueError(f"expected at most {MOST_ENTRIES:,} entries, but got {len(parts):,}")
        for part in parts:
            _refuse_large(part)
