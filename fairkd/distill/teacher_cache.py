"""The teacher's last hidden states at the positions to train on, kept on disk: its encoder runs once.

Masks depend on the seed and the text, not on the constraint. So another variant, a run that is resumed or one
that is repeated asks the teacher the same again. What its encoder gives is kept in half precision, batch by
batch, under a digest of the batch itself: token ids, padding and positions. What lies there is therefore
right for a batch or not found, whatever the settings were. The head, which is cheap, is computed anew.

A run trains on the rounded numbers whether they were read or have just been computed: its weights are the
same to the bit with an empty cache, a full one, and none at all for want of space.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import transformers
from filelock import FileLock, Timeout
from torch import Tensor

from fairkd.distill import teacher_cache_folders as folders
from fairkd.distill.config import Config
from fairkd.distill.data import Batch
from fairkd.distill.evaluation_cache import source_digest
from fairkd.distill.teacher_cache_files import StateFiles, read_tensors, write_tensors
from fairkd.models import MaskedLM, head_is_known, is_repeatable, model_digest

FILE_BYTES = 64 * 2**20  # from which on a new file is begun
FILES = 8  # at least, that all kept states may fill
Notify = Callable[[str], object]


class TeacherCache:
    """The kept states of one teacher on one text. Without files it rounds, and keeps nothing."""

    def __init__(self, name: str, about: dict[str, Any], *, rank: int, notify: Notify) -> None:
        """`rank` is the process's number among those of the run: each keeps the states of its own batches.

        Raises InputError if FAIRKD_CACHE_GB is no number.
        """
        self._notify = notify
        self._files: StateFiles | None = None
        self._lock: FileLock | None = None
        self._writing = True
        self._said: set[str] = set()
        self._file_bytes = min(FILE_BYTES, folders.limit() // FILES)
        if not self._file_bytes:
            return
        try:
            path = folders.claim(name, about)
            self._lock = folders.writer_lock(path, rank)
            self._may_write()
            self._files = StateFiles(path)
        except OSError as error:
            self._notify(f"The teacher's states are not kept ({error.strerror or error}).")
            return
        if len(self._files):
            self._notify(
                f"The teacher's states of {len(self._files):,} batches are kept: its encoder runs only for "
                "new ones."
            )

    def states(self, batch: Batch, compute: Callable[[], Tensor]) -> Tensor:
        """The teacher's last hidden states [M, width] at the batch's rows, fp32: read, or computed now."""
        key = _digest(batch)
        kept = self._read(key, len(batch.rows))
        if kept is not None:
            return kept.to(batch.ids.device).float()
        computed = compute()
        half = computed.half()
        if not bool(torch.isfinite(half).all()):
            self._say("Some of the teacher's states are too large for half precision, so they are not kept.")
            return computed.float()
        self._write(key, half)
        return half.float()

    def fitted(
        self, layers: Sequence[int], tensors: Mapping[str, Tensor], compute: Callable[[], object]
    ) -> None:
        """Change `tensors` in place as `compute` does, or did for an earlier student with these layers."""
        if self._files is None:
            compute()
            return
        digest = hashlib.sha256(repr([*layers]).encode()).hexdigest()
        path = self._files.folder / f"fitted-{digest[:16]}.safetensors"
        kept = read_tensors(path)
        if {name: tensor.shape for name, tensor in kept.items()} == {
            name: tensor.shape for name, tensor in tensors.items()
        }:
            for name, tensor in tensors.items():
                tensor.copy_(kept[name])
            return
        compute()
        size = sum(tensor.numel() * tensor.itemsize for tensor in tensors.values())
        if folders.make_room(size, keep=path.parent):
            write_tensors(path, tensors)

    def close(self) -> None:
        """Close the files, so that another run may write."""
        if self._files is not None:
            self._files.close()
            self._files = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _read(self, key: bytes, rows: int) -> Tensor | None:
        files = self._files
        if files is None:
            return None
        if key not in files and not self._is_writer:
            files.refresh()  # another run may have come further
        kept = files.read(key)
        if files.damaged:
            self._say("Some of the kept states of the teacher were damaged: they are computed again.")
        return kept if kept is not None and len(kept) == rows else None

    def _write(self, key: bytes, half: Tensor) -> None:
        files = self._files
        if files is None or not self._writing:
            return
        try:
            if not self._is_writer:
                if not self._may_write():
                    return
                files.refresh()
            if key in files:
                return
            if files.needs_file(self._file_bytes) and not folders.make_room(
                self._file_bytes, keep=files.folder
            ):
                self._writing = False
                self._say(
                    "No more of the teacher's states are kept, since they may take "
                    f"{folders.limit() / 1e9:.1f} GB at most ({folders.VARIABLE}, and never more than a "
                    "tenth of the free disk)."
                )
                return
            files.append(key, half.cpu(), largest=self._file_bytes)
        except OSError as error:
            self._writing = False
            self._say(f"No more of the teacher's states are kept ({error.strerror or error}).")

    @property
    def _is_writer(self) -> bool:
        return self._lock is not None and self._lock.is_locked

    def _may_write(self) -> bool:
        """Whether no other run writes here. One that ends makes place for the next."""
        assert self._lock is not None
        try:
            self._lock.acquire()
        except Timeout:
            return False
        except OSError:  # no locks on this file system: at worst, the same is written twice
            return True
        return True

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self._notify(sentence)


def open_cache(
    teacher: MaskedLM,
    config: Config,
    text: str,
    text_digest: str,
    precision: str,
    *,
    rank: int,
    notify: Notify,
) -> TeacherCache | None:
    """The cache for a run; None where the teacher's states cannot be kept, which `notify` is told.

    `text` is the name of the training text, `precision` the number format of the encoder's products.

    Raises
    ------
    InputError
        If FAIRKD_CACHE_GB is no number.
    """
    if not head_is_known(teacher.model):
        notify("The teacher's states are not kept: FairKD does not know its MLM head.")
        return None
    if not is_repeatable(teacher.model):
        notify("The teacher's states are not kept: it gives slightly other numbers each time.")
        return None
    about = {"teacher": teacher.reference, "text": text, "seed": config.seed}
    return TeacherCache(_key(teacher, config, text_digest, precision)[:32], about, rank=rank, notify=notify)


def _key(teacher: MaskedLM, config: Config, text_digest: str, precision: str) -> str:
    """What decides on the numbers, and on the batches that runs have in common."""
    masking, objective, optimizer = config.masking, config.objective, config.optimizer
    constraint = config.constraint
    settings = {
        "teacher": model_digest(teacher),
        "numbers": (precision, torch.__version__, transformers.__version__, platform.machine()),
        "threads": torch.get_num_threads(),
        "source": source_digest(),
        "text": text_digest,
        "seed": config.seed,
        "masking": masking.model_dump(mode="json"),
        "group_words": masking.group_rate and (constraint.contrast, constraint.words),
        "positions": (objective.positions, objective.sample if objective.positions == "sample" else None),
        "batches": (config.corpus.max_tokens, optimizer.micro_batch_tokens),
        "cda": (config.corpus.cda, config.corpus.cda_names),
        "tokens": (config.student.vocabulary, config.student.tokenizer, config.student.reference),
    }
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _digest(batch: Batch) -> bytes:
    """A digest of token ids, padding and positions, 16 bytes."""
    digest = hashlib.blake2b(repr(tuple(batch.ids.shape)).encode(), digest_size=16)
    for tensor in (batch.ids, batch.attention_mask, batch.rows):
        digest.update(b"|")
        if tensor is not None:
            digest.update(tensor.cpu().contiguous().numpy().data)
    return digest.digest()
