"""What the page calls a model in titles, legends and tables."""

from __future__ import annotations

from app.measures.stored import LONGEST, display_names

LONG = "models/bert-base-uncased-distilled-with-group-constraint-seed-0"


def test_of_a_long_name_the_middle_is_left_out() -> None:
    names = display_names(["embedded/teacher", LONG])
    assert list(names.values()) == ["teacher", "bert-base-unca…nstraint-seed-0"]
    assert len(names[LONG]) == LONGEST


def test_models_that_would_have_one_name_keep_their_references() -> None:
    assert display_names(["a/bert", "b/bert"]) == {"a/bert": "a/bert", "b/bert": "b/bert"}
