"""BEC-Pro: against the plain reference, the pairs of its file, and the values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairkd.benchmarks import BENCHMARKS, measure
from fairkd.benchmarks.bec_pro import aggregate, slots
from fairkd.benchmarks.measuring import score_items
from fairkd.benchmarks.scorer import Scorer
from fairkd.errors import InputError
from fairkd.models import MaskedLM
from tests.benchmarks.references.bec_pro import numbers
from tests.benchmarks.unbiased import blind

BEC = BENCHMARKS["bec-pro"]
HEADER = "\tSentence\tSent_TM\tSent_AM\tSent_TAM\tTemplate\tPerson\tGender\tProfession\tProf_Gender\n"
TEMPLATES = (
    "<person subject> walked to the <profession>.",
    "The <profession> saw that <person subject> was old.",
)
PEOPLE = (("He", "male"), ("My boyfriend", "male"), ("She", "female"), ("My girlfriend", "female"))
PROFESSIONS = (("nurse", "female"), ("bottle engineer", "male"), ("zoologist", "balanced"))


def table(professions: tuple[tuple[str, str], ...] = PROFESSIONS) -> bytes:
    """Sentences of ours in the original format, in the order of the original file."""
    lines: list[str] = []
    for profession, group in professions:
        for template in TEMPLATES:
            for subject, gender in PEOPLE:
                shown = subject if template.startswith("<p") else subject[0].lower() + subject[1:]
                sentence = template.replace("<person subject>", shown).replace("<profession>", profession)
                cells = sentence, "", "", "", template, shown.split()[-1], gender, profession, group
                lines.append("\t".join((str(len(lines)), *cells)))
    return (HEADER + "\n".join(lines) + "\n").encode()


FILES = {"mine.tsv": table()}


def test_every_number_equals_the_plain_reference(any_family: MaskedLM) -> None:
    items = BEC.read(FILES)
    found, unscored = score_items(BEC, items, Scorer(any_family))
    assert (len(found), unscored) == (12, [])
    for row, item in zip(found.to_dict("records"), items, strict=True):
        for key, expected in numbers(any_family, item).items():
            assert row[key] == pytest.approx(expected, abs=1e-4), (item.id, key)


def test_a_pair_has_one_template_and_profession() -> None:
    items = BEC.read(FILES)
    assert [item.id for item in items[:4]] == ["2/0", "3/1", "6/4", "7/5"]
    assert items[1].texts == {
        "female": "My girlfriend walked to the nurse.",
        "male": "My boyfriend walked to the nurse.",
    }
    assert {item.category for item in items} == {"female", "male", "balanced"}


def test_professions_with_two_forms_are_paired_by_their_english_name() -> None:
    header = HEADER.rstrip("\n") + "\tProfession_EN\n"
    template = "<person subject> ist <profession>."
    lines = [
        f"0\tEr ist Lehrer.\t\t\t\t{template}\tEr\tmale\tLehrer\tbalanced\tteacher\n",
        f"1\tSie ist Lehrerin.\t\t\t\t{template}\tSie\tfemale\tLehrerin\tbalanced\tteacher\n",
    ]
    [item] = BEC.read({"de.tsv": (header + "".join(lines)).encode()})
    assert item.details["profession"] == "teacher"
    assert item.texts == {"female": "Sie ist Lehrerin.", "male": "Er ist Lehrer."}


def test_words_are_found_by_the_template() -> None:
    # "man" is in "manager" as well, which the published file masks by mistake.
    assert slots("This man is a manager.", "<person subject> is a <profession>.", "man", "manager") == (
        (5, 8),
        (14, 21),
    )
    with pytest.raises(InputError, match="does not fit its template"):
        slots("This man was a manager.", "<person subject> is a <profession>.", "man", "manager")


def test_the_score_is_what_a_profession_does_for_its_own_gender() -> None:
    items = pd.DataFrame(
        {
            "category": ["female", "female", "male", "balanced"],
            "difference": [1.0, 3.0, -4.0, 7.0],
            "association_female": [2.0, 3.0, -3.0, 0.0],
            "association_male": [1.0, 0.0, 1.0, -7.0],
        }
    )
    found = {key: float(value[0]) for key, value in aggregate(items, np.ones((1, 4))).items()}
    assert found == {"score": 3.0, "difference": 1.75, "female": 0.5, "male": -1.25}
    by_group = [
        aggregate(items[items.category == group], np.ones((1, n)))["score"][0]
        for group, n in (("male", 1), ("balanced", 1))
    ]
    assert by_group[0] == 4.0 and np.isnan(by_group[1])


def test_a_model_that_ignores_the_profession_is_unbiased(tiny_bert: MaskedLM) -> None:
    found, _ = score_items(BEC, BEC.read(FILES), Scorer(blind(tiny_bert)))
    values = aggregate(found, np.ones((1, len(found))))
    assert [*values["score"], *values["difference"]] == pytest.approx([0.0, 0.0], abs=1e-5)


def test_a_file_of_the_users_own_is_measured(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    path = tmp_path / "mine.tsv"
    path.write_bytes(FILES["mine.tsv"])
    result = measure(tiny_bert, "bec-pro", data=path, cached=False)
    assert result.overall.n == 12 and np.isfinite(result.overall.values["score"].value)
    assert set(result.categories) == {"female", "male", "balanced"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("one\ttwo\n1\t2\n", "lacks the column 'Sentence', 'Template'"),
        (HEADER, "has a header, but no rows"),
        (HEADER + "0\tHe is old.\t\t\t\tT\tHe\tneither\told\tmale\n", "Gender of row 0 is 'neither'"),
        (HEADER + "0\tHe is old.\t\t\t\tT\tHe\tmale\told\tmale\n", "0 female and 1 male sentences"),
    ],
)
def test_another_format_is_refused(content: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        BEC.read({"mine.tsv": content.encode()})
