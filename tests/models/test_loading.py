"""fairkd.models: what loads, and what it is described as."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForMaskedLM

from fairkd.models import loading, references
from fairkd.models.loading import MaskedLM
from tests.models.folders import edit_json, refusal
from tests.tiny import FAMILIES, MAX_TOKENS, WORDS

Folder = Callable[[str], Path]


# Loading


@pytest.mark.parametrize("family", FAMILIES)
def test_a_local_folder_of_every_family_loads_as_transformers_has_it(
    family: str, tiny_folder: Folder
) -> None:
    lm = loading.load(str(tiny_folder(family)))
    expected = AutoModelForMaskedLM.from_pretrained(tiny_folder(family)).state_dict()
    got = lm.model.state_dict()
    assert got.keys() == expected.keys()
    assert all(torch.equal(got[name], expected[name]) for name in expected)
    assert not lm.model.training
    assert {parameter.dtype for parameter in lm.model.parameters()} == {torch.float32}


def test_the_vocabulary_lists_the_token_of_every_id(any_family: MaskedLM) -> None:
    assert len(any_family.vocabulary) == any_family.vocabulary_size
    assert any_family.vocabulary[any_family.mask_id] == any_family.mask_token
    ids = any_family.tokenizer("The nurse is a doctor.")["input_ids"]
    assert [any_family.vocabulary[i] for i in ids] == any_family.tokenizer.convert_ids_to_tokens(ids)


def test_ids_that_the_tokenizer_does_not_know_are_labelled_by_number(copy: Callable[..., Path]) -> None:
    folder = copy("modernbert")
    model = AutoModelForMaskedLM.from_pretrained(folder)
    model.resize_token_embeddings(model.config.vocab_size + 8)
    model.save_pretrained(folder)
    lm = loading.load(str(folder))
    assert lm.vocabulary_size == len(lm.tokenizer) + 8
    assert lm.vocabulary[-1] == f"<id {lm.vocabulary_size - 1}>"


def test_max_tokens_is_what_the_model_really_takes(any_family: MaskedLM) -> None:
    assert any_family.max_tokens == MAX_TOKENS
    word = any_family.tokenizer.convert_tokens_to_ids(any_family.vocabulary[-2])
    with torch.inference_mode():
        any_family.model(input_ids=torch.full((1, MAX_TOKENS), word))


def test_max_tokens_comes_from_the_position_embeddings_when_the_tokenizer_sets_no_limit(
    copy: Callable[..., Path],
) -> None:
    folder = copy("roberta")
    edit_json(folder / "tokenizer_config.json", model_max_length=10**30)
    assert loading.load(str(folder)).max_tokens == MAX_TOKENS


def test_ordinary_words_are_single_subwords_in_every_tiny_model(any_family: MaskedLM) -> None:
    first = any_family.tokenizer("a", add_special_tokens=False)["input_ids"]
    for word in WORDS:
        assert len(any_family.tokenizer(f"a {word}", add_special_tokens=False)["input_ids"]) == len(first) + 1


def test_old_layer_norm_names_are_understood(copy: Callable[..., Path]) -> None:
    folder = copy()
    path = folder / "model.safetensors"
    new = load_file(path)
    renamed = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in new.items()
    }
    assert renamed.keys() != new.keys()
    save_file(renamed, path, metadata={"format": "pt"})
    loaded = loading.load(str(folder)).model.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in new.items())


def test_a_checkpoint_that_also_stores_its_tied_tensors_loads(copy: Callable[..., Path]) -> None:
    folder = copy()
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["cls.predictions.decoder.weight"] = tensors["bert.embeddings.word_embeddings.weight"].clone()
    tensors["cls.predictions.decoder.bias"] = tensors["cls.predictions.bias"].clone()
    save_file(tensors, path, metadata={"format": "pt"})
    model = loading.load(str(folder)).model
    assert model.cls.predictions.decoder.weight is model.bert.embeddings.word_embeddings.weight


def test_half_precision_weights_become_single_precision(copy: Callable[..., Path]) -> None:
    folder = copy()
    path = folder / "model.safetensors"
    save_file({n: t.half() for n, t in load_file(path).items()}, path, metadata={"format": "pt"})
    edit_json(folder / "config.json", dtype="float16")
    assert {p.dtype for p in loading.load(str(folder)).model.parameters()} == {torch.float32}


def test_sharded_safetensors_load(copy: Callable[..., Path]) -> None:
    folder = copy()
    whole = loading.load(str(folder)).model.state_dict()
    AutoModelForMaskedLM.from_pretrained(folder).save_pretrained(folder, max_shard_size="10KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    sharded = loading.load(str(folder)).model.state_dict()
    assert all(torch.equal(sharded[name], whole[name]) for name in whole)


def test_loading_prints_nothing(tiny_folder: Folder, capfd: pytest.CaptureFixture[str]) -> None:
    loading.load(str(tiny_folder("bert")))
    assert capfd.readouterr() == ("", "")


def test_progress_says_what_is_being_loaded(tiny_folder: Folder) -> None:
    reports: list[tuple[str, float | None]] = []
    loading.load(str(tiny_folder("bert")), progress=lambda text, fraction: reports.append((text, fraction)))
    assert reports == [(f"Loading {tiny_folder('bert')}", None)]


def test_spaces_and_a_trailing_slash_do_not_change_the_reference(tiny_folder: Folder) -> None:
    folder = str(tiny_folder("bert"))
    assert loading.load(f" {folder}/ ").reference == folder


# Describing


@pytest.mark.parametrize(
    ("family", "kind", "cased"),
    [
        ("bert", "WordPiece", False),
        ("bert-cased", "WordPiece", True),
        ("distilbert", "WordPiece", False),
        ("roberta", "BPE", True),
        ("albert", "SentencePiece", False),
        ("electra", "WordPiece", False),
        ("modernbert", "BPE", True),
        ("xlm-roberta", "SentencePiece", True),
    ],
)
def test_describe_knows_the_tokenizer_and_the_case(
    family: str, kind: str, cased: bool, tiny_model: Callable[[str], MaskedLM]
) -> None:
    description = loading.describe(tiny_model(family))
    assert (description.tokenizer_kind, description.cased) == (kind, cased)
    assert (description.layers, description.width, description.heads) == (2, 16, 2)


def test_describe_gives_parameters_size_and_source(tiny_bert: MaskedLM) -> None:
    description = loading.describe(tiny_bert)
    stored = load_file(Path(tiny_bert.reference) / "model.safetensors")
    assert description.architecture == "BertForMaskedLM"
    assert description.source == "local folder"
    assert description.parameters == sum(tensor.numel() for tensor in stored.values())
    assert description.size_bytes == (Path(tiny_bert.reference) / "model.safetensors").stat().st_size
    assert description.vocabulary == tiny_bert.vocabulary_size
    assert description.revision is None


def test_describe_reads_the_licence_from_the_model_card(copy: Callable[..., Path]) -> None:
    folder = copy()
    assert loading.describe(loading.load(str(folder))).licence is None
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: mit\n---\n# A model\n")
    assert loading.describe(loading.load(str(folder))).licence == "mit"
    (folder / "README.md").write_text("---\nlicense: [mit\n---\n")
    assert loading.describe(loading.load(str(folder))).licence is None


def test_a_model_that_was_never_on_disk_can_be_described(tiny_bert: MaskedLM) -> None:
    description = loading.describe(MaskedLM(tiny_bert.model, tiny_bert.tokenizer, "mine"))
    assert description.source == "memory"
    assert description.size_bytes == 4 * description.parameters


# Embedded models


def test_embedded_models_are_listed_teacher_first(embedded: Path) -> None:
    shutil.copytree(embedded / "teacher", embedded / "another")
    assert references.embedded() == ("embedded/teacher", "embedded/student-plain", "embedded/another")


def test_a_student_takes_tokenizer_and_embeddings_from_its_teacher_and_the_rest_from_itself(
    embedded: Path,
) -> None:
    teacher, student = loading.load("embedded/teacher"), loading.load("embedded/student-plain")
    t, s = teacher.model.state_dict(), student.model.state_dict()
    word = "bert.embeddings.word_embeddings.weight"
    assert torch.equal(s[word], t[word])
    assert torch.equal(s["cls.predictions.decoder.weight"], t[word])
    bias = "cls.predictions.bias"
    assert torch.equal(s[bias], (t[bias].half() + 1).float())
    assert torch.equal(s["cls.predictions.decoder.bias"], s[bias])
    assert student.vocabulary == teacher.vocabulary
    assert loading.describe(student).source == "embedded"
    assert (loading.describe(student).shares, loading.describe(teacher).shares) == ("embedded/teacher", None)
    assert loading.describe(student).licence == "apache-2.0"


@pytest.mark.parametrize("name", ["nobody", "", "..", "../embedded/teacher", "teacher/.."])
def test_an_unknown_embedded_model_is_answered_with_those_there_are(embedded: Path, name: str) -> None:
    assert "expected one of embedded/teacher, embedded/student-plain" in refusal(f"embedded/{name}")
