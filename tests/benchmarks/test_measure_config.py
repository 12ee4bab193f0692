"""The settings of a measurement: what is refused, and in which words."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from fairkd.benchmarks import MeasureConfig, make_measure_config
from fairkd.errors import InputError

SOUND = {"models": ["embedded/teacher", "run/1a"], "benchmarks": ["crows-pairs", "stereoset"]}


def test_a_configuration_is_the_same_after_a_file() -> None:
    config = make_measure_config({**SOUND, "quick": True, "data": {"stereoset": "dev.json"}, "limit": 50})
    assert config.models == ("embedded/teacher", "run/1a") and config.precision == "strict"
    assert make_measure_config(config.model_dump(mode="json")) == config
    with pytest.raises(ValidationError, match="frozen"):
        config.quick = False  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"models": []}, "The setting models is invalid: expected at least 1 item, but got 0."),
        ({"models": ["a"] * 13}, "The setting models is invalid: expected at most 12 items, but got 13."),
        ({"models": "a"}, "The setting models is invalid: expected a list, but got 'a'."),
        ({"models": ["a", "a"]}, "The setting models is invalid: 'a' stands in it more than once."),
        ({"models": [" "]}, "The setting models is invalid: expected names, but got an empty one"),
        ({"benchmarks": ["crow-pairs"]}, "there is no benchmark 'crow-pairs', choose one of crows-pairs."),
        ({"limit": 0}, "The setting limit is invalid: expected greater than or equal to 1, but got 0."),
        ({"limit": True}, "The setting limit is invalid: true and false are not allowed here"),
        ({"quick": "soon"}, "The setting quick is invalid: expected a valid boolean, but got 'soon'."),
        ({"precision": "half"}, "expected 'strict' or 'fast', but got 'half'."),
        (
            {"data": ["dev.json"]},
            "The setting data is invalid: expected values by name, but got ['dev.json']",
        ),
        ({"data": {"weat": "x"}}, "do not fit together: data names 'weat', which is not among"),
        ({"data": {"stereoset": ""}}, "expected the path of a file, but got ''."),
        ({"data": {"stereoset": "hub:org/name"}}, "but got the Hub data set 'hub:org/name'"),
        (
            {"data_sets": {"weat": "x"}},
            "do not fit together: data_sets names 'weat', which is not among the benchmarks",
        ),
        (
            {"data": {"stereoset": "x"}, "data_sets": {"stereoset": "y"}},
            "expected a file or a data set for 'stereoset', but got both",
        ),
        ({"limt": 5}, "There is no setting limt of a measurement. Did you mean limit?"),
        ({"colour": 5}, "There is no setting colour of a measurement. There are models, benchmarks, quick,"),
    ],
)
def test_what_does_not_fit_is_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as error:
        make_measure_config({**SOUND, **values})
    assert sentence in str(error.value)


def test_models_and_benchmarks_must_be_named() -> None:
    with pytest.raises(InputError, match="The setting benchmarks of the measurement is missing"):
        make_measure_config({"models": ["a"]})


def test_no_configuration_needs_torch() -> None:
    code = (
        f"from fairkd.benchmarks import make_measure_config; make_measure_config({SOUND});"
        "import sys; print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
    assert MeasureConfig(**SOUND) == make_measure_config(SOUND)
