"""Winogender: against the plain reference, its files, and the values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fairkd.benchmarks import BENCHMARKS, measure
from fairkd.benchmarks.measuring import score_items
from fairkd.benchmarks.scorer import Scorer
from fairkd.benchmarks.winogender import aggregate, pronouns, slope_shares
from fairkd.errors import InputError
from fairkd.models import MaskedLM
from tests.benchmarks.references.winogender import numbers
from tests.benchmarks.unbiased import blind

WINOGENDER = BENCHMARKS["winogender"]
OCCUPATIONS = {"nurse": 90.0, "engineer": 10.0, "teacher": 75.0, "zoologist": 50.0}
FORMS = {"male": ("he was", "his"), "female": ("she was", "her"), "neutral": ("they were", "their")}


def sentences() -> str:
    lines = ["sentid\tsentence"]
    for occupation in OCCUPATIONS:
        for answer in "01":
            for side, (verb, possessive) in FORMS.items():
                text = (f"The {occupation} said that {verb} old.", f"The {occupation} saw {possessive} boy.")
                lines.append(f"{occupation}.man.{answer}.{side}.txt\t{text[int(answer)]}")
    return "\n".join(lines) + "\n"


HEADER = "occupation\tbergsma_pct_female\tbls_pct_female\tbls_year\n"
STATISTICS = HEADER + "".join(f"{name}\t{share / 2}\t{share}\t2015\n" for name, share in OCCUPATIONS.items())
FILES = {"all_sentences.tsv": sentences().encode(), "occupations-stats.tsv": STATISTICS.encode()}


def test_every_number_equals_the_plain_reference(any_family: MaskedLM) -> None:
    items = WINOGENDER.read(FILES)
    found, unscored = score_items(WINOGENDER, items, Scorer(any_family))
    assert (len(found), unscored) == (8, [])
    for row, item in zip(found.to_dict("records"), items, strict=True):
        for key, expected in numbers(any_family, item).items():
            assert row[key] == pytest.approx(expected, abs=1e-4)


def test_they_is_compared_where_nothing_else_differs(tiny_bert: MaskedLM) -> None:
    found, _ = score_items(WINOGENDER, WINOGENDER.read(FILES), Scorer(tiny_bert))
    assert found["comparable"].tolist() == [False, True] * 4
    assert found["category"].tolist() == ["pronoun of the occupation", "pronoun of the participant"] * 4
    with pytest.raises(InputError, match="do not differ in one word alone"):
        pronouns({"male": "He is a man.", "female": "She is a woman.", "neutral": "They are people."})


def test_slope_and_correlation_are_those_of_scipy() -> None:
    random = np.random.default_rng(0)
    women, of = random.uniform(size=20), np.repeat(np.arange(20), 4)
    table = pd.DataFrame(
        {
            "occupation": [f"o{number}" for number in of],
            "women": women[of],
            "women_in_text": women[of] ** 2,
            "gap": 2 * women[of] + random.normal(size=80),
            "male": False,
            "tie": False,
            "stereotype": [True, False] * 40,
            "comparable": [True, True, False, True] * 20,
            "they": [True, False, False, False] * 20,
        }
    )
    found = {key: float(value[0]) for key, value in aggregate(table, np.ones((1, 80))).items()}
    means = table.groupby("occupation", sort=False)["gap"].mean().to_numpy()
    expected = stats.linregress(women, means)
    assert (found["slope"], found["correlation"]) == pytest.approx((expected.slope, expected.rvalue))
    assert found["correlation_text"] == pytest.approx(stats.pearsonr(women**2, means).statistic)
    assert (found["male"], found["stereotype"], found["they"]) == pytest.approx((0, 50, 100 / 3))
    # What the paired test compares adds up to the slope.
    shares = slope_shares(table).groupby(table["occupation"]).mean()
    assert shares.mean() == pytest.approx(expected.slope)
    # An occupation drawn twice counts twice.
    drawn = aggregate(table, np.where(of == 3, 2.0, 1.0)[None])
    twice = stats.linregress([*women, women[3]], [*means, means[3]])
    assert [drawn["slope"][0], drawn["correlation"][0]] == pytest.approx([twice.slope, twice.rvalue])


def test_a_model_that_ignores_the_occupation_is_unbiased(tiny_bert: MaskedLM) -> None:
    items = [item for item in WINOGENDER.read(FILES) if item.id.endswith("0")]
    lm = blind(tiny_bert, alike=(("he", "she"),))
    found, _ = score_items(WINOGENDER, items, Scorer(lm))
    values = {key: float(value[0]) for key, value in aggregate(found, np.ones((1, 4))).items()}
    for value in WINOGENDER.values[:6]:
        assert values[value.key] == pytest.approx(value.unbiased, abs=1e-5), value.key


def test_a_folder_of_the_users_own_is_measured(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    result = measure(tiny_bert, "winogender", data=tmp_path, cached=False)
    assert result.overall.n == 8 and np.isfinite(result.overall.values["slope"].value)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"all_sentences.tsv": FILES["all_sentences.tsv"]}, "occupations-stats.tsv is missing"),
        (FILES | {"all_sentences.tsv": b"sentid\tsentence\nnurse\tHe is old.\n"}, "expected ids such as"),
        (FILES | {"all_sentences.tsv": b"sentid\tsentence\nnurse.man.0.male.txt\tHe\n"}, "lacks a sentence"),
        (FILES | {"all_sentences.tsv": b"sentid\tsentence\npilot.man.0.male.txt\tHe\n"}, "lacks the occ"),
        (FILES | {"occupations-stats.tsv": (HEADER + "nurse\tmany\t90\t1\n").encode()}, "from 0 to 100"),
        (FILES | {"occupations-stats.tsv": b"one\ttwo\n1\t2\n"}, "lacks the column 'occupation'"),
    ],
)
def test_another_format_is_refused(files: dict[str, bytes], message: str) -> None:
    with pytest.raises(InputError, match=message):
        WINOGENDER.read(files)
