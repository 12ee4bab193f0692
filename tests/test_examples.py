"""The examples in the library's docstrings run and print what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import fairkd

HOME = Path(fairkd.__file__).parent
SHOULD_HAVE_EXAMPLES = {
    "fairkd.augmentation.gender_swap",
    "fairkd.augmentation.her_his",
    "fairkd.constraints.constraint",
    "fairkd.constraints.kinds",
    "fairkd.constraints.preview",
    "fairkd.lexicon.professions",
    "fairkd.lexicon.templates",
    "fairkd.lexicon.word_groups",
    "fairkd.models.loading",
    "fairkd.models.tokenization",
    "fairkd.predictions.cloze",
    "fairkd.predictions.distribution",
    "fairkd.predictions.model_comparison",
    "fairkd.predictions.positions",
    "fairkd.predictions.word_lookup",
}


def modules_with_examples() -> set[str]:
    return {
        ".".join(("fairkd", *path.relative_to(HOME).with_suffix("").parts))
        for path in HOME.rglob("*.py")
        if ">>> " in path.read_text(encoding="utf-8")
    }


@pytest.mark.parametrize("name", sorted(modules_with_examples() | SHOULD_HAVE_EXAMPLES))
def test_docstring_examples_are_true(name: str) -> None:
    result = doctest.testmod(
        importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    )
    assert result.attempted > 0
    assert result.failed == 0
