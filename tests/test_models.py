"""fairkd.models: what loads, what it is described as, and what is refused with one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForMaskedLM, BertConfig, BertModel, ElectraConfig, ElectraForPreTraining

from fairkd import models
from fairkd.errors import ModelError
from fairkd.models import MaskedLM
from tests.tiny import FAMILIES, MAX_TOKENS, WORDS

Folder = Callable[[str], Path]


@pytest.fixture
def copy(tiny_folder: Folder, tmp_path: Path) -> Callable[..., Path]:
    """A copy of a tiny model's folder that a test may damage."""

    def make(family: str = "bert", name: str = "model") -> Path:
        return Path(shutil.copytree(tiny_folder(family), tmp_path / name))

    return make


def refusal(reference: str | Path, **options: object) -> str:
    with pytest.raises(ModelError) as caught:
        models.load(str(reference), **options)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence
    return sentence


def edit_tensors(folder: Path, keep: Callable[[str], bool]) -> None:
    path = folder / "model.safetensors"
    tensors = {name: tensor for name, tensor in load_file(path).items() if keep(name)}
    save_file(tensors, path, metadata={"format": "pt"})


def edit_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


# Loading


@pytest.mark.parametrize("family", FAMILIES)
def test_a_local_folder_of_every_family_loads_as_transformers_has_it(
    family: str, tiny_folder: Folder
) -> None:
    lm = models.load(str(tiny_folder(family)))
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
    lm = models.load(str(folder))
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
    assert models.load(str(folder)).max_tokens == MAX_TOKENS


def test_ordinary_words_are_single_pieces_in_every_tiny_model(any_family: MaskedLM) -> None:
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
    loaded = models.load(str(folder)).model.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in new.items())


def test_a_checkpoint_that_also_stores_its_tied_tensors_loads(copy: Callable[..., Path]) -> None:
    folder = copy()
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["cls.predictions.decoder.weight"] = tensors["bert.embeddings.word_embeddings.weight"].clone()
    tensors["cls.predictions.decoder.bias"] = tensors["cls.predictions.bias"].clone()
    save_file(tensors, path, metadata={"format": "pt"})
    model = models.load(str(folder)).model
    assert model.cls.predictions.decoder.weight is model.bert.embeddings.word_embeddings.weight


def test_half_precision_weights_become_single_precision(copy: Callable[..., Path]) -> None:
    folder = copy()
    path = folder / "model.safetensors"
    save_file({n: t.half() for n, t in load_file(path).items()}, path, metadata={"format": "pt"})
    edit_json(folder / "config.json", dtype="float16")
    assert {p.dtype for p in models.load(str(folder)).model.parameters()} == {torch.float32}


def test_sharded_safetensors_load(copy: Callable[..., Path]) -> None:
    folder = copy()
    whole = models.load(str(folder)).model.state_dict()
    AutoModelForMaskedLM.from_pretrained(folder).save_pretrained(folder, max_shard_size="10KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    sharded = models.load(str(folder)).model.state_dict()
    assert all(torch.equal(sharded[name], whole[name]) for name in whole)


def test_loading_prints_nothing(tiny_folder: Folder, capfd: pytest.CaptureFixture[str]) -> None:
    models.load(str(tiny_folder("bert")))
    assert capfd.readouterr() == ("", "")


def test_progress_says_what_is_being_loaded(tiny_folder: Folder) -> None:
    said: list[tuple[str, float | None]] = []
    models.load(str(tiny_folder("bert")), progress=lambda text, fraction: said.append((text, fraction)))
    assert said == [(f"Loading {tiny_folder('bert')}", None)]


def test_spaces_and_a_trailing_slash_do_not_change_the_reference(tiny_folder: Folder) -> None:
    folder = str(tiny_folder("bert"))
    assert models.load(f" {folder}/ ").reference == folder


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
    description = models.describe(tiny_model(family))
    assert (description.tokenizer_kind, description.cased) == (kind, cased)
    assert (description.layers, description.width, description.heads) == (2, 16, 2)


def test_describe_gives_parameters_size_and_source(tiny_bert: MaskedLM) -> None:
    description = models.describe(tiny_bert)
    stored = load_file(Path(tiny_bert.reference) / "model.safetensors")
    assert description.architecture == "BertForMaskedLM"
    assert description.source == "local folder"
    assert description.parameters == sum(tensor.numel() for tensor in stored.values())
    assert description.size_bytes == (Path(tiny_bert.reference) / "model.safetensors").stat().st_size
    assert description.vocabulary == tiny_bert.vocabulary_size
    assert description.revision is None


def test_describe_reads_the_licence_from_the_model_card(copy: Callable[..., Path]) -> None:
    folder = copy()
    assert models.describe(models.load(str(folder))).licence is None
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: mit\n---\n# A model\n")
    assert models.describe(models.load(str(folder))).licence == "mit"
    (folder / "README.md").write_text("---\nlicense: [mit\n---\n")
    assert models.describe(models.load(str(folder))).licence is None


def test_a_model_that_was_never_on_disk_can_be_described(tiny_bert: MaskedLM) -> None:
    description = models.describe(MaskedLM(tiny_bert.model, tiny_bert.tokenizer, "mine"))
    assert description.source == "memory"
    assert description.size_bytes == 4 * description.parameters


# Embedded models


@pytest.fixture
def embedded(tmp_path: Path, copy: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of embedded models: a teacher, and a student that borrows its tokenizer and embeddings."""
    home = tmp_path / "embedded"
    shutil.move(copy(), home / "teacher")
    student = home / "student-plain"
    student.mkdir()
    tensors = load_file(home / "teacher" / "model.safetensors")
    own = {n: t.half() + 1 for n, t in tensors.items() if not n.startswith("bert.embeddings.")}
    save_file(own, student / "model.safetensors", metadata={"format": "pt"})
    shutil.copy(home / "teacher" / "config.json", student)
    edit_json(student / "config.json", fairkd_shares="teacher")
    monkeypatch.setattr(models, "EMBEDDED", home)
    return home


def test_embedded_models_are_listed_teacher_first(embedded: Path) -> None:
    shutil.copytree(embedded / "teacher", embedded / "another")
    assert models.embedded() == ("embedded/teacher", "embedded/student-plain", "embedded/another")


def test_a_student_takes_tokenizer_and_embeddings_from_its_teacher_and_the_rest_from_itself(
    embedded: Path,
) -> None:
    teacher, student = models.load("embedded/teacher"), models.load("embedded/student-plain")
    t, s = teacher.model.state_dict(), student.model.state_dict()
    word = "bert.embeddings.word_embeddings.weight"
    assert torch.equal(s[word], t[word])
    assert torch.equal(s["cls.predictions.decoder.weight"], t[word])
    bias = "cls.predictions.bias"
    assert torch.equal(s[bias], (t[bias].half() + 1).float())
    assert torch.equal(s["cls.predictions.decoder.bias"], s[bias])
    assert student.vocabulary == teacher.vocabulary
    assert models.describe(student).source == "embedded"
    assert models.describe(student).licence == "apache-2.0"


@pytest.mark.parametrize("name", ["nobody", "", "..", "../embedded/teacher", "teacher/.."])
def test_an_unknown_embedded_model_is_answered_with_those_there_are(embedded: Path, name: str) -> None:
    assert "expected one of embedded/teacher, embedded/student-plain" in refusal(f"embedded/{name}")


# Refusing


@pytest.mark.parametrize("reference", ["", "   ", "/"])
def test_an_empty_reference_is_refused(reference: str) -> None:
    assert "xpected" in refusal(reference) or "has no config.json" in refusal(reference)


@pytest.mark.parametrize(
    "reference", ["a b", "org/name@", "<script>", "org/name@main extra", "nul\0byte", 5000 * "x"]
)
def test_what_is_no_reference_at_all_is_refused(reference: str) -> None:
    assert "org/name" in refusal(reference)


@pytest.mark.parametrize(
    "reference",
    ["/no/such/folder", "./nothing", "~/nothing-of-this-name", "~nobody-here/x", "a/b/c", "/" + 999 * "x"],
)
def test_a_missing_folder_is_refused(reference: str) -> None:
    assert "There is no folder" in refusal(reference)


def test_a_run_is_named_as_a_model_once_it_has_one(
    tiny_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path))
    monkeypatch.setenv("FAIRKD_ALLOWED_MODELS", "nothing/else")
    for wrong in ("run/3", "run/..", "run/a/../a", "run/"):
        assert "There is no run" in refusal(wrong)
    assert models.of_runs() == ()
    (tmp_path / "runs" / "3").mkdir(parents=True)
    assert "no model yet" in refusal("run/3")
    shutil.copytree(tiny_folder("bert"), tmp_path / "runs" / "3" / "model")
    assert models.of_runs() == ("run/3",)
    assert models.describe(models.load("run/3")).source == "run"


def test_a_file_is_not_a_model_folder(tiny_folder: Folder) -> None:
    assert "is a file" in refusal(tiny_folder("bert") / "config.json")


def test_a_folder_without_configuration_is_refused(tmp_path: Path) -> None:
    assert "has no config.json" in refusal(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "", '{"model_type": "no-such-kind"}', "{}"])
def test_a_broken_configuration_is_refused(text: str, copy: Callable[..., Path]) -> None:
    folder = copy()
    (folder / "config.json").write_text(text)
    assert "config.json" in refusal(folder)


def test_a_pickle_only_folder_is_refused_and_its_pickle_never_opened(copy: Callable[..., Path]) -> None:
    folder = copy()
    (folder / "model.safetensors").unlink()

    class Boom:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (folder / "opened",))

    torch.save(Boom(), folder / "pytorch_model.bin")
    assert "pickled weights" in refusal(folder)
    assert not (folder / "opened").exists()


def test_a_folder_without_weights_is_refused(copy: Callable[..., Path]) -> None:
    folder = copy()
    (folder / "model.safetensors").unlink()
    assert "has no weights" in refusal(folder)


@pytest.mark.parametrize("left", [0, 5, 1000, -100])
def test_a_truncated_safetensors_file_is_refused(left: int, copy: Callable[..., Path]) -> None:
    folder = copy()
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:left])
    assert "model.safetensors" in refusal(folder) and "damaged or cut off" in refusal(folder)


def test_a_missing_shard_is_refused_by_name(copy: Callable[..., Path]) -> None:
    folder = copy()
    AutoModelForMaskedLM.from_pretrained(folder).save_pretrained(folder, max_shard_size="10KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    victim = sorted(folder.glob("model-*.safetensors"))[-1]
    victim.unlink()
    assert f"lacks {victim.name}" in refusal(folder)


def test_a_shard_index_cannot_point_outside_the_folder(copy: Callable[..., Path]) -> None:
    folder = copy()
    shutil.move(folder / "model.safetensors", folder.parent / "outside.safetensors")
    index = {"weight_map": {"cls.predictions.bias": "../outside.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "lacks outside.safetensors" in refusal(folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"weight_map": 3}'])
def test_a_damaged_shard_index_is_refused(text: str, copy: Callable[..., Path]) -> None:
    folder = copy()
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(text)
    assert "index.json" in refusal(folder)


def test_a_model_of_another_kind_is_refused(copy: Callable[..., Path]) -> None:
    folder = copy()
    edit_json(folder / "config.json", model_type="gpt2", architectures=["GPT2LMHeadModel"])
    assert "'gpt2' model" in refusal(folder)


def test_a_model_that_needs_its_own_code_is_refused(copy: Callable[..., Path]) -> None:
    folder = copy()
    (folder / "mine.py").write_text("raise SystemExit('this must never run')")
    edit_json(
        folder / "config.json",
        model_type="mine",
        auto_map={"AutoConfig": "mine.Config", "AutoModelForMaskedLM": "mine.Model"},
    )
    assert "code of its own" in refusal(folder)


def test_a_tokenizers_own_code_is_never_run(copy: Callable[..., Path]) -> None:
    folder = copy()
    (folder / "mine.py").write_text("raise SystemExit('this must never run')")
    edit_json(
        folder / "tokenizer_config.json",
        tokenizer_class="MineTokenizer",
        auto_map={"AutoTokenizer": ["mine.Mine", "mine.Mine"]},
    )
    assert type(models.load(str(folder)).tokenizer).__module__.startswith("transformers.")


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_size": "x"},
        {"hidden_size": 0},
        {"num_attention_heads": 3},
        {"vocab_size": 0},
        {"max_position_embeddings": None},
        {"hidden_act": "nope"},
        {"pad_token_id": 10**6},
        {"auto_map": 3},
    ],
)
def test_a_nonsensical_configuration_is_refused(
    changes: dict[str, object], copy: Callable[..., Path]
) -> None:
    folder = copy()
    edit_json(folder / "config.json", **changes)
    assert "configuration" in refusal(folder) or "config.json" in refusal(folder)


def test_a_kernel_named_by_the_configuration_is_not_fetched(copy: Callable[..., Path]) -> None:
    folder = copy()
    edit_json(folder / "config.json", attn_implementation="somebody/kernel")
    assert models.load(str(folder)).model.config._attn_implementation == "sdpa"


def test_a_decoder_is_refused(copy: Callable[..., Path]) -> None:
    folder = copy()
    edit_json(folder / "config.json", is_decoder=True)
    assert "as a decoder" in refusal(folder)


@pytest.mark.parametrize("shares", ["nobody", "..", "../model", "", "/etc"])
def test_a_student_whose_teacher_is_not_beside_it_is_refused(shares: str, copy: Callable[..., Path]) -> None:
    folder = copy()
    edit_json(folder / "config.json", fairkd_shares=shares)
    assert "not beside it" in refusal(folder)


@pytest.mark.parametrize("limit", ["x", None, 0, -1, 10**30, float("inf")])
def test_a_tokenizer_limit_that_is_none_is_ignored(limit: object, copy: Callable[..., Path]) -> None:
    folder = copy()
    edit_json(folder / "tokenizer_config.json", model_max_length=limit)
    assert models.load(str(folder)).max_tokens == MAX_TOKENS


HEADS = {
    "bert": ("cls.",),
    "distilbert": ("vocab_",),
    "roberta": ("lm_head.",),
    "albert": ("predictions.",),
    "electra": ("generator_",),
    "modernbert": ("head.", "decoder."),
    "xlm-roberta": ("lm_head.",),
}


@pytest.mark.parametrize(("family", "head"), HEADS.items())
def test_a_checkpoint_without_its_head_is_refused_in_every_family(
    family: str, head: tuple[str, ...], copy: Callable[..., Path]
) -> None:
    folder = copy(family)
    edit_tensors(folder, lambda name: not name.startswith(head))
    sentence = refusal(folder)
    assert "has no masked-LM head" in sentence
    assert any(prefix in sentence for prefix in head)


def test_a_bare_encoder_is_refused(copy: Callable[..., Path]) -> None:
    folder = copy()
    config = BertConfig.from_pretrained(folder)
    BertModel(config).save_pretrained(folder)
    assert "has no masked-LM head" in refusal(folder)


def test_an_electra_discriminator_is_refused(copy: Callable[..., Path]) -> None:
    folder = copy("electra")
    ElectraForPreTraining(ElectraConfig.from_pretrained(folder)).save_pretrained(folder)
    assert "has no masked-LM head" in refusal(folder)


@pytest.mark.parametrize(
    "missing",
    [
        "cls.predictions.bias",
        "cls.predictions.transform.dense.weight",
        "bert.encoder.layer.1.output.dense.bias",
        "bert.embeddings.word_embeddings.weight",
    ],
)
def test_a_single_missing_tensor_is_named(missing: str, copy: Callable[..., Path]) -> None:
    folder = copy()
    edit_tensors(folder, lambda name: name != missing)
    sentence = refusal(folder)
    assert "is incomplete" in sentence and missing in sentence


def test_an_untied_model_must_bring_its_own_decoder(copy: Callable[..., Path]) -> None:
    folder = copy()
    edit_json(folder / "config.json", tie_word_embeddings=False)
    assert "cls.predictions.decoder" in refusal(folder)


def test_weights_of_another_shape_are_refused(copy: Callable[..., Path]) -> None:
    folder = copy()
    edit_json(folder / "config.json", hidden_size=32)
    assert "do not fit its configuration" in refusal(folder)


def without(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        (folder / name).unlink()


def test_a_folder_without_a_tokenizer_is_refused(copy: Callable[..., Path]) -> None:
    folder = copy()
    without(folder, ["tokenizer.json", "tokenizer_config.json"])
    assert "has no tokenizer" in refusal(folder)


def test_a_damaged_tokenizer_is_refused(copy: Callable[..., Path]) -> None:
    folder = copy()
    (folder / "tokenizer.json").write_text('{"model": 3}')
    assert "tokenizer" in refusal(folder)


def test_a_tokenizer_without_a_mask_token_is_refused(copy: Callable[..., Path]) -> None:
    folder = copy("modernbert")
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    del config["mask_token"]
    path.write_text(json.dumps(config))
    assert "has no mask token" in refusal(folder)


def test_a_tokenizer_larger_than_the_model_is_refused(copy: Callable[..., Path], tiny_folder: Folder) -> None:
    folder = copy("bert")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny_folder("bert-cased") / name, folder)
    assert "does not fit together" in refusal(folder)


# The allow-list


def test_the_allow_list_admits_what_matches_as_a_whole(tiny_folder: Folder) -> None:
    folder = tiny_folder("bert")
    assert models.load(str(folder), allowed=[f"{folder.parent.resolve()}/*"]).reference == str(folder)
    assert "not among the models allowed" in refusal(folder, allowed=["org/*", "bert"])


def test_the_allow_list_is_not_fooled_by_dots_or_links(tiny_folder: Folder, tmp_path: Path) -> None:
    folder = tiny_folder("bert")
    (tmp_path / "link").symlink_to(folder)
    assert "not among" in refusal(tmp_path / "link", allowed=[f"{tmp_path}/*"])
    assert "not among" in refusal(f"{tmp_path}/../{tmp_path.name}/link", allowed=[f"{tmp_path}/*"])


def test_a_revision_is_part_of_what_must_match() -> None:
    assert "not among" in refusal("org/name@refs/pr/1", allowed=["org/name", "org/name@main"])


def test_the_allow_list_comes_from_the_environment(
    tiny_folder: Folder, monkeypatch: pytest.MonkeyPatch, embedded: Path
) -> None:
    monkeypatch.setenv(models.ALLOWED_VARIABLE, f"org/*, {tiny_folder('roberta').resolve()}")
    assert models.load(str(tiny_folder("roberta")))
    assert "not among" in refusal(tiny_folder("bert"))
    assert "not among" in refusal("/no/such/folder")
    monkeypatch.setenv(models.ALLOWED_VARIABLE, "")
    assert "not among" in refusal("other/name")
    assert models.load("embedded/teacher").reference == "embedded/teacher"
