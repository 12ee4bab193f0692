"""The command line: what it prints, what it refuses, and that its help comes at once."""

from __future__ import annotations

import csv
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fairkd import lexicon, measures
from fairkd.models import references
from fairkd.models.loading import MaskedLM
from fairkd.predictions import positions, word_lookup
from tests.outcome import Outcome
from tests.zoo import make


@pytest.fixture
def reference(tiny_bert: MaskedLM) -> str:
    return tiny_bert.reference


Run = Callable[..., Outcome]


# predict


def test_predict_json_is_the_documented_document(fairkd: Run, reference: str, tiny_bert: MaskedLM) -> None:
    document = fairkd("predict", "Milk is a [MASK].", "--model", reference, "--top-k", "3", "--json").document
    assert list(document) == ["model", "text", "temperature", "positions"]
    assert (document["model"], document["text"], document["temperature"]) == (
        reference,
        "Milk is a [MASK].",
        1.0,
    )
    (position,) = document["positions"]
    assert list(position) == ["index", "token", "masked", "entropy", "predictions"]
    assert (position["index"], position["token"], position["masked"]) == (4, "[MASK]", True)
    expected = positions.predict(tiny_bert, "Milk is a [MASK].").top(4, 3)
    assert [guess["token"] for guess in position["predictions"]] == expected["token"].tolist()
    assert [guess["rank"] for guess in position["predictions"]] == [1, 2, 3]
    assert position["predictions"][0]["probability"] == pytest.approx(expected["probability"][0])


def test_predict_without_a_mask_shows_every_position(fairkd: Run, reference: str) -> None:
    document = fairkd("predict", "he is a nurse", "--model", reference, "--json").document
    assert [position["token"] for position in document["positions"]] == ["he", "is", "a", "nurse"]


def test_each_masks_every_token_one_at_a_time(fairkd: Run, reference: str, tiny_bert: MaskedLM) -> None:
    document = fairkd("predict", "he is a nurse", "--model", reference, "--each", "--json").document
    expected = positions.predict(tiny_bert, "he is a nurse", mask_each=True)
    got = [position["entropy"] for position in document["positions"]]
    assert got == pytest.approx([expected.entropy(position) for position in expected.positions])


def test_each_shows_every_position_even_if_the_text_has_a_mask(fairkd: Run, reference: str) -> None:
    document = fairkd("predict", "he is a _", "--model", reference, "--each", "--json").document
    assert [position["masked"] for position in document["positions"]] == [False, False, False, True]


def test_temperature_is_passed_on(fairkd: Run, reference: str) -> None:
    cold, hot = (
        fairkd("predict", "a _", "--model", reference, "--temperature", t, "--json").document
        for t in ("0.5", "4")
    )
    assert cold["temperature"] == 0.5
    assert cold["positions"][0]["entropy"] < hot["positions"][0]["entropy"]


def test_predict_prints_masks_and_markup_literally(fairkd: Run, reference: str) -> None:
    outcome = fairkd("predict", "[bold]he[/bold] is a [MASK]", "--model", reference)
    assert outcome.code == 0 and outcome.err == ""
    assert "[bold]he[/bold] is a [MASK]" in outcome.out
    assert "│ [MASK] │" in outcome.out


def test_words_are_looked_up_at_every_position_shown(
    fairkd: Run, reference: str, tiny_bert: MaskedLM
) -> None:
    words = ("--word", "doctor", "--word", "zoologist")
    text = "the _ is a _"
    document = fairkd("predict", text, "--model", reference, *words, "--json").document
    for position in document["positions"]:
        assert list(position) == ["index", "token", "masked", "entropy", "predictions", "words"]
        one, several = position["words"]
        assert list(one) == ["word", "probability", "rank", "subwords"]
        expected = word_lookup.look_up(
            tiny_bert, positions.predict(tiny_bert, text), "doctor", position=position["index"]
        )
        assert one["probability"] == pytest.approx(expected.probability)
        assert (one["rank"], one["subwords"]) == (expected.rank, 1)
        assert several["rank"] is None and several["subwords"] > 1 and 0 < several["probability"] < 1
    outcome = fairkd("predict", text, "--model", reference, "--top-k", "1", *words)
    assert outcome.out.count("doctor") == outcome.out.count("zoologist") == 2
    assert outcome.err.startswith("zoologist: ") and "pseudo-log-likelihood" in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_word_that_cannot_be_spelled_is_refused(fairkd: Run, reference: str) -> None:
    outcome = fairkd("predict", "a _", "--model", reference, "--word", "☃")
    assert outcome.code == 2 and "'☃'" in outcome.err and outcome.out == ""


def test_what_the_fill_mask_pipeline_reads_otherwise_is_said(
    fairkd: Run, tiny_folder: Callable[[str], Path]
) -> None:
    outcome = fairkd("predict", "a _.", "--model", str(tiny_folder("albert")), "--json")
    assert outcome.err.startswith("The fill-mask pipeline of transformers gives other numbers")
    assert outcome.err.count("\n") == 1


def test_notes_on_a_model_are_said_once(fairkd: Run, tmp_path: Path) -> None:
    outcome = fairkd("models", "show", str(make("reformer", tmp_path / "reformer")))
    assert outcome.err.count("at random") == 1 and "at random" not in outcome.out


def test_unknown_tokens_are_reported_on_standard_error(fairkd: Run, reference: str) -> None:
    outcome = fairkd("predict", "a ☃ is a _", "--model", reference, "--json")
    assert outcome.document["text"] == "a ☃ is a _"
    assert outcome.err == (
        f"Not in the vocabulary of {reference}: “☃”. The tokenizer reads it as the unknown token.\n"
    )


# gaps


@pytest.fixture
def few_professions(monkeypatch: pytest.MonkeyPatch) -> None:
    table = lexicon.shipped_professions().head(8)
    monkeypatch.setattr(lexicon, "shipped_professions", lambda *_: table)


@pytest.mark.usefixtures("few_professions")
def test_gaps_of_two_models_come_with_intervals_and_a_test(
    fairkd: Run, reference: str, tiny_model: Callable[[str], MaskedLM], tmp_path: Path
) -> None:
    other = tiny_model("distilbert").reference
    table = tmp_path / "gaps.csv"
    document = fairkd("gaps", "--model", reference, "--model", other, "--csv", str(table), "--json").document
    assert document["contrast"] == "pronouns"
    first, second = document["models"]
    assert (first["model"], second["model"]) == (reference, other)
    assert first["test"] is None
    assert second["test"]["kind"] in ("smaller", "larger", "no clear difference", "too few")
    assert first["summary"]["low"] <= first["summary"]["mean"] <= first["summary"]["high"]
    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert {row["model"] for row in rows} == {reference, other}
    mine = [float(row["gap"]) for row in rows if row["model"] == reference]
    assert all(math.isfinite(float(row["corrected_gap"])) for row in rows)
    assert math.fsum(mine) / len(mine) == pytest.approx(first["summary"]["mean"], abs=1e-6)


@pytest.mark.usefixtures("few_professions")
def test_gaps_prints_a_line_for_each_model_and_the_finding(fairkd: Run, reference: str) -> None:
    outcome = fairkd("gaps", "--model", reference, "--model", reference, "--contrast", "woman-man")
    assert outcome.code == 0 and "gentleman (9)" in outcome.err, "words of several subwords are named"
    assert "mean absolute gap" in outcome.out
    assert outcome.out.splitlines()[-1].startswith(f"{reference}: ")


@pytest.mark.usefixtures("few_professions")
def test_of_three_groups_every_pair_and_every_share_is_shown(fairkd: Run, reference: str) -> None:
    arguments = ("gaps", "--model", reference, "--contrast", "pronouns-they")
    every = fairkd(*arguments, "--json").document
    (model,) = every["models"]
    assert [pair["groups"] for pair in model["pairs"]] == [["he", "she"], ["he", "they"], ["she", "they"]]
    shares = {row["group"]: row["share"] for row in model["shares"]}
    assert list(shares) == every["groups"] == ["he", "she", "they"]
    assert math.fsum(shares.values()) == pytest.approx(1)
    means = [pair["summary"]["mean"] for pair in model["pairs"]]
    assert means[0] + means[2] == pytest.approx(means[1]), "log ratios add up"
    chosen = fairkd(*arguments, "--groups", "they", "he", "--json")
    assert chosen.err == "" and chosen.document["groups"] == ["they", "he"]
    assert chosen.document["models"][0]["summary"]["mean"] == pytest.approx(-means[1])
    printed = fairkd(*arguments).out
    assert "log P(she) - log P(they)" in printed and "Share of each group" in printed


def test_gaps_measures_own_words_templates_and_professions_from_files(
    fairkd: Run, reference: str, tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    templates, professions = tmp_path / "templates.csv", tmp_path / "professions.csv"
    templates.write_text("text,role\nThe [MASK] is {a profession}.,noun\n", encoding="utf-8")
    professions.write_text("profession;women_share\nnurse;0.9\nactor;\n", encoding="utf-8")
    table = tmp_path / "gaps.csv"
    files = ("--templates", str(templates), "--professions", str(professions), "--csv", str(table))
    outcome = fairkd(
        "gaps", "--model", reference, "--words", "milk, tea", "iron", *files, "--prior-corrected", "--json"
    )
    document = outcome.document
    assert (document["contrast"], document["groups"]) == ("own", ["milk", "iron"])
    assert (document["value"], document["templates"]) == ("corrected_gap", 1)
    expected = measures.gaps(
        tiny_bert,
        contrast=lexicon.typed_contrast("milk, tea", "iron"),
        templates=[lexicon.Template("The [MASK] is {a profession}.", "noun")],
        professions=["nurse", "actor"],
    )
    summary = document["models"][0]["summary"]
    assert summary["mean_absolute"] == pytest.approx(expected.corrected_gap.abs().mean(), abs=1e-6)
    with table.open() as file:
        row = next(csv.DictReader(file))
    assert row["model"] == reference and len(row["model_sha256"]) == 64 and row["fairkd_version"]


@pytest.mark.usefixtures("few_professions")
def test_gaps_measures_they_in_sentences_that_fit_it_and_says_where_a_template_does_not(
    fairkd: Run, reference: str, tmp_path: Path
) -> None:
    they = ("gaps", "--model", reference, "--contrast", "pronouns-they", "--groups", "he", "they", "--json")
    assert fairkd(*they).err == ""
    templates = tmp_path / "templates.csv"
    templates.write_text("text,role\n[MASK] is {a profession}.,subject\n", encoding="utf-8")
    assert "'they' does not agree with the verb of" in fairkd(*they, "--templates", str(templates)).err


@pytest.mark.parametrize("option", ["--templates", "--professions"])
def test_a_file_that_cannot_be_read_is_refused(
    fairkd: Run, reference: str, tmp_path: Path, option: str
) -> None:
    outcome = fairkd("gaps", "--model", reference, option, str(tmp_path / "none.csv"))
    assert outcome.code == 2 and "Cannot read" in outcome.err and outcome.out == ""


def test_groups_that_the_contrast_lacks_are_refused(fairkd: Run, reference: str) -> None:
    for wrong in (("he", "cats"), ("he", "he")):
        outcome = fairkd("gaps", "--model", reference, "--groups", *wrong)
        assert outcome.code == 2 and outcome.out == ""
        assert "two different groups of 'pronouns'" in outcome.err


def test_an_unknown_contrast_is_refused_with_the_known_ones(fairkd: Run, reference: str) -> None:
    outcome = fairkd("gaps", "--model", reference, "--contrast", "cats")
    assert outcome.code == 2
    assert "'cats'" in outcome.err and "pronouns" in outcome.err


@pytest.mark.usefixtures("few_professions")
def test_a_csv_that_cannot_be_written_is_refused(fairkd: Run, reference: str, tmp_path: Path) -> None:
    outcome = fairkd("gaps", "--model", reference, "--csv", str(tmp_path / "no" / "gaps.csv"))
    assert outcome.code == 2 and "Cannot write" in outcome.err


def test_a_csv_without_a_folder_is_refused_before_anything_is_loaded(fairkd: Run, tmp_path: Path) -> None:
    for target in (tmp_path / "no" / "gaps.csv", tmp_path):
        outcome = fairkd("gaps", "--model", "no/model", "--csv", str(target))
        assert outcome.code == 2 and "Cannot write" in outcome.err


# models


@pytest.fixture
def one_embedded(tiny_folder: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "teacher").symlink_to(tiny_folder("bert"))
    monkeypatch.setattr(references, "EMBEDDED", tmp_path)
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))


def test_models_list_shows_the_embedded_ones_and_those_of_finished_runs(
    fairkd: Run, one_embedded: None, tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    (description,) = fairkd("models", "list", "--json").document
    assert description["reference"] == "embedded/teacher"
    assert description["layers"] == 2
    assert "embedded/teacher" in fairkd("models", "list").out
    (tmp_path / "home" / "runs" / "0a1b").mkdir(parents=True)
    (tmp_path / "home" / "runs" / "0a1b" / "model").symlink_to(tiny_folder("bert"))
    references = [entry["reference"] for entry in fairkd("models", "list", "--json").document]
    assert references == ["embedded/teacher", "run/0a1b"]


def test_a_damaged_model_of_a_run_does_not_hide_the_others(
    fairkd: Run, one_embedded: None, tmp_path: Path
) -> None:
    damaged = tmp_path / "home" / "runs" / "0a1b" / "model"
    damaged.mkdir(parents=True)
    (damaged / "config.json").write_text("{}")
    outcome = fairkd("models", "list", "--json")
    assert [entry["reference"] for entry in outcome.document] == ["embedded/teacher"]
    assert outcome.err.startswith("run/0a1b is left out: ")


def test_models_show_describes_one(fairkd: Run, reference: str) -> None:
    description = fairkd("models", "show", reference, "--json").document
    assert description["architecture"] == "BertForMaskedLM"
    assert description["revision"] is None
    assert "BertForMaskedLM" in fairkd("models", "show", reference).out


# Wrong input


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", ""),
        ("predict", "a " * 500),
        ("predict", "x", "--temperature", "0"),
        ("predict", "x", "--temperature", "nan"),
    ],
)
def test_wrong_text_and_numbers_end_with_one_sentence_and_code_2(
    arguments: tuple[str, ...], fairkd: Run, reference: str
) -> None:
    outcome = fairkd(*arguments, "--model", reference, "--json")
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("Error: ") and outcome.err.count("\n") == 1


@pytest.mark.parametrize("command", [("predict", "x", "--model"), ("gaps", "--model"), ("models", "show")])
def test_a_model_that_does_not_load_ends_with_one_sentence_and_code_2(
    command: tuple[str, ...], fairkd: Run, tmp_path: Path
) -> None:
    outcome = fairkd(*command, str(tmp_path))
    assert (outcome.code, outcome.out) == (2, "")
    assert (
        outcome.err
        == f"Error: {tmp_path} has no config.json: expected a folder as save_pretrained writes it.\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("predict",),
        ("gaps",),
        ("models", "show"),
        ("predict", "x", "--top-k", "0"),
        ("predict", "x", "--nonsense"),
        ("fly",),
    ],
)
def test_wrong_usage_ends_with_code_2(arguments: tuple[str, ...], fairkd: Run) -> None:
    assert fairkd(*arguments).code == 2


# Help


@pytest.mark.parametrize("command", [(), ("predict",), ("gaps",), ("models",), ("models", "list")])
def test_every_command_has_help(command: tuple[str, ...], fairkd: Run) -> None:
    outcome = fairkd(*command, "--help")
    assert outcome.code == 0
    assert "Usage" in outcome.out and "--help" in outcome.out


@pytest.mark.parametrize("program", ["import fairkd", "from fairkd.cli import main; main()"])
def test_import_and_help_load_nothing_heavy(program: str) -> None:
    check = (
        "import sys; sys.argv = ['fairkd', '--help']\n"
        f"try:\n    {program}\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'pandas', 'pydantic', 'psutil', 'huggingface_hub'}\n"
        "heavy &= sys.modules.keys()\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fairkd", "--help"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and "predict" in done.stdout
