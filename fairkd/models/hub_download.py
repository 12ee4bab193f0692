"""Fetch a model's files from the Hugging Face Hub: only the safe ones, with progress, or from the cache."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from huggingface_hub import HfApi, constants, snapshot_download, try_to_load_from_cache
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
SENTENCEPIECE_FILES = ("spiece.model", "sentencepiece.bpe.model", "spm.model", "sentencepiece.model")
TOKENIZER_FILES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    *SENTENCEPIECE_FILES,
)
_SMALL_FILES = (
    "config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "README.md",
    *TOKENIZER_FILES,
)
ADAPTER = "adapter_config.json"
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
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
    folder = _run(_Download(repository, revision, str(info.sha), _wanted(sizes, name)), name, progress)
    return Snapshot(folder=folder, commit=folder.name)


def _wanted(sizes: dict[str, int], name: str) -> dict[str, int]:
    """The files to fetch with their sizes: small ones, and the weights, sharded only if not whole."""
    weights = (_SINGLE,) if _SINGLE in sizes else (_INDEX, _SHARDS) if _INDEX in sizes else ()
    if not weights:
        raise ModelError(no_safetensors(f"{name} on the Hugging Face Hub", list(sizes)))
    patterns = _SMALL_FILES + weights
    return {f: size for f, size in sizes.items() if any(fnmatchcase(f, pattern) for pattern in patterns)}


def no_safetensors(where: str, files: Sequence[str]) -> str:
    """The sentence that refuses a model without safetensors, `files` being the names that it does have."""
    if ADAPTER in files:
        return adapter(where)
    if any(fnmatchcase(file, "*.bin") or fnmatchcase(file, "*.pt") for file in files):
        return (
            f"{where} has only pickled weights (pytorch_model.bin), which can run code when they are opened: "
            "convert them to model.safetensors with save_pretrained, or choose a model that has it."
        )
    return f"{where} has no weights: expected {_SINGLE} (or {_INDEX} with its parts)."


def adapter(where: str) -> str:
    """The sentence that refuses an adapter, which is no model by itself."""
    return (
        f"{where} is an adapter (such as LoRA's), which changes another model and is none itself: merge it "
        "into its base model (merge_and_unload in peft), save that with save_pretrained, and load the result."
    )


def _run(download: _Download, name: str, progress: Progress | None) -> Path:
    """Download while `progress` is called in this thread; the folder of the snapshot."""

    def report(done: int) -> None:
        if progress is not None:
            done = min(done, download.total)
            megabytes = f"{done / 1e6:,.1f} of {download.total / 1e6:,.1f} MB"
            progress(f"Downloading {name}: {megabytes}", done / download.total if download.total else None)

    report(0)
    # snapshot_download blocks, and moves its bars in threads of its own. `progress` has to be called in this
    # thread, and what it raises has to end the download.
    pool = ThreadPoolExecutor(1, thread_name_prefix="download")
    folder = pool.submit(download)
    pool.shutdown(wait=False)
    try:
        while not folder.done():
            wait([folder], timeout=_BETWEEN_REPORTS)
            report(download.done)
    finally:
        download.wanted = False
    try:
        path = Path(folder.result())
    except GatedRepoError as error:
        _refuse(error, download.repository, download.revision)
    except Exception as error:  # Python's, the Hub client's and Xet's have no class in common
        # Files are started in this order, and those under way are finished: the first one missing failed.
        file = next(iter(download.missing()), "its end")
        raise ModelError(
            f"The download of {name} broke off at {file} ({_reason(error)}): check the network and the "
            "free disk space, and try again; files that have arrived are kept."
        ) from error
    report(download.total)
    return path


class _Download:
    """A download of some files of one commit, for one call."""

    def __init__(self, repository: str, revision: str | None, commit: str, sizes: dict[str, int]) -> None:
        self.repository, self.revision, self.commit, self.sizes = repository, revision, commit, sizes
        self.total = sum(sizes.values())  # bytes
        self.done = 0  # bytes, those in the cache included
        self.wanted = True  # False once nobody waits for it any more

    def __call__(self) -> str:
        """The folder of the snapshot, over plain HTTP where Xet, the Hub's faster storage, fails."""
        try:
            return self._fetch()
        except RuntimeError:  # Xet raises it for every failure, and snapshot_download has no fallback
            if constants.HF_HUB_DISABLE_XET or not self.wanted:
                raise
            constants.HF_HUB_DISABLE_XET = True  # for the rest of this process: Xet is slow to give up
            return self._fetch()

    def missing(self) -> list[str]:
        """The files that are not in the cache."""
        find = partial(try_to_load_from_cache, self.repository, revision=self.commit)
        return [file for file in self.sizes if not isinstance(find(file), str)]

    def _fetch(self) -> str:
        cached = self.total - sum(self.sizes[file] for file in self.missing())
        return snapshot_download(
            self.repository,
            revision=self.revision,  # by its name, so that the cache notes which commit that is
            allow_patterns=list(self.sizes),
            tqdm_class=self._bar(cached),
        )

    def _bar(self, cached: int) -> type[tqdm]:
        """A class of bars that draw nothing, count bytes beside the `cached` ones, and raise to stop.

        Two bars count bytes: received over the network, and written to the disk. Xet moves them apart and
        either can lag behind, so the one that is ahead is believed. Any thread may move them.
        """
        download = self

        class Bar(tqdm):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                self.counts_bytes = kwargs.get("unit") == "B"  # a third bar counts files
                super().__init__(*args, **(kwargs | {"disable": True}))

            def update(self, n: float | None = 1) -> None:
                if not download.wanted:
                    raise InterruptedError("Nobody waits for this download any more")
                self.n += n or 0
                if self.counts_bytes:
                    download.done = max(download.done, cached + int(self.n))

        return Bar


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
