"""Bad model folders and references, for `benchmarks.bad_inputs`: every file damaged in every way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.bad_cases import Case
from fairkd import models, predictions
from tests.tiny import tiny

FOLDER = Path("tiny-model")
DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "zero bytes": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "a picture": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
    "null": lambda path: path.write_text("null"),
    "a list": lambda path: path.write_text("[]"),
    "a number": lambda path: path.write_text("5"),
    "an empty object": lambda path: path.write_text("{}"),
    "deep JSON": lambda path: path.write_text("[" * 50_000),
    "a repeated page": lambda path: path.write_bytes(path.read_bytes() * 2),
    "a folder": lambda path: _make_folder(path),
    "a pointer of Git LFS": lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\n"),
}
VALUES: tuple[Any, ...] = (None, "x", "", -1, 0, 2.5, 10**12, float("nan"), True, [], [1, 2], {}, {"a": 1})
CONFIG = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
    "type_vocab_size",
    "hidden_act",
    "layer_norm_eps",
    "pad_token_id",
    "model_type",
    "architectures",
    "initializer_range",
    "hidden_dropout_prob",
    "is_decoder",
    "torch_dtype",
    "auto_map",
    "chunk_size_feed_forward",
    "tie_word_embeddings",
    "fairkd_shares",
)
TOKENIZER = (
    "model_max_length",
    "mask_token",
    "unk_token",
    "pad_token",
    "cls_token",
    "tokenizer_class",
    "do_lower_case",
    "clean_up_tokenization_spaces",
    "added_tokens_decoder",
    "extra_special_tokens",
    "padding_side",
)
REFERENCES = (
    "",
    " ",
    "/",
    "embedded/",
    "embedded/none",
    "embedded/../teacher",
    "run/",
    "run/none",
    "run/../..",
    "a b",
    "a/b/c",
    "org/name@",
    "org/name",
    "a\0b",
    "x" * 5000,
    "<b>x</b>",
    "../none",
    "~nobody/x",
    "one\ntwo",
    "\ud800",
)


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def references() -> Iterator[Case]:
    """Model references that name nothing."""
    for reference in REFERENCES:
        yield Case("references", repr(reference[:30]), partial(models.load, reference))


def model_folders(folder: Path) -> Iterator[Case]:
    """A tiny model's folder with one damaged file, or one wrong entry of its configurations."""
    good = tiny("bert", folder / "good-model")
    files = sorted(path.name for path in good.iterdir())
    for file in files:
        for what, damage in DAMAGES.items():
            yield Case(
                "model folders", f"{file} is {what}", partial(_damaged, folder, file, damage), _name(file)
            )
    for file, keys in (("config.json", CONFIG), ("tokenizer_config.json", TOKENIZER)):
        for key in keys:
            for value in VALUES:
                damage = partial(_edit, key, value)
                yield Case(
                    "model folders", f"{key} is {value!r}", partial(_damaged, folder, file, damage), _name()
                )


def _name(file: str = "") -> tuple[str, ...]:
    return (str(FOLDER), file) if file else (str(FOLDER),)


def _edit(key: str, value: Any, path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))


def _damaged(folder: Path, file: str, damage: Callable[[Path], object]) -> None:
    """Load a damaged copy of the good model, describe it, and predict with it."""
    place = folder / FOLDER
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(folder / "good-model", place)
    damage(place / file)
    lm = models.load(str(FOLDER))
    models.describe(lm)
    predictions.predict(lm, "he is a [MASK].")
    predictions.predict(lm, "the nurse is here", mask_each=True)
