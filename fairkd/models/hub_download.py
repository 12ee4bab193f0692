"""Fetch a model's files from the Hugging Face Hub: only the safe ones, with progress, or from the cache."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn

from huggingface_hub import HfApi, constants, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import tqdm

from fairkd.errors import ModelError
from fairkd.utils import Progress

# Everything that a configuration and a tokenizer may consist of; README.md states the licence.
TOKENIZER_FILES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
)
_SMALL_FILES = (
    "config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "README.md",
    *TOKENIZER_FILES,
)
_SINGLE, _INDEX, _SHARDS = "model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors"
_BETWEEN_REPORTS = 0.2  # seconds


@dataclass(frozen=True)
class Snapshot:
    """A model's files on this machine, and the commit they belong to."""

    folder: Path
    commit: str


def fetch(repository: str, *, revision: str | None = None, progress: Progress | None = None) -> Snapshot:
    """Download the needed files of a repository into the Hub's cache, or find them there.

    Files already in the cache are not fetched again; without a network (or with `HF_HUB_OFFLINE=1`) a model
    that was fetched before still loads.

    Raises
    ------
    ModelError
        Unknown or gated repository, unknown revision, no safetensors in it, no network and nothing cached.
    """
    name = f"{repository}@{revision}" if revision else repository
    try:
        info = HfApi().model_info(repository, revision=revision, files_metadata=True)
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        _refuse(error, repository, revision)
    except (OSError, HTTPError) as error:  # OSError covers offline mode, timeouts and refused connections
        return _cached(repository, revision, error)
    wanted = _wanted({file.rfilename: file.size or 0 for file in info.siblings or ()}, name)
    folder = _download(repository, revision, wanted, name, progress)
    return Snapshot(folder=folder, commit=folder.name)


def _wanted(sizes: dict[str, int], name: str) -> dict[str, int]:
    if _SINGLE in sizes:
        weights = [_SINGLE]
    elif _INDEX in sizes:
        weights = [_INDEX, *(file for file in sizes if fnmatchcase(file, _SHARDS))]
    else:
        raise ModelError(no_safetensors(f"{name} on the Hugging Face Hub", list(sizes)))
    return {file: sizes[file] for file in [*(f for f in _SMALL_FILES if f in sizes), *weights]}


def no_safetensors(where: str, files: Sequence[str]) -> str:
    """The sentence that refuses a model without safetensors, `files` being the names that it does have."""
    if any(fnmatchcase(file, "*.bin") or fnmatchcase(file, "*.pt") for file in files):
        return (
            f"{where} has only pickled weights (pytorch_model.bin), which can run code when they are opened: "
            "convert them to model.safetensors with save_pretrained, or choose a model that has it."
        )
    return f"{where} has no weights: expected {_SINGLE} (or {_INDEX} with its parts)."


def _download(
    repository: str, revision: str | None, wanted: dict[str, int], name: str, progress: Progress | None
) -> Path:
    """Fetch the files one by one; the folder of the snapshot, whose name is the commit."""
    total = sum(wanted.values())
    done = 0
    folder: Path | None = None
    for file, size in wanted.items():
        report = _reporter(f"Downloading {name}: {file}", done, size, total, progress)
        report(0)
        # The first file is asked for by the revision's name, which notes its commit in the cache; the others
        # by that commit, so that all of them belong together even if somebody pushes meanwhile.
        at = folder.name if folder else revision
        arrived = _Arrived()
        fetching = _in_thread(_get, repository, file, at, arrived)
        try:
            while not fetching.done():
                wait([fetching], timeout=_BETWEEN_REPORTS)
                report(arrived.bytes)
        finally:
            arrived.wanted = False
        try:
            path = fetching.result()
        except GatedRepoError as error:
            _refuse(error, repository, revision)
        except Exception as error:  # Python's, the Hub client's and Xet's have no class in common
            raise ModelError(
                f"The download of {name} broke off at {file} ({_reason(error)}): check the network and the "
                "free disk space, and try again; files that have arrived are kept."
            ) from error
        folder = Path(path).parent
        report(size)
        done += size
    assert folder is not None  # `wanted` always names the weights
    return folder


def _reporter(
    message: str, before: int, size: int, total: int, progress: Progress | None
) -> Callable[[int], None]:
    def report(here: int) -> None:
        if progress is not None:
            progress(message, min(1.0, (before + min(here, size)) / total) if total else None)

    return report


class _Arrived:
    """Bytes of a file that have arrived, as the bars of huggingface_hub count them.

    Xet moves two bars, one for what came over the network and one for what is on the disk, and it does so
    from threads of its own: so the bars only count here, and the one that is ahead is believed.
    """

    def __init__(self) -> None:
        self.bytes = 0
        self.wanted = True  # False once nobody waits for the file any more

    def bar(self) -> type[tqdm]:
        """A class of bars that draw nothing."""
        arrived = self

        class Bar(tqdm):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                self.received = int(kwargs.get("initial") or 0)
                super().__init__(*args, **(kwargs | {"disable": True}))

            def update(self, n: float | None = 1) -> None:
                if not arrived.wanted:
                    raise InterruptedError("Nobody waits for this file any more")
                self.received += int(n or 0)
                arrived.bytes = max(arrived.bytes, self.received)

        return Bar


def _get(repository: str, file: str, revision: str | None, arrived: _Arrived) -> str:
    """One file's path in the cache; by plain HTTP where Xet, the Hub's faster storage, does not deliver."""
    try:
        return hf_hub_download(repository, file, revision=revision, tqdm_class=arrived.bar())
    except RuntimeError:  # Xet's, for all that goes wrong with it
        if constants.HF_HUB_DISABLE_XET:
            raise
        constants.HF_HUB_DISABLE_XET = True  # for all that this process still fetches: it gives up slowly
        return hf_hub_download(repository, file, revision=revision, tqdm_class=arrived.bar())


def _in_thread(work: Callable[..., str], *arguments: Any) -> Future[str]:
    """`work` in a thread that nobody has to wait for, not even the end of the process."""
    future: Future[str] = Future()

    def run() -> None:
        try:
            future.set_result(work(*arguments))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="download", daemon=True).start()
    return future


def _cached(repository: str, revision: str | None, error: Exception) -> Snapshot:
    """What the cache holds of the repository; the sentence about the network if that is not a whole model."""
    try:
        folder = Path(
            snapshot_download(
                repository, revision=revision, local_files_only=True, allow_patterns=["config.json"]
            )
        )
    except LocalEntryNotFoundError:
        _refuse(error, repository, revision)
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        _refuse(error, repository, revision)
    return Snapshot(folder=folder, commit=folder.name)


def _refuse(error: Exception, repository: str, revision: str | None) -> NoReturn:
    match error:
        case GatedRepoError():
            sentence = (
                f"{repository} on the Hugging Face Hub is gated: accept its terms there, log in with "
                "`hf auth login`, and try again."
            )
        case RepositoryNotFoundError():
            sentence = (
                f"There is no folder and no public model on the Hugging Face Hub called {repository}: check "
                "the spelling (a private model needs `hf auth login`)."
            )
        case RevisionNotFoundError():
            sentence = f"{repository} on the Hugging Face Hub has no revision {revision!r}."
        case HFValidationError():
            sentence = (
                f"{repository!r} is not a model reference: expected embedded/NAME, a local folder, or a Hub "
                "id such as org/name, with @revision if need be."
            )
        case OfflineModeIsEnabled():
            sentence = (
                f"{repository} is not in the local cache and HF_HUB_OFFLINE forbids the network: unset it to "
                "download the model, or use an embedded model."
            )
        case HfHubHTTPError():
            sentence = (
                f"The Hugging Face Hub did not deliver {repository} ({_reason(error)}), and it is not in the "
                "local cache: try again later, or use an embedded model."
            )
        case _:
            sentence = (
                f"The Hugging Face Hub cannot be reached ({_reason(error)}), and {repository} is not in the "
                "local cache: check the network, or use an embedded model."
            )
    raise ModelError(sentence) from error


def _reason(error: Exception) -> str:
    if isinstance(error, HfHubHTTPError):
        return f"status {error.response.status_code}"
    first_line = str(error).strip().splitlines()[:1]
    return first_line[0].rstrip(".") if first_line else type(error).__name__
