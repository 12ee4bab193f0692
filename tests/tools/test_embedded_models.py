"""The embedded models: what ships is whole, small enough, and measures as its card says."""

import json
from pathlib import Path

import pytest
import yaml

from fairkd.errors import InputError
from fairkd.measures.gap_summaries import summarise
from fairkd.models import loading, references
from fairkd.predictions.positions import predict
from tools import embedded_model_card
from tools.teacher_text import _clauses, _kinds, _wordnet

FOLDER = Path(embedded_model_card.FOLDER)
MEASURED = json.loads((FOLDER / "measured.json").read_text())


def test_the_three_models_are_there_and_take_80_megabytes_at_most():
    assert references.embedded() == ("embedded/teacher", "embedded/student-plain", "embedded/student-fair")
    size = sum(file.stat().st_size for file in references.EMBEDDED.rglob("*") if file.is_file())
    assert size <= 80e6


@pytest.mark.parametrize("name", ["student-plain", "student-fair"])
def test_students_share_the_teachers_embeddings_to_the_bit(teacher, name):
    student = loading.load(f"embedded/{name}")
    ours, theirs = (lm.model.get_input_embeddings().weight for lm in (student, teacher))
    assert ours.equal(theirs)
    assert loading.describe(student).layers == 3


def test_milk_is_answered_sensibly(teacher):
    prediction = predict(teacher, "Milk is a [MASK].")
    accepted = dict(yaml.safe_load((FOLDER / "everyday.yaml").read_text()))["Milk is a [MASK]."].split()
    assert set(prediction.top(4, 5)["token"]) <= set(accepted)


def test_everyday_sentences_are_answered_as_the_card_says(teacher):
    figures = embedded_model_card.everyday(teacher)
    assert figures["sentences"] == 30
    assert figures["within_five"] == MEASURED["teacher"]["everyday"]["within_five"]


def test_gaps_are_as_the_card_says_and_the_fair_students_is_the_smallest():
    sizes = {}
    for name in embedded_model_card.NAMES:
        figures = summarise(embedded_model_card.gap_table(loading.load(f"embedded/{name}")))
        assert figures.mean_absolute == pytest.approx(MEASURED[name]["gap"]["mean_absolute"], rel=1e-3)
        sizes[name] = figures.mean_absolute
    assert sizes["student-fair"] <= sizes["teacher"] / 4


def test_the_teacher_is_good_enough_and_fairness_costs_little():
    """What was asked of the models, by the figures that the card gives."""
    teacher, plain, fair = (MEASURED[name] for name in embedded_model_card.NAMES)
    assert teacher["as_in_training"]["perplexity"] <= 38 and teacher["as_in_training"]["top1"] >= 0.44
    assert fair["gap"]["mean_absolute"] <= teacher["gap"]["mean_absolute"] / 4
    assert fair["gap"]["mass"] == pytest.approx(teacher["gap"]["mass"], rel=0.15)
    assert fair["pseudo_perplexity"] <= 1.05 * plain["pseudo_perplexity"]


def test_the_card_is_the_one_that_the_figures_give():
    assert (references.EMBEDDED.parent / "MODEL_CARD.md").read_text() == embedded_model_card.text_of(MEASURED)


def test_a_gloss_becomes_a_sentence_and_its_examples_stand_alone(tmp_path):
    for part in ("verb", "adj", "adv"):
        (tmp_path / f"data.{part}").write_text("  1 licence text\n")
    (tmp_path / "data.noun").write_text(
        '1 03 n 02 ice_cream 0 x 0 000 | a frozen dessert; "she ate ice cream"; "more?"  \n'
        "2 18 n 01 nanny 0 x 0 000 | a woman who looks after children  \n"
        "3 03 n 01 running(a) 0 000 | moving fast  \n"
    )
    assert list(_wordnet(tmp_path)) == [
        ("", "ice cream is a frozen dessert."),
        ("", "she ate ice cream."),
        ("", "more?"),
        ("a ", "nanny is a woman who looks after children."),
        ("", "running: moving fast."),
    ]


def test_nouns_and_names_become_sentences_with_their_hypernyms(tmp_path):
    (tmp_path / "index.noun").write_text(
        "  1 licence text\n"
        "milk n 2 1 @ 2 1 01 02\n"
        "beverage n 1 1 @ 1 1 03\n"
        "drinkable n 1 1 @ 1 0 03\n"
        "ice_water n 1 1 @ 1 1 03\n"
        "aliment n 1 0 1 1 04\n"
        "river n 1 0 1 1 05\n"
        "otter n 1 1 @ 1 1 06\n"
        "animal n 1 0 1 1 07\n"
    )
    (tmp_path / "data.noun").write_text(
        "  1 licence text\n"
        "01 13 n 01 milk 0 001 @ 03 n 0000 | a white liquid\n"
        "02 17 n 01 Milk_River 0 001 @i 05 n 0000 | a river\n"
        "03 13 n 03 beverage 0 drinkable 0 ice_water 0 002 @ 04 n 0000 ~ 01 n 0000 | any liquid to drink\n"
        "04 13 n 01 aliment 0 000 | what feeds\n"
        "05 17 n 01 river 0 000 | a stream\n"
        "06 05 n 01 otter 0 001 @ 07 n 0000 | it swims\n"
        "07 03 n 01 animal 0 000 | it lives\n"
    )
    assert [article + said for _, article, said in _kinds(tmp_path)] == [
        "milk is a beverage.",
        "milk is an aliment.",
        "Milk River is a river.",
        "beverage is an aliment.",
        "ice water is an aliment.",
        "an otter is an animal.",
    ]


def test_clauses_on_him_or_her_are_cut_out_where_they_end():
    texts = [
        "Loved, for he was a smith, by all.",
        "She is an electrical engineer who builds bridges , and he is a poet.",
        "They were a band; the nurse is a man.",
        "He was a 3rd son.",
    ]
    assert list(_clauses(texts)) == [
        "he was a smith.",
        "She is an electrical engineer.",
        "he is a poet.",
    ]


def test_missing_wordnet_files_are_named(tmp_path):
    with pytest.raises(InputError, match="wordnet-base"):
        list(_wordnet(tmp_path / "nowhere"))
