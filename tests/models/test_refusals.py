"""fairkd.models: what is refused, each with one sentence."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForMaskedLM, BertConfig, BertModel, ElectraConfig, ElectraForPreTraining

from fairkd.models import loading, references
from fairkd.utils import MODELS_VARIABLE
from tests.models.folders import edit_json, edit_tensors, refusal, without
from tests.tiny import MAX_TOKENS

Folder = Callable[[str], Path]


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
    assert references.of_runs() == ()
    (tmp_path / "runs" / "3").mkdir(parents=True)
    assert "no model yet" in refusal("run/3")
    shutil.copytree(tiny_folder("bert"), tmp_path / "runs" / "3" / "model")
    assert references.of_runs() == ("run/3",)
    assert loading.describe(loading.load("run/3")).source == "run"


def test_a_file_is_not_a_model_folder(tiny_folder: Folder) -> None:
    assert "is a file" in refusal(tiny_folder("bert") / "config.json")


def test_a_folder_without_permission_is_refused(
    copy: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy()
    config = folder / "config.json"
    if os.geteuid():
        folder.chmod(0)
    else:  # the superuser may look into everything
        stat = Path.stat

        def forbidden(path: Path, **options: bool) -> os.stat_result:
            if path == config:
                raise PermissionError(13, "Permission denied", str(path))
            return stat(path, **options)

        monkeypatch.setattr(Path, "stat", forbidden)
    sentence = refusal(folder)
    folder.chmod(0o700)
    assert sentence == f"{folder} cannot be read: there is no permission to look into {config}."


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
    assert type(loading.load(str(folder)).tokenizer).__module__.startswith("transformers.")


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
    assert loading.load(str(folder)).model.config._attn_implementation == "sdpa"


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
    lm = loading.load(str(folder))
    assert lm.max_tokens == MAX_TOKENS
    assert len(lm.tokenizer("a nurse")["input_ids"]) == 4


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
    assert loading.load(str(folder), allowed=[f"{folder.parent.resolve()}/*"]).reference == str(folder)
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
    monkeypatch.setenv(MODELS_VARIABLE, f"org/*, {tiny_folder('roberta').resolve()}")
    assert loading.load(str(tiny_folder("roberta")))
    assert "not among" in refusal(tiny_folder("bert"))
    assert "not among" in refusal("/no/such/folder")
    monkeypatch.setenv(MODELS_VARIABLE, "")
    assert "not among" in refusal("other/name")
    assert loading.load("embedded/teacher").reference == "embedded/teacher"
