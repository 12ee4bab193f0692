"""Write every figure, for light and for dark pages: `python -m tools.docs_figures`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from fairkd.models import MaskedLM, load
from tools.docs_figures import constraint_figures, distill_figures, gap_figures
from tools.docs_figures.drawing import Drawing

FOLDER = Path(__file__).parents[2] / "docs" / "figures"
FIGURES: Mapping[str, Callable[[MaskedLM, bool], Drawing]] = {
    "gap": gap_figures.gap,
    "prior": gap_figures.prior,
    "distillation": distill_figures.distillation,
    "targets": distill_figures.targets,
    "augmentation": distill_figures.augmentation,
    "constraints": constraint_figures.example,
    "groups": constraint_figures.groups,
    "constraints-teacher": constraint_figures.on_the_teacher,
    "strength": constraint_figures.strength,
    "scope": constraint_figures.scope,
    "labels": constraint_figures.labels,
}


def drawn() -> dict[str, str]:
    """The text of every file, by its name."""
    lm = load("embedded/teacher")
    return {
        f"{name}-{mode}.svg": draw(lm, mode == "dark").svg()
        for name, draw in FIGURES.items()
        for mode in ("light", "dark")
    }


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in drawn().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{2 * len(FIGURES)} figures are in {FOLDER}.")
