"""Arrays of half-precision numbers in files that only grow: a process killed at any moment loses none.

A file is a row of records: a header, then the numbers of one batch [rows, width]. The header has the key of
the batch and two checksums, one of the numbers and one of itself. There is no index on disk: whoever opens a
folder reads the headers. Each writer has files of its own and nobody changes those of others, so that readers
and writers need not wait for each other. A record that is cut short or damaged is passed over.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import safetensors.torch
import torch
from torch import Tensor

from fairkd.utils import write_private

SUFFIX = ".states"
_MAGIC = b"FKD1"
_HEADER = struct.Struct("<4s16sIII")  # magic, key, rows, width, checksum of the numbers
_CHECK = struct.Struct("<I")  # checksum of the header
_SIZE = _HEADER.size + _CHECK.size
_BYTES = 2  # of a number


@dataclass(frozen=True)
class _Record:
    file: Path
    offset: int  # of the numbers
    rows: int
    width: int
    checksum: int


class StateFiles:
    """The records in a folder, by key: bytes of length 16."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError if the folder cannot be read."""
        self.folder = folder
        self.damaged = 0  # records and files that were passed over
        self._records: dict[bytes, _Record] = {}
        self._ends: dict[
            Path, int | None
        ] = {}  # how far each file is read; None for one that is damaged there
        self._open: dict[Path, IO[bytes]] = {}
        self._own: IO[bytes] | None = None
        self._own_path: Path | None = None
        self.refresh()

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, key: bytes) -> bool:
        return key in self._records

    def refresh(self) -> None:
        """Read the headers that others have written since the last time."""
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            if path != self._own_path and self._ends.get(path, 0) is not None:
                self._read_headers(path)

    def read(self, key: bytes) -> Tensor | None:
        """The numbers [rows, width] under a key, fp16; None where there are none, or they are damaged."""
        record = self._records.get(key)
        if record is None:
            return None
        content = bytearray(record.rows * record.width * _BYTES)
        try:
            file = self._opened(record.file)
            file.seek(record.offset)
            complete = file.readinto(content) == len(content)  # type: ignore[attr-defined]
        except OSError:  # removed meanwhile
            complete = False
        if not complete or zlib.crc32(content) != record.checksum:
            del self._records[key]
            self.damaged += 1
            return None
        return torch.frombuffer(content, dtype=torch.float16).view(record.rows, record.width)

    def append(self, key: bytes, numbers: Tensor, *, largest: int) -> None:
        """Write numbers [rows, width], fp16 in main memory; into a new file once the own one has `largest`
        bytes.

        Raises OSError if that fails. What was written before stays readable.
        """
        content = numbers.contiguous().numpy().tobytes()
        rows, width = numbers.shape
        checksum = zlib.crc32(content)
        header = _HEADER.pack(_MAGIC, key, rows, width, checksum)
        if self._own is None or self._own.tell() >= largest:
            self._begin_file()
        assert self._own is not None and self._own_path is not None
        begin = self._own.tell()
        whole = header + _CHECK.pack(zlib.crc32(header)) + content
        if self._own.write(whole) != len(whole):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._records[key] = _Record(self._own_path, begin + _SIZE, rows, width, checksum)

    def needs_file(self, largest: int) -> bool:
        """Whether the next `append` begins a new file."""
        return self._own is None or self._own.tell() >= largest

    def close(self) -> None:
        for file in (*self._open.values(), self._own):
            if file is not None:
                file.close()
        self._open, self._own, self._own_path = {}, None, None

    def _begin_file(self) -> None:
        if self._own is not None and self._own_path is not None:
            self._own.close()
            self._ends[self._own_path] = None  # its records are known
        # Later files come later in the order of names, so that a record written anew replaces a damaged one.
        path = self.folder / f"{time.time_ns():020d}-{os.getpid()}{SUFFIX}"
        self._own, self._own_path = path.open("xb", buffering=0), path

    def _opened(self, path: Path) -> IO[bytes]:
        if path not in self._open:
            self._open[path] = path.open("rb", buffering=0)
        return self._open[path]

    def _read_headers(self, path: Path) -> None:
        position = self._ends.get(path, 0) or 0
        try:
            size = path.stat().st_size
            file = self._opened(path) if size > position else None
            while file is not None and position + _SIZE <= size:
                file.seek(position)
                header = file.read(_SIZE)
                magic, key, rows, width, checksum = _HEADER.unpack(header[: _HEADER.size])
                if magic != _MAGIC or _CHECK.unpack(header[_HEADER.size :])[0] != zlib.crc32(
                    header[: _HEADER.size]
                ):
                    self.damaged += 1
                    self._ends[path] = None
                    return
                end = position + _SIZE + rows * width * _BYTES
                if end > size:
                    break  # cut short, or not yet written to its end
                self._records[key] = _Record(path, position + _SIZE, rows, width, checksum)
                position = end
        except (OSError, struct.error):  # removed or cut meanwhile
            return
        self._ends[path] = position


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors in a file of `write_tensors`; none where there is no such file, or it is damaged."""
    try:
        checksum, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return {}
    if checksum != _sha256(content):
        return {}
    return safetensors.torch.load(content)


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors by name into a file, as a whole or, where that fails, not at all."""
    content = safetensors.torch.save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()})
    with suppress(OSError):
        write_private(path, _sha256(content) + b"\n" + content)


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
