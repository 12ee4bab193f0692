"""An experiment of the lessons as a study."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairkd.distill.config import make_config
from fairkd.errors import InputError
from fairkd.lessons import stored_experiment, study_of
from fairkd.studies import read_study, study_yaml, variant_configs


def test_its_variants_have_the_settings_budget_and_seeds_of_the_experiment(tmp_path: Path) -> None:
    grid = stored_experiment("grid")
    file = tmp_path / "grid.yaml"
    file.write_text(study_yaml(study_of(grid)), encoding="utf-8")
    study = read_study(file)
    assert study.seeds == tuple(range(grid.seeds)) and study.baseline == "alpha 0"
    for cell, config in zip(grid.cells, variant_configs(study).values(), strict=True):
        own = make_config({**grid.settings, "objective": cell.objective, "seed": 0})
        for section in ("optimizer", "student", "budget", "masking", "constraint", "threads"):
            assert getattr(config, section) == getattr(own, section)
        assert {key: getattr(config.objective, key) for key in cell.objective} == cell.objective
        assert config.corpus.max_sentences == cell.sentences


def test_cells_on_different_texts_are_no_variants() -> None:
    with pytest.raises(InputError, match="have different texts"):
        study_of(stored_experiment("labels"))
