"""The config.json of a run's folder, as it is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fairkd.distill.config.config import Config
from fairkd.distill.config.config_file import stored_config, stored_settings
from fairkd.errors import InputError


def test_a_folder_without_a_configuration_has_none(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        assert stored_settings(folder) is None and stored_config(folder) is None


def test_settings_of_an_earlier_version_have_their_current_names(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"seed": 2, "optimizer": {"clip": 3.0}}')
    assert stored_settings(tmp_path) == {"seed": 2, "optimizer": {"max_gradient_norm": 3.0}}
    config = stored_config(tmp_path)
    assert config is not None and config.optimizer.max_gradient_norm == 3.0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "it is not valid JSON"),
        (b"", "it is not valid JSON"),
        (b'{"seed": "\xff"}', "it is not valid JSON"),
        (b"[" * 100_000, "it is not valid JSON"),
        (b"[1]", "expected settings by name, got a list"),
        (b"null", "expected settings by name, got a NoneType"),
    ],
)
def test_a_damaged_configuration_is_one_sentence(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "config.json").write_bytes(content)
    sentence = f"The configuration {tmp_path / 'config.json'} is damaged: {reason}."
    with pytest.raises(InputError) as caught:
        stored_settings(tmp_path)
    assert str(caught.value) == sentence
    with pytest.raises(InputError, match="choose another folder") as caught:
        stored_config(tmp_path)
    assert str(caught.value).endswith(sentence)


def test_a_configuration_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        stored_settings(tmp_path)


def test_a_configuration_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"architectures": ["BertForMaskedLM"]}')
    assert stored_settings(tmp_path) == {"architectures": ["BertForMaskedLM"]}
    with pytest.raises(InputError, match="not that of a run: choose another folder.*architectures"):
        stored_config(tmp_path)


def test_a_folder_of_another_kind_of_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"kind": "distill", "seed": 3}')
    assert stored_settings(tmp_path) == {"seed": 3} and stored_config(tmp_path) == Config(seed=3)
    (tmp_path / "config.json").write_text('{"kind": "measure", "models": ["embedded/teacher"]}')
    with pytest.raises(InputError, match="choose another folder.*of the kind 'measure', not for a distill"):
        stored_config(tmp_path)


def test_what_a_configuration_stores_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(Config(seed=7).model_dump_json())
    assert stored_config(tmp_path) == Config(seed=7)


def test_a_run_from_before_the_fit_keeps_the_layers_that_it_had(tmp_path: Path) -> None:
    settings = Config(seed=7).model_dump(mode="json")
    del settings["student"]["fit_layers"]
    (tmp_path / "config.json").write_text(json.dumps(settings))
    found = stored_config(tmp_path)
    assert found is not None and not found.student.fit_layers
