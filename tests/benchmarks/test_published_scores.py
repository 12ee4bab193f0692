"""The published figures are those of the sources, complete and consistent with one another."""

from __future__ import annotations

from collections import defaultdict
from importlib.resources import files
from pathlib import Path

import pytest

from fairkd.benchmarks import BENCHMARKS, PublishedScore, all_published, figures_beside, published
from fairkd.utils import read_yaml

BERT = "google-bert/bert-base-uncased"
TABLES = read_yaml((files("fairkd") / "resources" / "published_scores.yaml").read_text(encoding="utf-8"))


def printed(figures: tuple[PublishedScore, ...]) -> list[str]:
    return [figure.printed for figure in figures]


def test_there_are_as_many_figures_as_entries() -> None:
    assert len(all_published()) == len(TABLES["scores"]) == len(set(all_published())) == 155


@pytest.mark.parametrize(
    ("benchmark", "model", "value", "category", "file", "expected"),
    [
        ("crows-pairs", BERT, "score", "all", "crows-pairs-en", ["60.48", "60.5"]),
        ("crows-pairs", BERT, "score", "all", "crows-pairs-en-revised", ["61.45"]),
        ("crows-pairs", "FacebookAI/roberta-large", "score", "religion", None, ["61.90"]),
        ("crows-pairs", "pdelobelle/robbert-v2-dutch-base", "antistereo", "all", None, ["57.48"]),
        ("crows-pairs", "GroNLP/bert-base-dutch-cased", "score", "disability", None, ["69.0"]),
        ("crows-pairs", "almanach/camembert-base", "score", "all", "crows-pairs-fr", ["58.30"]),
        ("aul", BERT, "score", "gender", None, ["46.56"]),
        ("aula", BERT, "score", "gender", None, ["43.89"]),
        ("stereoset", BERT, "lms_mean", "gender", None, ["84.17"]),
        ("stereoset", BERT, "icat_mean", None, "stereoset-test", ["66.86", "71.15"]),
        ("stereoset", "FacebookAI/roberta-base", "ss_mean", "gender", None, ["66.32"]),
        ("seat", BERT, "seat-7", "gender", None, ["-0.124"]),
        ("lpbs", "google-bert/bert-base-multilingual-uncased", "signed", None, None, ["0.485"]),
        ("mbe", "deepset/gbert-base", "score", "gender", "mbe-news", ["55.12"]),
        ("pseudo-perplexity", "DTAI-KULeuven/robbertje-1-gb-bort", None, None, None, ["26.44"]),
    ],
)
def test_a_figure_is_that_of_its_source(
    benchmark: str, model: str, value: str | None, category: str | None, file: str | None, expected: list[str]
) -> None:
    found = published(benchmark, model, value=value, category=category, file=file)
    assert printed(found) == expected
    assert [figure.number for figure in found] == [float(number) for number in expected]


def test_figures_that_disagree_are_all_kept_with_file_and_script() -> None:
    found = published("crows-pairs", BERT, category="gender")
    assert printed(found) == ["57.25", "55.73", "60.0", "58.4"]
    assert [figure.items for figure in found] == [262, 262, 260, None]
    assert len({(figure.file, figure.script) for figure in found}) == 4


def test_a_figure_of_several_sources_names_them_all() -> None:
    (found,) = published("stereoset", BERT, value="ss_mean", category="race")
    assert found.cited == "Gonçalves and Strubell 2023, table 4; Bias Bench leaderboard (Meade et al. 2022)"


@pytest.mark.parametrize(
    "reference",
    [
        "bert-base-uncased",
        "Google-BERT/BERT-base-uncased",
        "google-bert/bert-base-uncased@main",
        "/models/bert-base-uncased",
        "./bert-base-uncased/",
        "C:\\models\\google\\bert-base-uncased",
    ],
)
def test_a_model_is_known_by_id_name_or_folder(reference: str) -> None:
    assert published("aul", reference) == published("aul", BERT) != ()


def test_a_model_is_known_by_its_earlier_id() -> None:
    assert published("crows-pairs", "camembert/camembert-base") == published(
        "crows-pairs", "almanach/camembert-base"
    )


@pytest.mark.parametrize(
    "reference", ["me/bert-base-uncased", "bert-base", "run/bert-base-uncased", "embedded/teacher", ""]
)
def test_another_model_has_no_figures(reference: str) -> None:
    assert published("aul", reference) == ()


def test_a_folder_beside_has_the_figures_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "me" / "bert-base-uncased").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert published("aul", "me/bert-base-uncased") == published("aul", BERT)


def test_a_benchmark_without_figures_has_none() -> None:
    assert published("calibration") == ()


def test_changed_models_are_left_out_unless_asked_for() -> None:
    def variants(figures: tuple[PublishedScore, ...]) -> set[str]:
        return {figure.variant for figure in figures}

    assert variants(published("crows-pairs", BERT)) == {""}
    expected = {"", "CDA", "Dropout", "INLP", "Self-Debias", "SentenceDebias"}
    assert variants(published("crows-pairs", BERT, variants=True)) == expected


def test_what_is_doubtful_says_why() -> None:
    doubtful = {(figure.benchmark, figure.model) for figure in all_published() if figure.doubtful}
    distilbert = "distilbert/distilbert-base-uncased"
    assert doubtful == {
        ("crows-pairs", distilbert),
        ("stereoset", distilbert),
        ("seat", distilbert),
        ("lpbs", "google-bert/bert-base-multilingual-uncased"),
    }
    assert all(figure.doubtful for figure in all_published() if figure.model == distilbert)


def test_a_figure_is_shown_with_its_file_script_and_source() -> None:
    (found,) = published("aul", BERT)
    assert found.provenance == (
        "CrowS-Pairs, original English",
        "BiasScope 0.2.0",
        "BiasScope 0.2.0, README",
    )
    doubted = published("stereoset", "distilbert-base-uncased", value="lms_mean")[0]
    assert doubted.provenance[-1].startswith("Doubtful: The language-model score on StereoSet is 53.87,")


def test_icat_follows_from_the_other_two() -> None:
    found: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for figure in published("stereoset"):
        for source in figure.sources:
            if figure.value.endswith("_mean"):  # the authors' score, on which published figures rest
                key = figure.value.removesuffix("_mean")
                found[figure.model, figure.category, source.citation][key] = figure.number
    complete = [values for values in found.values() if len(values) == 3]
    assert len(complete) == 5
    for values in complete:
        expected = values["lms"] * min(values["ss"], 100 - values["ss"]) / 50
        assert values["icat"] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    "figure", published("crows-pairs", variants=True), ids=lambda one: f"{one.cited[:9]}"
)
def test_a_share_is_a_whole_number_of_pairs(figure: PublishedScore) -> None:
    if figure.items is None or figure.value != "score":
        return
    digits = len(figure.printed.partition(".")[2])
    # bias-bench leaves out pairs in which one sentence has no differing token: one of BERT's on race.
    sizes = [figure.items, figure.items - 1] if figure.script.startswith("bias-bench") else [figure.items]
    assert figure.number in [round(100 * k / size, digits) for size in sizes for k in range(size + 1)]


def test_no_short_name_is_left_over() -> None:
    scores = TABLES["scores"]
    assert {key for entry in scores for key in entry["sources"]} == TABLES["sources"].keys()
    for table, key in (("files", "file"), ("scripts", "script"), ("doubts", "doubt")):
        assert {entry[key] for entry in scores if key in entry} == TABLES[table].keys()
    assert TABLES["aliases"].keys() <= {entry["model"] for entry in scores}


def test_a_source_without_an_address_is_the_exception() -> None:
    sources = {source for figure in all_published() for source in figure.sources}
    assert {source.citation for source in sources if not source.url} == {"BiasScope 0.2.0, README"}
    assert all(source.url.startswith("https://") for source in sources if source.url)


@pytest.mark.parametrize("key", sorted({figure.benchmark for figure in all_published()} & BENCHMARKS.keys()))
def test_a_figure_stands_beside_the_value_of_its_name(key: str) -> None:
    values = {value.key for value in BENCHMARKS[key].values}
    assert {figure.value for figure in published(key, variants=True)} - values <= {"ties", "sd"}


def test_a_file_has_the_name_of_its_data_set() -> None:
    data_sets = {one.key for benchmark in BENCHMARKS.values() for one in benchmark.data_sets}
    assert TABLES["files"].keys() & data_sets >= {"crows-pairs-en", "crows-pairs-nl", "stereoset-test"}


def test_figures_of_the_authors_subword_score_stand_beside_ours_and_say_so() -> None:
    benchmark = BENCHMARKS["stereoset"]
    found = figures_beside(benchmark, benchmark.bias, "roberta-base", category="gender")
    [(figure, provenance)] = found.items()
    assert figure.printed == "66.32"
    assert provenance[0] == "Computed as SS, mean of subword tokens"
