"""Shared fixtures: tiny models of every family, and the embedded teacher.

Fixtures that return a model are session-scoped: treat what they return as read-only.
"""

from __future__ import annotations

import os

# Before torch and huggingface_hub are imported: tests never use the network, and leave cores to others.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("FAIRKD_CACHE_GB", "0")  # tests of that cache set it
os.environ.setdefault("FAIRKD_NICE", "0")  # a test that waits for a run waits for the other tests otherwise
os.environ.setdefault("OMP_NUM_THREADS", "1" if "PYTEST_XDIST_WORKER" in os.environ else "2")

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from fairkd.models import loading
from tests import ROOT
from tests.tiny import FAMILIES, tiny

# The same examples each time, however long one takes. `--hypothesis-profile=search` tries others.
settings.register_profile("search", settings.get_profile("ci"), derandomize=False)
settings.load_profile("ci")

# What takes most of the suite's time: browsers, trainings, killed processes, and installed packages.
SLOW = (
    "e2e",
    "distill/losses/test_losses.py",
    "distill/test_checkpoints.py",
    "distill/test_processes.py",
    "distill/test_training.py",
    "docs/test_figures.py",
    "docs/test_site.py",
    "models/test_hub_download.py",
    "runs/test_engine.py",
    "runs/test_kills.py",
    "runs/test_runs.py",
    "test_packaging.py",
    "tools",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow files, which `pytest -m "not slow"` leaves out.

    They come first, so that no core waits for the other at the end.
    """
    for item in items:
        if item.path.relative_to(ROOT / "tests").as_posix().startswith(SLOW):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`tiny_folder("roberta")` is the folder of a tiny model of that family, made at the first call."""
    made: dict[str, Path] = {}

    def folder(family: str) -> Path:
        if family not in made:
            made[family] = tiny(family, tmp_path_factory.mktemp("models") / family)
        return made[family]

    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_folder: Callable[[str], Path]) -> Callable[[str], loading.MaskedLM]:
    """`tiny_model("roberta")` is a loaded tiny model of that family."""
    loaded: dict[str, loading.MaskedLM] = {}

    def model(family: str) -> loading.MaskedLM:
        if family not in loaded:
            loaded[family] = loading.load(str(tiny_folder(family)))
        return loaded[family]

    return model


@pytest.fixture(scope="session", params=FAMILIES)
def any_family(
    request: pytest.FixtureRequest, tiny_model: Callable[[str], loading.MaskedLM]
) -> loading.MaskedLM:
    """Runs a test once for every family."""
    return tiny_model(request.param)


@pytest.fixture(scope="session")
def tiny_bert(tiny_model: Callable[[str], loading.MaskedLM]) -> loading.MaskedLM:
    return tiny_model("bert")


@pytest.fixture(scope="session")
def tiny_bert_cased(tiny_model: Callable[[str], loading.MaskedLM]) -> loading.MaskedLM:
    return tiny_model("bert-cased")


@pytest.fixture(scope="session")
def tiny_roberta(tiny_model: Callable[[str], loading.MaskedLM]) -> loading.MaskedLM:
    return tiny_model("roberta")


@pytest.fixture(scope="session")
def tiny_albert(tiny_model: Callable[[str], loading.MaskedLM]) -> loading.MaskedLM:
    return tiny_model("albert")


@pytest.fixture(scope="session")
def tiny_xlm_roberta(tiny_model: Callable[[str], loading.MaskedLM]) -> loading.MaskedLM:
    return tiny_model("xlm-roberta")


@pytest.fixture(scope="session")
def teacher() -> loading.MaskedLM:
    """The embedded teacher."""
    return loading.load("embedded/teacher")
