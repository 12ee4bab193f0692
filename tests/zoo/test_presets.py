"""A student comes closer to its teacher; `python -m tests.zoo.presets` tries all families and presets."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairkd.models import load
from tests.zoo import make
from tests.zoo.presets import STEPS, divergences, trained


# Layers that share their weights, and a head that is not known.
@pytest.mark.parametrize(("name", "preset"), [("albert", "fair"), ("ultrabert", "paper")])
def test_the_divergence_falls_in_60_steps(name: str, preset: str, tmp_path: Path) -> None:
    teacher = trained(load(str(make(name, tmp_path / "made"))), tmp_path / "teacher", steps=STEPS)
    first, last = divergences(teacher, preset, tmp_path / "student")
    assert last < 0.7 * first


def test_the_divergence_falls_in_20_steps_of_every_baseline(tmp_path: Path) -> None:
    teacher = trained(load(str(make("bert", tmp_path / "made"))), tmp_path / "teacher", steps=STEPS)
    for preset in ("universal-distillation", "dropout", "projected-teacher", "self-debias"):
        first, last = divergences(teacher, preset, tmp_path / preset, steps=20)
        assert last < first, preset
