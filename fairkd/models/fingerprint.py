"""A content hash of a model's weights, so that a table of numbers says which weights it is about."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from fairkd.errors import ModelError
from fairkd.models import safe_files
from fairkd.models.loading import MaskedLM


def weights_hash(lm: MaskedLM) -> str:
    """SHA-256 of the weights, as 64 hexadecimal digits.

    For one weights file it is what `sha256sum model.safetensors` prints. For several (shards, or an embedded
    student that shares the teacher's embeddings) it is the hash of the files' own hashes, in the order of
    their names. A model that never was on disk is hashed by its tensors. Unchanged files are read once.

    Raises ModelError if a file cannot be read.
    """
    folder = lm.origin.folder
    if folder is None:
        return _of_tensors(lm)
    shared = getattr(lm.model.config, safe_files.SHARES, None)
    folders = (folder, folder.parent / shared) if shared else (folder,)
    try:
        hashes = [_of_file(path) for one in folders for path in sorted(one.glob("*.safetensors"))]
    except OSError as error:
        raise ModelError(f"The weights of {lm.reference} cannot be read ({error.strerror}).") from error
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _of_file(path: Path) -> str:
    state = path.stat()
    return _read(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=256)
def _read(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _of_tensors(lm: MaskedLM) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(lm.model.state_dict().items()):
        digest.update(name.encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def model_digest(lm: MaskedLM) -> str:
    """SHA-256 of what decides on a model's output: tensors, configuration, tokenizer, kind of device.

    Unlike `weights_hash` it is about the model as it is in memory, whatever its files hold.
    """
    digest, tokenizer = hashlib.sha256(), lm.tokenizer
    vocabulary = sorted(tokenizer.get_vocab().items())
    digest.update(f"{lm.model.device.type} {lm.model.config.to_json_string()} {tokenizer!r}".encode())
    digest.update(json.dumps(vocabulary).encode())
    for name, tensor in lm.model.state_dict().items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def _bytes(tensor: torch.Tensor) -> Any:
    """The tensor's numbers as bytes; numpy itself knows no bf16."""
    return tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data
