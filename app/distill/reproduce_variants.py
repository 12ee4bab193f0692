"""The command that starts what the Distill page shows."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from app.distill.notebook import preview_cells
from app.distill.preview import PreviewChoice
from app.distill.variants import ALL_VARIANTS, changes
from app.shared.export_control import Export
from app.shared.launcher_choice import launcher_words
from app.shared.reproduce import reproduce
from app.shared.widgets import literal
from fairkd.distill.config import DESCRIPTIONS, flat

if TYPE_CHECKING:
    from fairkd.distill.config import Config


def reproduce_variants(
    variants: Sequence[str],
    focused: str,
    teacher: str,
    config: Config | None,
    preview: PreviewChoice | None,
) -> None:
    """The element “Reproduce and cite”: for all variants, or for `focused` if their changes differ.

    The export has the preview of `focused`, whose configuration is `config`; there is none without either.
    """
    own = {variant: changes(variant) for variant in variants}
    alone = len(variants) > 1 and any(own.values())
    shown = [focused] if alone else list(variants)
    made = {"teacher": teacher, **changes(ALL_VARIANTS), **(own[shown[0]] if len(shown) == 1 else {})}
    start = [*command(shown, made), *launcher_words()]
    export = None
    if config is not None and preview is not None:
        export = Export(
            f"What the variant {focused} shows its student",
            "fairkd-constraint",
            partial(preview_cells, config, preview, [shlex.quote(word) for word in start]),
            sentences=[literal(DESCRIPTIONS[focused])],
            settings={
                "sentence": preview.text,
                "temperature": preview.temperature,
                **flat(config.model_dump(mode="json", include={"teacher", "constraint", "objective"})),
            },
        )
    reproduce(
        start,
        "reproduce_distill",
        models=[teacher],
        note=(
            "The variants have changes of their own, so each has a command of its own. This one starts "
            f"{focused}; show another variant for its command."
            if alone
            else ""
        ),
        export=export,
    )


def command(variants: Sequence[str], made: Mapping[str, Any]) -> list[str]:
    """Queues presets with these changes, by dotted name.

    >>> command(["fair"], {"seed": 1})
    ['fairkd', 'runs', 'submit', '--preset', 'fair', '--set', 'seed=1']
    """
    presets = [word for variant in variants for word in ("--preset", variant)]
    values = [
        word
        for key, value in made.items()
        # A change of one kind of budget replaces the other.
        if not (key.startswith("budget.") and value is None)
        for word in ("--set", f"{key}={_text(value)}")
    ]
    return ["fairkd", "runs", "submit", *presets, *values]


def _text(value: Any) -> str:
    """A value as `--set` reads it: YAML, of which JSON is a part. Plain words stay as they are.

    >>> _text("embedded/teacher"), _text("1e3"), _text(["a: b"])
    ('embedded/teacher', '"1e3"', '["a: b"]')
    """
    plain = isinstance(value, str) and re.fullmatch(r"[A-Za-z][\w/-]{4,}", value, re.ASCII)
    return str(value) if plain and value not in ("false", "False", "FALSE") else json.dumps(value)
