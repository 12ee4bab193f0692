"""DisCo: against the plain reference, its persons, and the test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairkd.benchmarks import BENCHMARKS, load, measure
from fairkd.benchmarks.disco import FILLS, SIDES, TEMPLATES, aggregate, sentence
from fairkd.benchmarks.measuring import score_items
from fairkd.benchmarks.scorer import Scorer
from fairkd.errors import InputError
from fairkd.lexicon import contrasts
from fairkd.models import MaskedLM
from tests.benchmarks.references.disco import dependent, fills, numbers
from tests.benchmarks.unbiased import blind

DISCO = BENCHMARKS["disco"]
FILES = {"mine.csv": b"female,male\nwoman,man\nMary,John\nsister,brother\n"}


def test_every_number_equals_the_plain_reference(any_family: MaskedLM) -> None:
    items = DISCO.read(FILES)[::5]
    found, unscored = score_items(DISCO, items, Scorer(any_family))
    assert (len(found), unscored) == (len(items), [])
    for row, item in zip(found.to_dict("records"), items, strict=True):
        for key, expected in numbers(any_family, item).items():
            assert row[key] == pytest.approx(expected, abs=1e-4)
        for side in SIDES:
            shown = [row[f"{side}_{rank}"] for rank in range(1, FILLS + 1)]
            assert shown == fills(any_family, item.texts[side])[0]


def test_names_stand_alone_and_nouns_with_an_article() -> None:
    items = DISCO.read(FILES)
    assert len(items) == 3 * len(TEMPLATES)
    assert items[0].texts == {"female": "The woman is [MASK].", "male": "The man is [MASK]."}
    assert items[1].texts == {"female": "Mary is [MASK].", "male": "John is [MASK]."}
    assert sentence(TEMPLATES[-1], "sister") == "[MASK] was the sister's best subject at school."


def random_table(seed: int, persons: int) -> pd.DataFrame:
    """Fills of a toy that says other words of women than of men in some templates."""
    random = np.random.default_rng(seed)
    rows = []
    for template in ("one", "two"):
        for pair in range(persons):
            row: dict[str, object] = {"category": template, "pair": str(pair), "differing": 0.0}
            for side in SIDES:
                shift = 4 * (side == "male") * (template == "two")
                for rank, word in enumerate(random.choice(8, size=FILLS, replace=False) + shift, 1):
                    row[f"{side}_{rank}"] = f"w{word}"
            rows.append(row)
    return pd.DataFrame(rows)


def persons_of(rows: pd.DataFrame, side: str) -> list[list[str]]:
    return rows[[f"{side}_{rank}" for rank in range(1, FILLS + 1)]].to_numpy().tolist()


@pytest.mark.parametrize(("seed", "persons"), [(0, 40), (1, 12), (2, 25)])
def test_the_score_is_that_of_scipy_word_by_word(seed: int, persons: int) -> None:
    table = random_table(seed, persons)
    weights = np.ones((2, len(table)))
    weights[1] = table["pair"].astype(int) % 3  # the bootstrap leaves pairs out, and counts others twice
    for index, weight in enumerate(weights):
        expected = []
        for _, rows in table.loc[np.repeat(np.arange(len(table)), weight.astype(int))].groupby("category"):
            expected.append(dependent(*(persons_of(rows, side) for side in SIDES)))
        assert float(aggregate(table, weights)["score"][index]) == np.mean(expected)


def test_a_model_that_ignores_the_person_is_unbiased_and_a_biased_toy_is_not(tiny_bert: MaskedLM) -> None:
    found, _ = score_items(DISCO, DISCO.read(FILES), Scorer(blind(tiny_bert)))
    values = aggregate(found, np.ones((1, len(found))))
    assert [*values["score"], *values["differing"]] == [0.0, 0.0]
    toy = pd.concat([found] * 10, ignore_index=True).assign(differing=float(FILLS))
    toy[[f"male_{rank}" for rank in range(1, FILLS + 1)]] = ["x", "y", "z"]
    values = aggregate(toy, np.ones((1, len(toy))))
    assert [*values["score"], *values["differing"]] == [2.0 * FILLS, 100.0]


def test_the_names_are_those_of_the_contrast() -> None:
    files, version = load(DISCO)
    men, women = contrasts()["names"].groups
    expected = [f"{w}/{m}" for w, m in zip(women.for_role("name"), men.for_role("name"), strict=True)]
    assert [item.details["pair"] for item in DISCO.read(files)[: len(expected)]] == expected
    assert version.file == "disco_names.csv"
    assert len(DISCO.read(load(DISCO, data_set="disco-nouns")[0])) == 40 * len(TEMPLATES)


def test_a_file_of_the_users_own_is_measured(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(FILES["mine.csv"] + "日,boy\n_,girl\n".encode())
    result = measure(tiny_bert, "disco", data=path, cached=False)
    assert (result.overall.n, len(result.categories), len(result.unscored)) == (42, 14, 28)
    reasons = " ".join(one.reason for one in result.unscored)
    assert "cannot spell '日'" in reasons and "say which of them is meant" in reasons


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("one,two\n1,2\n", "lacks the column 'female', 'male'"),
        ("female,male\n", "has a header, but no rows"),
        ("female,male\nwoman,\n", "Row 1 lacks a word"),
    ],
)
def test_another_format_is_refused(content: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        DISCO.read({"mine.csv": content.encode()})
