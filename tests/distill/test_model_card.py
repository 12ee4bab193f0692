"""The model card of a finished run."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from fairkd.corpora import HeldOutText
from fairkd.distill.config.config import Config, make_config
from fairkd.distill.config.presets import PRESETS
from fairkd.distill.model_card import CardData, card, template
from fairkd.measures.registry import MEASURES, evaluation_keys

STUDENT = dict.fromkeys(evaluation_keys(), 0.25) | {"masked_sentences": 100, "professions": 20}
TEACHER = dict.fromkeys(evaluation_keys("quality", "bias"), 0.5)


def card_of(config: Config, **changes: Any) -> str:
    data = {
        "corpus": "toy $text",
        "licence": None,
        "steps": 1200,
        "tokens": 34567,
        "seconds": 90.0,
        "teacher": TEACHER,
        "student": STUDENT,
    }
    return card(CardData(config=config, **{**data, **changes}))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_card_holds_the_settings_of_its_run(preset: str) -> None:
    config = make_config(PRESETS[preset])
    text = card_of(config)
    (block,) = re.findall(r"(?s)```yaml\n(.*?)\n```", text)
    assert make_config(yaml.safe_load(block)) == config
    header = yaml.safe_load(text.split("---\n")[1])
    assert header["pipeline_tag"] == "fill-mask" and "fairkd" in header["tags"]


def test_every_placeholder_is_filled_and_text_of_the_user_stays_as_it_is() -> None:
    text = card_of(make_config({}))
    assert not [name for name in template().get_identifiers() if f"${name}" in text.replace("toy $text", "")]
    assert "- Text: toy $text (FairKD does not know its licence)" in text
    assert "1,200 steps, 34,567 tokens, 1.5 minutes, seed 0" in text


def test_a_card_has_the_languages_of_the_teacher_and_says_how_often_the_text_holds_the_balanced_words() -> (
    None
):
    found = {"hij": {"hij": 1200, "Hij": 34}, "zij": {"zij": 0}}
    text = card_of(make_config({"constraint": {"kind": "group"}}), languages=("nl", "no"), group_words=found)
    assert yaml.safe_load(text.split("---\n")[1])["language"] == ["nl", "no"]
    words = "holds the words of hij 1,234 times (hij 1,200, Hij 34), of zij 0 times."
    assert f"- Balanced words: The training text {words}\n- Training: 1,200 steps" in text
    assert "language" not in yaml.safe_load(card_of(make_config({})).split("---\n")[1])


def test_a_card_names_the_held_out_text() -> None:
    text = card_of(make_config({}), held_out=HeldOutText("valid.txt", "MIT", ("a sentence",)))
    assert "- Held-out text: valid.txt (licence MIT)\n- Training:" in text
    assert "measured on:\nsentences of valid.txt, or professions." in text
    assert "held-out sentences of the same text" in card_of(make_config({}))


def test_a_table_has_a_row_for_each_measure_of_the_student() -> None:
    text = card_of(make_config({"constraint": {"kind": "group"}}))
    rows = [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines() if line.startswith("| ")]
    assert rows == ["measure", *(measure.label for measure in MEASURES.values())]
    assert "| KL to the teacher | 0.250 nats (0.250 to 0.250) | – | 100 held-out sentences |" in text
    row = "| mean absolute gap | 0.25 nats (0.25 to 0.25) | 0.50 nats (0.50 to 0.50) | 20 professions |"
    assert row in text


def test_a_measure_that_neither_model_has_is_left_out() -> None:
    text = card_of(make_config({}), student={**STUDENT, "kl": None}, teacher=TEACHER)
    assert "KL to the teacher" not in text
    assert "KL to the constrained teacher" not in text, "without a constraint there is none"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "without a fairness constraint."),
        ({"objective": {"kd": 0.0, "hidden": 0.0}}, "It learnt from the text alone"),
        (
            {"constraint": {"kind": "group"}},
            "the constraint `group` on the word groups `pronouns` (strength 1,",
        ),
        ({"constraint": {"kind": "group", "shares": [0.7, 0.3]}}, "is split 0.7 to 0.3"),
        ({"corpus": {"cda": True}}, "Gendered sentences were also learnt with he and she swapped."),
        ({"student": {"kind": "layers", "layers": [0, 2]}}, "its teacher's layers 0, 2 and head."),
        ({"student": {"kind": "fresh"}}, "It began untrained"),
    ],
)
def test_a_card_says_how_the_student_was_trained(settings: dict[str, Any], sentence: str) -> None:
    assert sentence in card_of(make_config(settings))
