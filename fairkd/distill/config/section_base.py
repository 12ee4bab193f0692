"""What all sections of a configuration have in common, and those that choose word groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from fairkd.lexicon import OWN, Contrast, contrasts, make_contrast
from fairkd.utils import quoted

LARGEST_NUMBER = 10**15
LONGEST_TEXT = 5_000  # characters
MOST_ENTRIES = 10_000  # of a list
MOST_WORDS = 2_000  # of all groups together


class Section(BaseModel):
    """A group of settings. It is immutable, and refuses unknown keys, NaN and absurdly large values."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_booleans(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse true and false for numbers and text: YAML reads `on` as true, which pydantic takes for 1."""
        kind = cls.model_fields[info.field_name or ""].annotation
        is_section = isinstance(kind, type) and issubclass(kind, Section)
        if kind is not bool and not is_section and _contains_boolean(value):
            raise ValueError(
                "true and false are not allowed here (quote words such as yes, no and on in YAML)"
            )
        if not is_section:
            _refuse_large(value)
        return value


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


class WordsSection(Section):
    """Settings that choose word groups: shipped ones by the name `contrast`, or the user's own `words`."""

    contrast: str
    words: dict[str, tuple[str, ...]] | None

    def groups(self) -> Contrast:
        """The word groups. ValueError for an unknown name, or if the words do not make groups."""
        if self.words is not None:
            if (count := sum(map(len, self.words.values()))) > MOST_WORDS:
                raise ValueError(f"expected at most {MOST_WORDS:,} words in all groups, but got {count:,}")
            return make_contrast(OWN, self.words)
        known = contrasts()
        if self.contrast not in known:
            raise ValueError(
                f"there are no word groups {quoted(self.contrast)}, choose one of {', '.join(known)}"
            )
        return known[self.contrast]
