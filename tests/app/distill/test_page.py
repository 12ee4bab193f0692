"""The Distill page as Streamlit runs it, on tiny models; runs are queued, not started."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.distill.variants import usable_roles, values
from fairkd import runs
from fairkd.distill.config.config import Config, make_config
from fairkd.distill.config.presets import DESCRIPTIONS, LABELS, PRESETS
from fairkd.errors import InputError
from fairkd.lexicon.word_groups import contrasts, make_contrast
from tests.app.conftest import OpenDistill
from tests.app.reading import started, texts, titles

pytestmark = pytest.mark.usefixtures("home")


def metric(app: AppTest, name: str) -> str:
    return next(one.value for one in app.metric if one.label.startswith(name))


# --- variants ---


def test_the_page_opens_with_two_variants_and_a_constraint_preview(open_distill: OpenDistill) -> None:
    app = open_distill()
    assert not app.error
    assert app.get_by_key("variants").value == ["plain", "fair"]
    assert re.search(r"constraint changes he/him/his from .+ to .+%, she/her from .+ to", titles(app)[-1])
    table = next(frame.value for frame in app.table if "meaning" in frame.value)
    assert r"constraint\.kind" in set(table["setting"]) and all(table["meaning"])
    assert "Start both (same random seed)" in {button.label for button in app.button}


@pytest.mark.parametrize("variant", list(PRESETS))
def test_every_preset_is_explained_and_can_be_started(open_distill: OpenDistill, variant: str) -> None:
    app = open_distill([variant])
    assert not app.error
    assert DESCRIPTIONS[variant] in texts(app)
    app.button(key="start_one").click().run()
    assert not app.exception and list(started()) == [variant]


def test_without_a_variant_the_page_asks_for_one(open_distill: OpenDistill) -> None:
    app = open_distill([])
    assert "at least one variant" in texts(app)
    assert not [button for button in app.button if str(button.key).startswith("start")]


def test_the_address_holds_the_variants_unless_they_are_the_default(open_distill: OpenDistill) -> None:
    app = open_distill()
    assert "variants" not in app.query_params
    app.get_by_key("variants").set_value(["fair", "paper"]).run()
    assert app.query_params["variants"] == ["paper", "fair"], "in the order of the presets"
    assert open_distill(variants="cda").get_by_key("variants").value == ["cda"]
    assert open_distill(variants="nothing").get_by_key("variants").value == ["plain", "fair"]


def test_a_variant_is_shown_by_its_full_name_with_the_short_one(open_distill: OpenDistill) -> None:
    app = open_distill(["cda"])
    assert f"{LABELS['cda']} (cda)" in texts(app).replace("*", "")


def test_all_variants_start_as_one_batch_on_one_seed(open_distill: OpenDistill) -> None:
    app = open_distill(["plain", "paper", "fair"])
    app.number_input(key="set:seed:").set_value(7).run()
    app.button(key="start_all").click().run()
    assert not app.exception
    found = started()
    assert set(found) == {"plain", "paper", "fair"} and {config.seed for config in found.values()} == {7}
    assert len({run.batch for run in runs.all_runs()}) == 1
    assert {Path(config.teacher).name for config in found.values()} == {"bert"}
    assert "3 runs are in the queue" in texts(app)


def test_a_start_is_reported_until_its_runs_have_ended(open_distill: OpenDistill) -> None:
    app = open_distill(["plain"])
    app.button(key="start_one").click().run()
    assert "The run is in the queue" in texts(app)
    (run,) = runs.all_runs()
    runs.cancel(run.id)
    assert "in the queue" not in texts(app.run())


def test_one_variant_starts_alone(open_distill: OpenDistill) -> None:
    app = open_distill(["plain", "fair"])
    app.get_by_key("focused").set_value("plain").run()
    app.button(key="start_one").click().run()
    assert list(started()) == ["plain"]
    assert "The run is in the queue" in texts(app)


def test_a_variant_that_cannot_work_is_refused_at_the_start_button(open_distill: OpenDistill) -> None:
    app = open_distill(["plain"])
    app.get_by_key("set:student.layers:").set_value("99").run()
    app.button(key="start_one").click().run()
    assert not app.exception and "Expected ascending layers of the teacher" in texts(app)
    assert not runs.all_runs()


# --- the constraint preview ---


def test_the_published_constraint_loses_probability_and_the_group_constraint_does_not(
    open_distill: OpenDistill,
) -> None:
    app = open_distill(["paper"])
    assert metric(app, "Probability lost") != "none"
    app.get_by_key("kind:paper").set_value("group").run()
    assert not app.error and metric(app, "Probability lost") == "none"


def test_at_strength_zero_nothing_changes(open_distill: OpenDistill) -> None:
    app = open_distill(["group"])
    assert metric(app, "KL(before") != "0.000 nats"
    app.slider(key="strength:group").set_value(0.0).run()
    assert metric(app, "KL(before") == "0.000 nats"
    assert titles(app)[-1].startswith("At strength 0 the teacher's answer stays as it is")


def test_the_scope_decides_where_the_constraint_applies(open_distill: OpenDistill) -> None:
    app = open_distill(["group"], preview_text="he is a [MASK]")
    assert "does not apply" not in titles(app)[-1], "the mask is chosen first"
    app.get_by_key("preview_position:he is a [MASK]").set_value(1).run()
    assert "does not apply" in titles(app)[-1], "a visible word is not in the scope"
    app.get_by_key("scope:group").set_value("all").run()
    assert "does not apply" not in titles(app)[-1]


def test_another_kind_leaves_only_words_that_can_be_paired(open_distill: OpenDistill) -> None:
    app = open_distill(["group"])
    app.get_by_key("kind:group").set_value("mass_preserving").run()
    assert not app.error, "words that cannot be paired are left out"
    assert app.get_by_key("roles:pronouns:group").value == ["subject", "possessive"]
    app.button(key="start_one").click().run()
    assert started()["group"].constraint.roles == ("subject", "possessive")


def test_words_in_two_pairs_are_one_error_and_the_page_still_works(open_distill: OpenDistill) -> None:
    app = open_distill(["paper"])
    app.get_by_key("roles:pronouns:paper").set_value(["subject", "object", "possessive"]).run()
    assert app.error and not app.exception
    assert "two pairs" in texts(app)
    assert app.button(key="start_one").disabled
    app.get_by_key("roles:pronouns:paper").set_value(["subject"]).run()
    assert not app.error and not app.button(key="start_one").disabled


def test_an_empty_sentence_is_one_error_and_the_controls_stay(open_distill: OpenDistill) -> None:
    app = open_distill(["group"])
    app.text_input(key="preview_text").set_value("").run()
    assert len(app.error) == 1 and app.get_by_key("kind:group").value == "group"
    assert not app.button(key="start_one").disabled, "the sentence is not part of the run"


def test_without_a_constraint_the_teacher_is_shown_as_it_is(open_distill: OpenDistill) -> None:
    assert titles(open_distill(["plain"]))[-1].startswith("No constraint")


def test_either_of_two_equal_words_can_be_chosen(open_distill: OpenDistill) -> None:
    app = open_distill(["group"], preview_text="he said he is a [MASK]")
    for position in (1, 3):
        app.get_by_key("preview_position:he said he is a [MASK]").set_value(position).run()
        assert app.get_by_key("preview_position:he said he is a [MASK]").value == position


def test_deselecting_all_roles_selects_all_usable_roles(open_distill: OpenDistill) -> None:
    app = open_distill(["paper"])
    app.get_by_key("roles:pronouns:paper").set_value([]).run()
    assert not app.error
    assert app.get_by_key("roles:pronouns:paper").value == ["subject", "possessive"]
    app.get_by_key("kind:paper").set_value("group").run()
    app.get_by_key("roles:pronouns:paper").set_value([]).run()
    assert app.get_by_key("roles:pronouns:paper").value == ["subject", "object", "possessive"]
    app.button(key="start_one").click().run()
    assert started()["paper"].constraint.roles is None


@pytest.mark.parametrize(("widget", "other"), [("kind", "mass_preserving"), ("contrast", "pronouns-they")])
def test_shares_are_cleared_when_the_groups_change(
    open_distill: OpenDistill, widget: str, other: str
) -> None:
    app = open_distill(["group"])
    app.text_input(key="set:constraint.shares:group").set_value("0.7, 0.3").run()
    assert not app.error
    app.get_by_key(f"{widget}:group").set_value(other).run()
    boxes = [box.value for box in app.text_input if box.key == "set:constraint.shares:group"]
    assert boxes == ([""] if widget == "contrast" else []), "a kind without shares does not ask for them"
    app.button(key="start_one").click().run()
    assert started()["group"].constraint.shares is None


# --- settings ---


def test_changes_are_the_variants_own_and_can_be_undone(open_distill: OpenDistill) -> None:
    app = open_distill(["plain", "fair"])
    app.slider(key="strength:fair").set_value(0.5).run()
    app.get_by_key("focused").set_value("plain").run()
    app.get_by_key("focused").set_value("fair").run()
    assert app.slider(key="strength:fair").value == 0.5
    app.button(key="start_all").click().run()
    found = started()
    assert found["fair"].constraint.strength == 0.5 and found["plain"].constraint.strength == 1.0
    app.button(key="undo").click().run()
    assert app.slider(key="strength:fair:1").value == 1.0


def test_every_setting_can_be_edited_and_is_explained(open_distill: OpenDistill) -> None:
    app = open_distill(["fair"])
    for panel in ("all_settings", "more_shared"):
        app.session_state[panel] = True
    app.run()
    assert not app.exception
    drawn = [one for one in (*app.number_input, *app.selectbox, *app.toggle, *app.text_input, *app.text_area)]
    settings = {str(one.key).split(":")[1]: one for one in drawn if str(one.key).startswith("set:")}
    assert {"objective.kd", "optimizer.learning_rate", "masking.rate", "checkpoint.keep"} <= set(settings)
    assert all(one.help for one in settings.values())
    settings["optimizer.learning_rate"].set_value(3e-4).run()
    app.button(key="start_one").click().run()
    assert started()["fair"].optimizer.learning_rate == 3e-4


def test_a_budget_is_in_minutes_or_in_steps(open_distill: OpenDistill) -> None:
    app = open_distill(["plain"])
    app.get_by_key("budget_kind").set_value("steps").run()
    app.number_input(key="set:budget.steps:").set_value(3).run()
    app.button(key="start_one").click().run()
    budget = started()["plain"].budget
    assert (budget.steps, budget.minutes) == (3, None)
    app.get_by_key("budget_kind").set_value("minutes").run()
    assert app.number_input(key="set:budget.minutes:").value == 5.0 and not app.error


def test_watched_sentences_can_be_edited(open_distill: OpenDistill) -> None:
    app = open_distill(["plain"])
    app.text_area(key="set:evaluation.watched_sentences:").set_value(
        "He is, yes, a [MASK].\n\n Tea is [MASK]. \n"
    ).run()
    app.button(key="start_one").click().run()
    assert started()["plain"].evaluation.watched_sentences == ("He is, yes, a [MASK].", "Tea is [MASK].")


def test_an_empty_box_means_no_watched_sentences_and_the_default_layers(open_distill: OpenDistill) -> None:
    app = open_distill(["plain"])
    app.text_input(key="set:student.layers:").set_value("1").run()
    app.text_input(key="set:student.layers:").set_value("").run()
    app.text_area(key="set:evaluation.watched_sentences:").set_value("").run()
    app.button(key="start_one").click().run()
    config = started()["plain"]
    assert config.student.layers == Config().student.layers and config.evaluation.watched_sentences == ()


@pytest.mark.parametrize("typed", ["a, b", "0, 99.5", "5, x"])
def test_layers_that_are_not_numbers_are_one_error(open_distill: OpenDistill, typed: str) -> None:
    app = open_distill(["plain"])
    app.text_input(key="set:student.layers:").set_value(typed).run()
    assert not app.exception and app.error and "student.layers" in texts(app)
    assert app.button(key="start_one").disabled


def test_an_error_in_a_shared_setting_is_shown_once(open_distill: OpenDistill) -> None:
    app = open_distill(["plain", "fair"])
    app.text_input(key="set:student.layers:").set_value("first").run()
    (error,) = app.error
    assert error.value.startswith("**plain\\, fair**")


def test_each_kind_of_student_has_its_own_settings(
    open_distill: OpenDistill, tiny_folder: Callable[[str], Path]
) -> None:
    app = open_distill(["plain"])
    app.selectbox(key="student_kind").set_value("fresh").run()
    app.number_input(key="set:student.heads:").set_value(5).run()
    assert "not a multiple" in texts(app) and app.button(key="start_one").disabled
    app.selectbox(key="student_kind").set_value("existing").run()
    same = str(tiny_folder("bert"))
    app.text_input(key="set:student.reference:").set_value(same).run()
    assert not app.error
    app.button(key="start_one").click().run()
    assert started()["plain"].student.reference == same


# --- the estimate ---


@dataclass(frozen=True)
class Measured:
    tokens_per_second: float = 1000.0
    steps: int = 300
    tokens: int = 300_000
    seconds: float = 300.0
    epochs: float = 0.5


def test_an_estimate_is_measured_on_request_and_dropped_when_settings_change(
    open_distill: OpenDistill, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Config] = []

    def estimate(config: Config, **_: Any) -> Measured:
        asked.append(config)
        return Measured()

    monkeypatch.setattr("fairkd.distill.estimate", estimate, raising=False)
    app = open_distill(["plain", "fair"])
    assert not app.metric or all(one.label != "Speed" for one in app.metric)
    app.button(key="estimate").click().run()
    assert metric(app, "Speed") == "1,000 tokens/s" and metric(app, "Time") == "5 min 00 s"
    assert metric(app, "All variants") == "10 min" and metric(app, "Share of the text") == "50 %"
    app.run()
    assert len(asked) == 1, "cached"
    app.slider(key="strength:fair").set_value(0.5).run()
    assert all(one.label != "Speed" for one in app.metric), "another configuration needs another estimate"


def test_a_failed_estimate_is_one_error(open_distill: OpenDistill, monkeypatch: pytest.MonkeyPatch) -> None:
    def estimate(config: Config, **_: Any) -> Measured:
        raise InputError("There is not enough memory for a student of this size.")

    monkeypatch.setattr("fairkd.distill.estimate", estimate, raising=False)
    app = open_distill(["plain"])
    app.button(key="estimate").click().run()
    assert not app.exception and "not enough memory" in texts(app)


# --- configurations ---


def test_own_changes_override_shared_settings_and_those_the_preset() -> None:
    found = values("fair", {"seed": 3, "objective.kd": 1.0}, {"objective.kd": 2.0})
    assert found["seed"] == 3 and found["objective"]["kd"] == 2.0
    assert found["constraint"]["kind"] == PRESETS["fair"]["constraint"]["kind"]
    assert make_config(found)


def test_steps_replace_minutes_and_the_default_is_five_minutes() -> None:
    assert make_config(values("plain", {"budget.steps": 9}, {})).budget.minutes is None
    assert make_config(values("plain", {"budget.steps": None}, {})).budget.minutes == 5.0


def test_roles_that_share_a_word_are_left_out() -> None:
    assert usable_roles(contrasts()["pronouns"]) == ("subject", "possessive")
    assert usable_roles(contrasts()["kinship"]) is None
    assert usable_roles(contrasts("nl")["pronouns"]) == ("subject", "possessive")
    assert usable_roles(contrasts("nl")["pronouns-ze"]) is None, "its groups have unequal numbers of words"
    assert usable_roles(make_contrast("mine", {"a": ["king"], "b": ["queen"]})) is None
