"""The name of a measurement that nobody has named: whole names, as many as fit."""

from __future__ import annotations

from fairkd.runs.run_name import default_name

MODELS = ["embedded/teacher", "embedded/student-fair", "embedded/student-plain"]


def test_few_are_named_and_many_are_counted() -> None:
    few = {"benchmarks": ["crows-pairs", "aul"], "models": MODELS[:2]}
    assert default_name("measure", few) == "CrowS-Pairs, AUL: teacher, student-fair"
    many = {"benchmarks": ["gaps", "lpbs", "crows-pairs", "aul", "fidelity"], "models": MODELS}
    assert default_name("measure", many) == (
        "mean absolute gap, LPBS and 3 more: teacher, student-fair and 1 more"
    )
