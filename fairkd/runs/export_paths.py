"""Paths of this computer, replaced by names in what an export holds: whoever gets it shall not learn them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fairkd.distill.config import flat
from fairkd.runs.run_record import Run

# Files that may name paths. Tokenizers and weights hold none, and must stay as they are.
_OWN = {".json", ".jsonl", ".txt", ".md", ".yaml", ".yml", ".csv", ".log"}
_OF_MODELS = ("README.md", "config.json", "generation_config.json", "tokenizer_config.json")
RESULTS = "results"  # the folder of a measurement's results
_END = rb"[^\s\"'<>|,;:()\[\]{}*?`]*"  # of a path in a text
_PACKAGES = re.compile(rb".*[/\\](?:site|dist)-packages[/\\]+")


class PathNames:
    """Replaces absolute paths in the files of one run, and counts them."""

    def __init__(self, run: Run) -> None:
        self._folder, self._id = str(run.folder).encode(), run.id.encode()
        tops = sorted((re.escape(name.encode()) for name in _tops()), key=len, reverse=True)
        self._pattern = re.compile(
            rb"(?<![\w.~/\\:-])(?:/(?:%s)(?:/%s|(?![\w.-]))|[A-Za-z]:(?:\\|/)+%s)"
            % (b"|".join(tops) or b"(?!)", _END, _END)
        )
        # These may have spaces, so that only their whole text tells where they end.
        settings = {text for text in _texts(run.config) if os.path.isabs(text)}
        spellings = {(text, spelt) for text in settings for spelt in (text, json.dumps(text)[1:-1])}
        self._settings = [
            (spelt.encode(errors="replace"), _name(text.encode(errors="replace")))
            for text, spelt in sorted(spellings, key=lambda pair: -len(pair[1]))
        ]

    def concerns(self, inside: Path) -> bool:
        """Whether a file, by its path in the run's folder, may name paths."""
        if inside.parts[0] == "model":
            return inside.name in _OF_MODELS
        if inside.parts[0] == RESULTS:
            return inside.suffix in _OWN
        return len(inside.parts) == 1 and inside.suffix in _OWN

    def replaced(self, text: bytes) -> tuple[bytes, int]:
        """A text with names in place of paths, and how many there were.

        Paths in the run's folder are given from there on. Others lose all but their last part, and what is in
        a Python package all that is above it.
        """
        count = 0
        for spelt, name in self._settings:
            if not spelt.startswith(self._folder):
                count += text.count(spelt)
                text = text.replace(spelt, name)
        text, more = self._pattern.subn(lambda match: self._short(match[0]), text)
        return text, count + more

    def _short(self, path: bytes) -> bytes:
        if path == self._folder:
            return self._id
        if path.startswith(self._folder + b"/"):
            return path[len(self._folder) + 1 :] or self._id
        return _PACKAGES.sub(b"", path) if _PACKAGES.match(path) else _name(path)


def note(counts: Mapping[str, int]) -> str:
    """What `export.txt` says, from the number of replaced paths by file."""
    found = {file: count for file, count in counts.items() if count}
    if not found:
        return "Exported by FairKD. No path of the computer was found in these files.\n"
    where = "".join(f"* {file}: {count}\n" for file, count in found.items())
    return (
        "Exported by FairKD. Paths of the computer were replaced by the names of their files and folders, so "
        f"many in\n\n{where}\nTo train again, replace the names of texts and models by your own paths.\n"
    )


def _name(path: bytes) -> bytes:
    return re.split(rb"[/\\]+", path.rstrip(b"/\\"))[-1]


def _tops() -> list[str]:
    """The folders at the root of this computer: a path begins with one of them."""
    try:
        return os.listdir("/")
    except OSError:
        return []


def _texts(config: Mapping[str, Any]) -> list[str]:
    """The settings that are texts, or lists of texts."""
    values = flat(config).values()
    listed = [one for value in values if isinstance(value, tuple) for one in value]
    return [one for one in (*values, *listed) if isinstance(one, str)]
