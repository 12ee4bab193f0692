"""What all sections of a configuration have in common, and those that choose word groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from fairkd.lexicon import OWN, Contrast, contrasts, make_contrast


class Section(BaseModel):
    """A group of settings. It is immutable, and refuses unknown keys, NaN and infinite numbers."""

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
        return value


def _contains_boolean(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_contains_boolean, (*value, *value.values())))
    return any(map(_contains_boolean, value)) if isinstance(value, list | tuple) else isinstance(value, bool)


class WordsSection(Section):
    """Settings that choose word groups: shipped ones by the name `contrast`, or the user's own `words`."""

    contrast: str
    words: dict[str, tuple[str, ...]] | None

    def groups(self) -> Contrast:
        """The word groups. ValueError for an unknown name, or if the words do not make groups."""
        if self.words is not None:
            return make_contrast(OWN, self.words)
        known = contrasts()
        if self.contrast not in known:
            raise ValueError(f"there are no word groups {self.contrast!r}, choose one of {', '.join(known)}")
        return known[self.contrast]
