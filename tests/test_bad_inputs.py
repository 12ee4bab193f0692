"""Bad inputs end in one clear sentence: a part of `benchmarks.bad_inputs`, and its own rules."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks import bad_inputs
from benchmarks.bad_cases import Case, configurations, environment
from fairkd.errors import InputError


def raising(error: Exception) -> Case:
    def call() -> None:
        raise error

    return Case("kind", "name", call, ("seed",))


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (InputError("The setting seed is invalid: expected a number."), "clear", ""),
        (InputError("The setting is invalid."), "unclear", "does not name seed"),
        (InputError("The seed is invalid"), "unclear", "no sentence"),
        (InputError("The seed\nis invalid."), "unclear", "several lines"),
        (InputError(f"The seed {'x' * 1000}."), "unclear", "1010 characters"),
        (InputError(f"The seed in {Path.home()}/x."), "unclear", "a path of the server"),
        (KeyError("seed"), "leaked", "KeyError"),
    ],
)
def test_an_input_is_judged_by_rule(error: Exception, outcome: str, reason: str, tmp_path: Path) -> None:
    found, text = bad_inputs.judged(raising(error), tmp_path)
    assert found == outcome and reason in text


def test_bad_configurations_and_variables_end_in_clear_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    kinds: Counter[str] = Counter()
    for case in [*configurations(tmp_path), *environment()]:
        kinds[case.kind] += 1
        slow = case.name.startswith(("FAIRKD_WHEELS", "OMP_NUM_THREADS"))  # a whole examination each
        if slow or (case.kind == "settings" and kinds["settings"] % 7):  # a part of them in the gate
            continue
        outcome, text = bad_inputs.judged(case, tmp_path)
        assert outcome in ("clear", "accepted"), f"{case.kind}, {case.name}: {text}"
    assert kinds.total() > 400
