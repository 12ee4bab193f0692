"""The constraint preview of the Distill page as cells of a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.distill.preview import PreviewChoice
from app.shared.export_notebook import NotebookCell, code, prose
from app.shared.settings_table import defaults, nested
from fairkd.distill.config import flat

if TYPE_CHECKING:
    from fairkd.distill.config import Config


def preview_cells(config: Config, shown: PreviewChoice, command: Sequence[str]) -> list[NotebookCell]:
    """What the constraint changes, and the command that starts the training."""
    standard = defaults()
    own = {
        key: value
        for key, value in flat(config.model_dump(mode="json")).items()
        if value != standard.get(key) or key == "teacher"
    }
    label = (
        f"edit.label_target(hidden_token(teacher, edit, {shown.word!r}), config.objective.label)"
        if shown.word is not None
        else "None"
    )
    corrected = config.correction.kind != "none"
    return [
        prose("The settings of the variant, and the teacher's answer in one sentence, edited."),
        code(
            "from app.charts.titled import titled",
            "from app.distill.preview import hidden_token, preview_bars, preview_table",
            "from fairkd import load, make_config",
            "from fairkd.constraints import make_correction, preview_constraint"
            if corrected
            else "from fairkd.constraints import preview_constraint",
            "",
            f"config = make_config({nested(own)!r})",
            "constraint = config.constraint",
            "teacher = load(config.teacher)",
            *(["settings = config.correction.model_dump()"] if corrected else []),
            *(
                ["correction = make_correction(teacher, constraint.balanced(), **settings)"]
                if corrected
                else []
            ),
            "edit = preview_constraint(",
            "    teacher,",
            f"    {shown.text!r},",
            "    constraint.balanced(),",
            "    kind=constraint.kind,",
            "    strength=constraint.strength,",
            "    scope=constraint.scope,",
            "    shares=constraint.shares,",
            "    roles=constraint.roles,",
            "    skip_unspellable=constraint.skip_unspellable,",
            f"    position={shown.position},",
            *(["    correction=correction,"] if corrected else []),
            ")",
        ),
        prose(
            "What the student is shown at this position. First the probability that moves to other words, "
            "and KL(before ‖ after) in nats:"
        ),
        code("edit.leaked_mass, edit.kl"),
        code(
            f"temperature = {shown.temperature!r}",
            f"label = {label}  # of the hidden word",
            "table = preview_table(edit, config, label, temperature=temperature)",
            "groups = [group.name for group in edit.groups]",
            "options = dict(groups=groups, temperature=temperature, dark=False)",
            "titled(preview_bars(edit, config, label, table, **options))",
        ),
        code("table"),
        prose(f"This command starts the training:\n\n```\n{' '.join(command)}\n```"),
    ]
