"""The loss of a variant as a formula: the numbers are its settings."""

from __future__ import annotations

from typing import Any

import pytest

from app.distill.loss_formula import loss_symbols, loss_terms
from fairkd.distill.config.config import make_config
from fairkd.distill.config.presets import PRESETS


@pytest.mark.parametrize(
    ("settings", "formula"),
    [
        (
            PRESETS["plain"],
            r"5 \cdot 2^2\,\mathrm{KL}(p_{2} \,\|\, s_{2}) + 1\,\mathrm{CE}(y, s) + 1\,(1 - \cos(h, h_s))",
        ),
        (PRESETS["mlm-only"], r"1\,\mathrm{CE}(y, s)"),
        ({"objective": {"temperature": 1, "mlm": 0, "hidden": 0}}, r"5\,\mathrm{KL}(p \,\|\, s)"),
        (
            PRESETS["fair"] | {"objective": {"kd": 3, "mlm": 0, "hidden": 0, "group": 0.5}},
            r"3 \cdot 2^2\,\mathrm{KL}(q_{2} \,\|\, s_{2}) + 0.5\,\mathrm{KL}(Q \,\|\, S)",
        ),
    ],
)
def test_the_formula_has_the_terms_with_weight(settings: dict[str, Any], formula: str) -> None:
    assert " + ".join(loss_terms(make_config(settings))) == formula


@pytest.mark.parametrize("preset", PRESETS)
def test_every_symbol_is_explained(preset: str) -> None:
    config = make_config(PRESETS[preset])
    formula, words = " + ".join(loss_terms(config)), " ".join(loss_symbols(config))
    for symbol in ("p_{2}", "q_{2}", "s_{2}", "y", ", s)", "h_s", "Q", "S"):
        name = symbol.strip(", )")
        assert (symbol in formula) == (f"${name}$" in words), symbol


def test_the_words_say_where_the_student_learns_and_what_becomes_of_labels() -> None:
    def words(preset: str) -> str:
        return " ".join(loss_symbols(make_config(PRESETS[preset])))

    assert "at all tokens" in words("paper") and "pulls the student back" in words("paper")
    assert "at hidden words" in words("fair") and "the groups get equal parts of the label" in words("fair")
    assert "after the constraint “balanced groups”, and only then softened to T = 2" in words("fair")
    assert "shares its label equally with the word" in words("mass-preserving")
    assert "No term looks at the teacher." in words("mlm-only")
    assert "A run's curve KD is this term with its factor $2^2 = 4$." in words("plain")
    one = make_config({"objective": {"temperature": 1}})
    assert "factor" not in " ".join(loss_symbols(one)), "at T = 1 it is 1"
    assert "label" not in words("plain") and "looks at" not in words("plain")
