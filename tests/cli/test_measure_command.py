"""`fairkd measure` and `fairkd data`: what they print, write and refuse."""

from __future__ import annotations

import csv
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import BertModel

from fairkd.benchmarks import BENCHMARKS, about, measure, measure_run
from fairkd.models import MaskedLM
from tests.outcome import Outcome
from tests.tiny import tiny

Run = Callable[..., Outcome]

HEADER = "id,sent_more,sent_less,stereo_antistereo,bias_type\n"
PAIRS = "".join(
    f"{number},The {one} is a {job}.,The {other} is a {job}.,stereo,{category}\n"
    for number, (one, other, job, category) in enumerate(
        (one, other, job, category)
        for one, other, category in (("woman", "man", "gender"), ("old man", "young man", "age"))
        for job in ("nurse", "doctor", "pilot", "farmer", "lawyer", "teacher", "engineer")
    )
)
EMPTY = "empty,He is old.,,stereo,gender\n"


@pytest.fixture
def pairs(tmp_path: Path, home: Path) -> Path:
    path = tmp_path / "pairs.csv"
    path.write_text(HEADER + PAIRS + EMPTY, encoding="utf-8")
    return path


@pytest.fixture
def model(tiny_bert: MaskedLM) -> str:
    return tiny_bert.reference


@pytest.fixture
def other(tmp_path: Path) -> str:
    return str(tiny("distilbert", tmp_path / "other"))


def test_json_is_the_documented_document(
    fairkd: Run, model: str, other: str, pairs: Path, tiny_bert: MaskedLM
) -> None:
    document = fairkd(
        *("measure", "crows-pairs", "--model", model, "--model", other, "--data", str(pairs), "--json")
    ).document
    assert list(document) == ["results", "refused", "comparisons", "not_compared", "side_effects"]
    first, second = document["results"]
    expected = measure(tiny_bert, "crows-pairs", data=pairs, cached=False)
    assert (first["name"], first["model"], first["file"], first["precision"], first["n"]) == (
        *("crows-pairs", model, "pairs.csv", "strict", 14),
    )
    assert first["data_version"] == expected.data.sha256
    estimate = expected.overall.values["score"]
    assert (first["score"], first["interval"]) == (estimate.value, [estimate.low, estimate.high])
    assert first["categories"].keys() == {"age", "gender"}
    assert first["unscored"] == [{"id": "empty", "category": "gender", "reason": "A sentence is empty."}]
    assert second["model"] == other
    (comparison,) = document["comparisons"]
    assert (comparison["first"], comparison["second"], comparison["n"]) == (model, other, 14)
    assert comparison["values"]["score"]["difference"] == second["score"] - first["score"]
    assert sum(comparison["flips"][key] for key in ("both", "first_only", "second_only", "neither")) == 14
    rows = document["side_effects"]["rows"]
    assert [row["axis"] for row in rows] == ["gender", "age"]
    assert document["side_effects"]["comparisons"] == 2


def test_tables_show_intervals_unscored_items_and_both_models(
    fairkd: Run, model: str, other: str, pairs: Path
) -> None:
    found = fairkd("measure", "crows-pairs", "--model", model, "--model", other, "--data", str(pairs))
    assert found.code == 0, found.err
    assert "CrowS-Pairs: pairs.csv (own file, " in found.out and "strict" in found.out
    assert f"{model}: 14 items scored, 1 not: 1 × A sentence is empty." in found.out
    assert about("crows-pairs").unbiased in found.out and "95 % interval" in found.out
    assert "14 items flipped" in found.out or "choose the same in all 14 items" in found.out
    assert "2 comparisons with" in found.out and "adjusted by Holm" in found.out


def test_items_are_written_one_row_for_each_model_and_item(
    fairkd: Run, model: str, other: str, pairs: Path, tmp_path: Path
) -> None:
    target = tmp_path / "items.csv"
    fairkd(
        *("measure", "crows-pairs", "--model", model, "--model", other),
        *("--data", str(pairs), "--items", str(target)),
    )
    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["model"], row["id"]) for row in rows] == [
        (name, str(number)) for name in (model, other) for number in range(14)
    ]
    assert list(rows[0])[:4] == ["measure", "model", "id", "category"]
    assert rows[0]["text_more"] == "The woman is a nurse."
    assert float(rows[0]["score_more"]) - float(rows[0]["score_less"]) == pytest.approx(
        float(rows[0]["difference"]), abs=1e-9
    )


def test_the_report_has_the_command_that_makes_it_again(
    fairkd: Run, model: str, pairs: Path, tmp_path: Path
) -> None:
    target = tmp_path / "report.html"
    found = fairkd(
        *("measure", "crows-pairs", "--model", model, "--limit", "8"),
        *("--data", str(pairs), "--report", str(target)),
    )
    assert found.code == 0, found.err
    command = f"fairkd measure crows-pairs --model {model} --limit 8 --data crows-pairs={pairs}"
    assert command in target.read_text(encoding="utf-8")


def test_published_figures_of_the_model_stand_beside_its_own(
    fairkd: Run, pairs: Path, tmp_path: Path
) -> None:
    named = tiny("bert", tmp_path / "bert-base-uncased")
    found = fairkd("measure", "crows-pairs", "--model", str(named), "--data", str(pairs))
    assert "Published, stereotype preferred of " in found.out and ": 60.48 (" in found.out


def test_what_cannot_be_measured_is_one_sentence_and_the_rest_is_measured(
    fairkd: Run, model: str, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs.write_text(HEADER + EMPTY, encoding="utf-8")
    found = fairkd("measure", "crows-pairs", "--model", model, "--data", str(pairs))
    assert (found.code, found.err) == (
        2,
        "Error: Nothing could be measured. None of the items of pairs.csv can be scored (1); the first: A "
        "sentence is empty.\n",
    )


def test_ctrl_c_keeps_what_was_measured(
    fairkd: Run, model: str, other: str, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = measure_run.measure
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    def pressed(*arguments: object, **options: object) -> object:
        result = usual(*arguments, **options)  # type: ignore[arg-type]
        signal.raise_signal(signal.SIGINT)
        return result

    monkeypatch.setattr(measure_run, "measure", pressed)
    found = fairkd("measure", "crows-pairs", "--model", model, "--model", other, "--data", str(pairs))
    assert found.code == 130 and "14 items scored" in found.out
    assert "the same command continues where it was" in found.err
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_of_several_processes_the_first_alone_prints_and_writes(
    fairkd: Run, model: str, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    target = tmp_path / "items.csv"
    found = fairkd("measure", "crows-pairs", "--model", model, "--data", str(pairs), "--items", str(target))
    assert (found.code, found.out, found.err) == (0, "", "") and not target.exists()


def test_a_run_in_the_background_is_queued_with_the_same_settings(
    fairkd: Run, model: str, pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fairkd import runs

    taken = []

    def submit(config: object) -> object:
        taken.append(config)
        return type("Run", (), {"id": "abc", "name": "CrowS-Pairs"})()

    monkeypatch.setattr(runs, "submit", submit)
    document = fairkd(
        *("measure", "crows-pairs", "--model", model, "--data", f"crows-pairs={pairs}"),
        *("--quick", "--precision", "fast", "--seed", "3", "--background", "--json"),
    ).document
    assert document == {"id": "abc"}
    (config,) = taken
    assert (config.models, config.benchmarks, config.quick) == ((model,), ("crows-pairs",), True)
    assert (config.precision, config.seed, config.data) == ("fast", 3, {"crows-pairs": str(pairs)})


def test_all_measures_are_listed(fairkd: Run) -> None:
    document = fairkd("measure", "--list", "--json").document
    assert [one["name"] for one in document] == [*BENCHMARKS]
    assert all(name in fairkd("measure", "--list").out for name in BENCHMARKS)


MODEL = ("--model", "embedded/teacher")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Name the measures: .*crows-pairs"),
        (("crows-pairs",), "Name a model with --model"),
        (("crows-pear", *MODEL), "There is no measure 'crows-pear'.*crows-pairs"),
        (("crows-pairs", *MODEL, "--precision", "fp64"), "precision.*strict.*fast"),
        (("crows-pairs", *MODEL, "--data", "no/such.csv"), "no/such.csv cannot be read.*check the path"),
        (("crows-pairs", *MODEL, "--data-set", "klingon"), "no data set 'klingon'.*crows-pairs-en"),
        (("crows-pairs", *MODEL, "--items", "no/folder/items.csv"), "a file in a folder that exists"),
        (("crows-pairs", *MODEL, "--report", "."), "a file in a folder that exists"),
        (("crows-pairs", *MODEL, "--background", "--items", "items.csv"), "--background returns before"),
        (("crows-pairs", "aul", *MODEL, "--data", "mine.csv"), "--data crows-pairs=mine.csv"),
        (("crows-pairs", *MODEL, "--data-set", "aul=crows-pairs-en"), "aul"),
    ],
)
def test_bad_input_is_one_sentence(fairkd: Run, home: Path, arguments: tuple[str, ...], message: str) -> None:
    found = fairkd("measure", *arguments)
    assert found.code == 2 and found.out == ""
    assert found.err.startswith("Error: ") and found.err.count("\n") == 1
    assert re.search(message, found.err), found.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("one,two\n1,2\n", "lacks the column 'sent_more'"),
        ("", "lacks the column"),
        (HEADER, "has a header, but no rows"),
    ],
)
def test_a_file_of_another_format_is_refused_before_a_model_is_loaded(
    fairkd: Run, pairs: Path, content: str, message: str
) -> None:
    pairs.write_text(content, encoding="utf-8")
    found = fairkd("measure", "crows-pairs", "--model", "no/such-model", "--data", str(pairs))
    assert found.code == 2 and message in found.err and "no/such-model" not in found.err


def test_one_item_is_scored_without_an_interval(fairkd: Run, model: str, pairs: Path) -> None:
    pairs.write_text(HEADER + PAIRS.splitlines()[0] + "\n", encoding="utf-8")
    (found,) = fairkd("measure", "crows-pairs", "--model", model, "--data", str(pairs), "--json").document[
        "results"
    ]
    assert found["n"] == 1 and found["score"] in (0, 100) and found["interval"] == [None, None]


def test_an_encoder_without_a_head_is_refused(
    fairkd: Run, pairs: Path, tiny_bert: MaskedLM, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "encoder"
    tiny_bert.tokenizer.save_pretrained(folder)
    BertModel(tiny_bert.model.config).save_pretrained(folder)
    capsys.readouterr()  # transformers shows its progress
    found = fairkd("measure", "crows-pairs", "--model", str(folder), "--data", str(pairs))
    assert found.code == 2 and found.out == ""
    assert found.err.startswith("Error: ") and found.err.count("\n") == 1 and "head" in found.err


def test_a_student_of_another_vocabulary_is_named_and_the_rest_is_measured(
    fairkd: Run, home: Path, tmp_path: Path, tiny_bert: MaskedLM, tiny_roberta: MaskedLM
) -> None:
    text = tmp_path / "text.txt"
    text.write_text(
        "\n".join(f"The {word} is a nurse." for word in ("man", "woman", "boy")), encoding="utf-8"
    )
    found = fairkd(
        *("measure", "fidelity", "--model", tiny_bert.reference, "--model", tiny_roberta.reference),
        *("--data", str(text), "--json"),
    )
    (result,) = found.document["results"]
    assert result["model"] == tiny_bert.reference
    assert "needs two models of one vocabulary" in found.document["refused"][0]["reason"]
    assert "needs two models of one vocabulary" in found.err


# data


def test_data_sets_are_listed_with_licence_and_state(
    fairkd: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FAIRKD_WHEELS", raising=False)
    found = {one["name"]: one for one in fairkd("data", "list", "--json").document}
    english, dutch = found["crows-pairs-en"], found["crows-pairs-nl"]
    assert (english["licence"], english["bytes"]) == ("CC BY-SA 4.0", None)
    assert english["state"] == "no: 43 MB to fetch, all data sets at once"
    assert found["professions-en"]["state"] == "yes" and found["professions-en"]["bytes"] > 1000
    assert dutch["state"] == "your own file" and dutch["where"].startswith("https://")
    assert "crows-pairs-en" in fairkd("data", "list").out


def test_a_data_set_that_is_no_part_of_the_wheel_says_where_it_is(fairkd: Run) -> None:
    found = fairkd("data", "fetch", "crows-pairs-nl")
    assert found.code == 2 and "get it from https://" in found.err


def test_an_unknown_data_set_is_refused(fairkd: Run) -> None:
    found = fairkd("data", "fetch", "crows-pairs-xx")
    assert found.code == 2 and "There is no data set 'crows-pairs-xx'" in found.err
