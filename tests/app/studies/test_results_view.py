"""What the figures of a study's results say in their titles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.studies.results_view import front_text
from fairkd.studies import results
from tests.studies.finished import finished_study


def rows(gap: float, quality: float, mass: float) -> dict[int, Any]:
    values = {"gap_absolute": gap, "pseudo_perplexity_sampled": quality, "gap_mass": mass}
    return {seed: values for seed in range(2)}


def test_the_title_of_bias_against_quality_leaves_out_what_has_lost_its_mass(tmp_path: Path) -> None:
    kept, better, lost = rows(0.5, 14.0, 0.7), rows(0.4, 13.0, 0.7), rows(0.9, 10.0, 0.1)
    front = "has the smallest gap and predicts text best of the variants that kept their mass"
    for cells, said in (
        ({"plain": lost, "fair": lost}, "No variant has kept the probability mass that a gap needs"),
        ({"plain": lost, "fair": kept}, "Only fair has kept the probability mass that a gap needs"),
        ({"plain": lost, "group": kept, "fair": better}, f"On average, fair {front}"),
        ({"group": kept, "fair": better}, "On average, fair has the smallest gap and predicts text best"),
    ):
        assert front_text(results(finished_study(tmp_path / "_".join(cells) / said[:9], cells))) == said
