"""Evaluations on disk: the numbers of the first run, read only where everything is the same."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from fairkd.distill import evaluation_cache, train
from fairkd.distill.evaluation import Evaluator
from fairkd.models.loading import MaskedLM
from tests.distill.parts import CORPUS, config, equal, weights


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that were evaluated, not read from disk, in order."""
    found: list[str] = []
    for role in ("teacher", "student"):
        method = getattr(Evaluator, f"evaluate_{role}")

        def counted(self: Evaluator, role: str = role, method: Any = method) -> Any:
            found.append(role)
            return method(self)

        monkeypatch.setattr(Evaluator, f"evaluate_{role}", counted)
    return found


def run(lm: MaskedLM, folder: Path, **sections: Any) -> list[dict[str, Any]]:
    """The evaluations and watched sentences of a run of two steps, without when they were made."""
    events: list[dict[str, Any]] = []
    train(config(budget={"steps": 2}, **sections), folder, emit=events.append, teacher=lm, corpus=CORPUS)
    kinds = ("teacher", "evaluation", "watched_sentence")
    found = [event for event in events if event["type"] in kinds]
    return [{key: event[key] for key in event if key not in ("time", "seconds")} for event in found]


def test_a_second_run_reads_what_the_first_one_measured_and_ends_the_same(
    tiny_bert: MaskedLM, tmp_path: Path, evaluated: list[str]
) -> None:
    first = run(tiny_bert, tmp_path / "one")
    assert evaluated == ["teacher", "student", "student"]
    evaluated.clear()
    assert run(tiny_bert, tmp_path / "two") == first
    assert evaluated == ["student"]  # after its last step
    assert equal(weights(tmp_path / "one" / "model"), weights(tmp_path / "two" / "model"))


def test_whatever_decides_on_a_number_is_in_the_key_and_when_it_is_measured_is_not(
    tiny_bert: MaskedLM, tiny_roberta: MaskedLM
) -> None:
    changed = copy.deepcopy(tiny_bert)
    changed.model.state_dict()["bert.embeddings.word_embeddings.weight"][7, 3] += 1e-3

    def key(lm: MaskedLM = tiny_bert, sentences: str = "one", **sections: Any) -> str:
        return evaluation_cache.key_of({"teacher": lm}, config(**sections), sentences)

    others = [
        key(changed),
        key(tiny_roberta),
        key(sentences="other"),
        key(evaluation={"professions": 4}),
        key(evaluation={"watched_sentences": ["tea is a [MASK]."]}),
        key(constraint={"kind": "group"}),
        evaluation_cache.key_of({"student": tiny_bert}, config(), "one"),
    ]
    assert len({key(), *others}) == 1 + len(others)
    assert key(evaluation={"every_steps": 500}) == key() == key(seed=3)


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda _: b"", lambda _: b"\xff{}"])
def test_a_damaged_file_is_made_again(damage: Any) -> None:
    evaluation_cache.write("key", {"value": 1.5})
    (path,) = evaluation_cache.folder().iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert evaluation_cache.read("key") is None
    evaluation_cache.write("key", {"value": 1.5})
    assert evaluation_cache.read("key") == {"value": 1.5}


def test_the_files_are_private_and_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_cache, "MOST_FILES", 3)
    for number in range(6):
        evaluation_cache.write(f"{number}", {"value": number})
    files = list(evaluation_cache.folder().iterdir())
    assert len(files) == 3 and evaluation_cache.read("5") == {"value": 5}
    assert evaluation_cache.folder().stat().st_mode & 0o77 == 0


def test_a_folder_that_cannot_be_made_is_passed_over(home: Path) -> None:
    home.write_text("not a folder")
    evaluation_cache.write("key", {"value": 1})
    assert evaluation_cache.read("key") is None
