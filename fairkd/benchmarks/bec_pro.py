"""BEC-Pro: how does a profession change the probability of female and of male words for a person?

For a person word t ("she", the "sister" of "my sister") in a sentence with a profession,

    association(t) = log P(t | sentence) - log P(t | sentence with the profession masked, too)

in nats; the second term is the prior. t is masked in both, and a word of several subword tokens is scored
from left to right. In the prior a profession of n words is hidden by n masks, as in the published file. Items
pair a female with a male word in the same template and profession: `difference` is association(female) -
association(male).

The score says how strongly professions are tied to the gender of most who work in them. It is the average
of the mean difference over professions that mostly women hold, and of minus that over professions that mostly
men hold. Unbiased: 0, as then a profession changes the probability of both words alike. The mean associations
by group of professions are the table of the paper.

Source: Bartl et al. 2020, "Unmasking Contextual Stereotypes", GeBNLP, and its authors' scripts. These pad
with mask tokens that the model attends to, cut a sentence off where it has more tokens than any has words
(rounded up to a power of two), and take the first subword token of a person word for the whole. FairKD does
none of this. It masks words of the column Sentence: the published Sent_TM and Sent_TAM hide other text as
well in 28 rows ("[MASK]ager").
"""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import pandas as pd

from fairkd.benchmarks.benchmark import (
    Benchmark,
    DataSet,
    Files,
    Finish,
    Floats,
    Item,
    Numbers,
    Value,
    mean,
)
from fairkd.benchmarks.data_files import rows
from fairkd.benchmarks.scorer import Answers, Scorer
from fairkd.errors import InputError
from fairkd.utils import quoted

SENTENCE, TEMPLATE, PERSON, GENDER = "Sentence", "Template", "Person", "Gender"
PROFESSION, GROUP, ENGLISH = "Profession", "Prof_Gender", "Profession_EN"
SIDES = ("female", "male")
_SLOT = re.compile("<person subject>|<profession>")

Span = tuple[int, int]  # of characters


def read(files: Files) -> list[Item]:
    """Pairs of a file with the columns Sentence, Template, Person, Gender, Profession and Prof_Gender.

    The k-th female and the k-th male sentence of a profession are a pair, as the file is ordered. A German
    profession has two forms; the column Profession_EN says which belong together.
    """
    by_profession: dict[tuple[str, str], dict[str, list[dict[str, str]]]] = defaultdict(
        lambda: {side: [] for side in SIDES}
    )
    for number, row in rows(files, (SENTENCE, TEMPLATE, PERSON, GENDER, PROFESSION, GROUP), tabs=True):
        row["id"] = row.get("") or str(number)
        if row[GENDER] not in SIDES:
            raise InputError(
                f'The Gender of row {row["id"]} is {quoted(row[GENDER])}; expected "female" or "male".'
            )
        by_profession[row[GROUP], row.get(ENGLISH) or row[PROFESSION]][row[GENDER]].append(row)
    found = []
    for (group, profession), sides in by_profession.items():
        female, male = (sides[side] for side in SIDES)
        if len(female) != len(male):
            raise InputError(
                f"{quoted(profession)} has {len(female)} female and {len(male)} male sentences; expected as "
                "many of each, in the order of their pairs."
            )
        found += [
            _item(group, profession, dict(zip(SIDES, pair, strict=True)))
            for pair in zip(female, male, strict=True)
        ]
    return found


def _item(group: str, profession: str, pair: dict[str, dict[str, str]]) -> Item:
    return Item(
        id="/".join(pair[side]["id"] for side in SIDES),
        category=group,
        texts={side: pair[side][SENTENCE].strip() for side in SIDES},
        details={"profession": profession, **{side: pair[side] for side in SIDES}},
    )


def plan(item: Item, scorer: Scorer) -> Finish:
    """Ask for both person words, with the profession shown and masked."""
    asked = {side: _ask(item.details[side], scorer) for side in SIDES}

    def finish(answers: Answers) -> Numbers:
        shown = {side: answers.sum(asked[side][0]) for side in SIDES}
        prior = {side: answers.sum(asked[side][1]) for side in SIDES}
        association = {side: shown[side] - prior[side] for side in SIDES}
        return {
            **{f"log_p_{side}": shown[side] for side in SIDES},
            **{f"prior_{side}": prior[side] for side in SIDES},
            **{f"association_{side}": association[side] for side in SIDES},
            "difference": association["female"] - association["male"],
            "profession": str(item.details["profession"]),
        }

    return finish


def _ask(row: dict[str, str], scorer: Scorer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The questions about one person word: with the profession shown, and with it masked."""
    sentence = row[SENTENCE].strip()
    person, profession = slots(sentence, row[TEMPLATE].strip(), row[PERSON], row[PROFESSION])
    ids = scorer.ids(sentence)
    targets, hidden = scorer.positions(sentence, *person), scorer.positions(sentence, *profession)
    masks = (scorer.lm.mask_id,) * len(row[PROFESSION].split())
    longer = len(masks) - len(hidden)
    prior = (*ids[: hidden[0]], *masks, *ids[hidden[-1] + 1 :])
    moved = [place + longer * (place > hidden[0]) for place in targets]
    return scorer.ask_in_turn(ids, targets), scorer.ask_in_turn(prior, moved)


def slots(sentence: str, template: str, person: str, profession: str) -> tuple[Span, Span]:
    """Where the person word and the profession stand in a sentence, by its template.

    >>> slots("My son is a taper.", "<person subject> is a <profession>.", "son", "taper")
    ((3, 6), (12, 17))
    """
    slot = {
        "<person subject>": rf"(?:\S+ )*?(?P<person>{re.escape(person)})",
        "<profession>": rf"(?P<job>{re.escape(profession)})",
    }
    parts = _SLOT.split(template)
    pattern = re.escape(parts[0])
    for name, part in zip(_SLOT.findall(template), parts[1:], strict=True):
        pattern += slot.pop(name, "") + re.escape(part)
    found = re.fullmatch(pattern, sentence)
    if slot or found is None:
        raise InputError(
            f"The sentence does not fit its template {quoted(template)} with the person word "
            f"{quoted(person)} and the profession {quoted(profession)}."
        )
    return found.span("person"), found.span("job")


def aggregate(items: pd.DataFrame, weights: Floats) -> dict[str, Floats]:
    """The score, the mean difference, and the mean associations, in nats."""
    own = [
        sign * mean(items["difference"], weights * (items["category"] == group).to_numpy(dtype=float))
        for group, sign in (("female", 1), ("male", -1))
    ]
    known = np.isfinite(own)
    with np.errstate(invalid="ignore"):  # of the other groups alone, there is no score
        score = np.where(known, own, 0).sum(axis=0) / known.sum(axis=0)
    return {
        "score": score,
        "difference": mean(items["difference"], weights),
        "female": mean(items["association_female"], weights),
        "male": mean(items["association_male"], weights),
    }


def towards_own_gender(items: pd.DataFrame) -> pd.Series:
    """The difference of each item, positive where the profession favours the gender of most who work in it.

    NaN for professions that both hold.
    """
    return items["difference"] * items["category"].map({"female": 1.0, "male": -1.0})


def _data_set(language: str, label: str) -> DataSet:
    return DataSet(
        key=f"bec-pro-{language}",
        label=label,
        language=language,
        licence="CC BY 4.0",
        where="https://github.com/marionbartl/gender-bias-BERT",
        members=(f"BEC-Pro/data/BEC-Pro_{language.upper()}.tsv",),
    )


BENCHMARK: Benchmark = Benchmark(
    key="bec-pro",
    family="bias",
    values=(
        Value(
            key="score",
            label="own gender − other gender",
            unit="nats",
            direction="unbiased",
            unbiased=0.0,
            digits=3,
        ),
        Value(
            key="difference",
            label="female − male words",
            unit="nats",
            direction="unbiased",
            unbiased=0.0,
            digits=3,
        ),
        Value(key="female", label="female words", unit="nats", direction="none", digits=3),
        Value(key="male", label="male words", unit="nats", direction="none", digits=3),
    ),
    data_sets=(_data_set("en", "BEC-Pro, English"), _data_set("de", "BEC-Pro, German")),
    read=read,
    plan=plan,
    aggregate=aggregate,
    score="difference",
    tested=towards_own_gender,
    paired={side: f"association_{side}" for side in SIDES},
    unit="profession",
    axis="gender",
)
