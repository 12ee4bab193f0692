"""Find, load and describe a masked language model; refuse one that is unsafe or incomplete.

A model is named by a reference: `embedded/NAME` (shipped with FairKD), `run/ID` (the student of a finished
run), a local folder, or a Hugging Face Hub id such as `org/name`, with `@revision` if need be.

>>> from fairkd import models
>>> lm = models.load("embedded/teacher")
>>> models.describe(lm).layers
6
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from fairkd.errors import ModelError
from fairkd.models import hub_download, safe_files
from fairkd.models.card_entries import licence
from fairkd.models.references import embedded_folder, run_folder
from fairkd.models.tokenizer_files import TokenizerKind, tokenizer_kind
from fairkd.utils import Access, Progress, quoted, shortened

Source = Literal["embedded", "run", "local folder", "Hugging Face Hub", "memory"]

_HUB_ID = re.compile(r"(?P<repository>[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?)(@(?P<revision>[\w./-]+))?")
# Tokenizers without a limit report 10 ** 30.
_NO_LIMIT = 10**6


@dataclass(frozen=True)
class Origin:
    """Where a model's files lie, and for the Hub which commit they are."""

    source: Source = "memory"
    folder: Path | None = None
    revision: str | None = None


@dataclass(frozen=True, eq=False)
class MaskedLM:
    """A masked language model with its tokenizer: fp32, on the CPU, in evaluation mode.

    `notes` are sentences on what its files lack, and on what differs from other models.
    """

    model: PreTrainedModel = field(repr=False)
    tokenizer: PreTrainedTokenizerFast = field(repr=False)
    reference: str
    origin: Origin = Origin()
    notes: tuple[str, ...] = ()

    @cached_property
    def mask_token(self) -> str:
        return str(self.tokenizer.mask_token)

    @cached_property
    def mask_id(self) -> int:
        return int(self.tokenizer.mask_token_id)

    @property
    def vocabulary_size(self) -> int:
        """Entries of a distribution; some models pad it beyond the vocabulary of their tokenizer."""
        return int(safe_files.text_config(self.model.config).vocab_size)

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The raw token of every id, `vocabulary_size` of them; an id without a token reads `<id 50279>`."""
        tokens = {index: token for token, index in self.tokenizer.get_vocab().items()}
        return tuple(tokens.get(index, f"<id {index}>") for index in range(self.vocabulary_size))

    @cached_property
    def max_tokens(self) -> int:
        """The longest input, special tokens included."""
        own = self.tokenizer.model_max_length  # read from a file, so anything
        longest = _positions(self.model)
        return min(int(own), longest) if isinstance(own, int | float) and 0 < own < _NO_LIMIT else longest

    @cached_property
    def lower_case(self) -> bool:
        """Whether the tokenizer lower-cases text."""
        normalizer = self.tokenizer.backend_tokenizer.normalizer
        return normalizer is not None and normalizer.normalize_str("A").endswith("a")

    @cached_property
    def kind(self) -> TokenizerKind:
        return tokenizer_kind(self.tokenizer)

    @property
    def marks_spaces(self) -> bool:
        """Whether tokens show the space before a word, as "Ġhe" and "▁he" do."""
        return self.kind in ("BPE", "SentencePiece")

    @cached_property
    def adds_space(self) -> bool:
        """Whether the tokenizer reads the first word of a text as if a space came before it."""
        tokens = [self.tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("a", " a")]
        return tokens[0] == tokens[1]


def _positions(model: PreTrainedModel) -> int:
    """The number of tokens that the position embeddings allow."""
    for name, module in model.named_modules():
        weight = getattr(module, "weight", None)  # I-BERT's own class is no nn.Embedding
        if name.endswith("position_embeddings") and isinstance(weight, Tensor) and weight.dim() == 2:
            # RoBERTa and related models number positions from padding_idx + 1.
            padding = getattr(module, "padding_idx", None)
            rows = len(weight) - (0 if padding is None else padding + 1)
            # Nystromformer, MRA and YOSO number them from 2, in a list that is shorter than the embeddings.
            numbers = getattr(model.get_submodule(name.rpartition(".")[0]), "position_ids", None)
            return min(rows, numbers.shape[-1]) if isinstance(numbers, Tensor) else rows
    config = safe_files.text_config(model.config)
    return int(getattr(config, "max_position_embeddings", None) or _NO_LIMIT)


def load(
    reference: str, *, allowed: Sequence[str] | None = None, progress: Progress | None = None
) -> MaskedLM:
    """Load a masked language model and its tokenizer.

    Parameters
    ----------
    reference
        `embedded/NAME`, `run/ID`, a local folder, or a Hugging Face Hub id, with `@revision` if need be. A
        local folder that exists goes before a Hub id of the same name.
    allowed
        Glob patterns; a reference must match one of them as a whole (`org/*`, `org/name@main`,
        `/srv/models/*`; local folders are compared by their resolved absolute path, and a folder that does
        not exist is refused like one that is not allowed). Embedded models and those of runs are always
        allowed. The default is the comma-separated list in `FAIRKD_ALLOWED_MODELS`; if that is not set,
        everything is allowed.
    progress
        Called with a sentence and a fraction in [0, 1], or None if the fraction is unknown.

    Raises
    ------
    ModelError
        One sentence on what is wrong: not found, not allowed, pickled weights, custom code, no masked-LM
        head, missing or damaged tensors, no tokenizer or one without a mask token, no network, no permission.

    Notes
    -----
    Only safetensors are read, and no code from a model's folder is ever run. Nothing is cached here.
    """
    try:
        reference, origin = _find(reference, allowed, progress)
        assert origin.folder is not None
        if progress is not None:
            progress(f"Loading {reference}", None)
        files = safe_files.read(origin.folder, name=reference)
    except PermissionError as error:
        raise ModelError(
            f"{shortened(reference)} cannot be read: there is no permission to look into "
            f"{error.filename or 'it'}."
        ) from error
    return MaskedLM(files.model, files.tokenizer, reference, origin, files.notes)


def _find(reference: str, allowed: Sequence[str] | None, progress: Progress | None) -> tuple[str, Origin]:
    """The normalised reference and where its files are, downloaded if need be."""
    reference = reference.strip().rstrip("/") or reference.strip()
    if not 0 < len(reference) <= 1000 or "\0" in reference:
        raise ModelError(
            "Expected a model reference: embedded/NAME, run/ID, a local folder, or a Hub id such as org/name."
        )
    access = Access.from_environment() if allowed is None else Access(models=tuple(allowed))
    reference = access.model(reference)
    kind, _, name = reference.partition("/")
    if kind == "embedded":
        return reference, Origin("embedded", embedded_folder(name))
    if kind == "run":
        return reference, Origin("run", run_folder(name))
    # Where models are restricted, a folder comes as its absolute path, and anything else is a Hub id.
    folder = _local(reference) if access.models is None or Path(reference).is_absolute() else None
    if folder is not None:
        if not folder.is_dir():
            raise ModelError(
                f"{shortened(reference)} is a file: give the folder that holds config.json and the weights."
            )
        return reference, Origin("local folder", folder)
    if reference.startswith(("/", ".", "~", "\\")) or reference.count("/") > 1 and "@" not in reference:
        raise ModelError(f"There is no folder {shortened(reference)}: check the path.")
    match = _HUB_ID.fullmatch(reference)
    if match is None:
        raise ModelError(
            f"{quoted(reference)} is not a model reference: expected embedded/NAME, run/ID, a local "
            "folder, or a Hub id such as org/name, with @revision if need be."
        )
    snapshot = hub_download.fetch(match["repository"], revision=match["revision"], progress=progress)
    return reference, Origin("Hugging Face Hub", snapshot.folder, snapshot.commit)


def _local(reference: str) -> Path | None:
    """The path that a reference names, if there is something at it."""
    try:
        path = Path(reference).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError):  # too long for a name, no permission to look, no such user's home
        return None


@dataclass(frozen=True)
class Description:
    """A model in figures."""

    reference: str
    source: Source
    architecture: str  # "BertForMaskedLM"
    layers: int
    width: int
    heads: int  # of attention; 0 for a family without
    parameters: int  # tied ones counted once
    size_bytes: int  # weights on disk, its own alone; in memory for a model that was never on disk
    shares: str | None  # the model beside it whose embeddings and tokenizer are its own as well
    vocabulary: int
    tokenizer_kind: TokenizerKind
    cased: bool
    max_tokens: int
    licence: str | None  # as its README.md states it
    revision: str | None  # commit, for models from the Hub
    notes: tuple[str, ...]  # sentences on what its files lack, and on what differs from other models


def describe(lm: MaskedLM) -> Description:
    """What kind of model this is, how large, and where it came from."""
    config, folder = safe_files.text_config(lm.model.config), lm.origin.folder
    parameters = sum(parameter.numel() for parameter in lm.model.parameters())
    on_disk = sum(path.stat().st_size for path in folder.glob("*.safetensors")) if folder else 0
    return Description(
        reference=lm.reference,
        source=lm.origin.source,
        architecture=type(lm.model).__name__,
        layers=int(getattr(config, "num_hidden_layers", 0)),
        # Perceiver has only the latter.
        width=int(getattr(config, "hidden_size", None) or getattr(config, "d_model", None) or 0),
        heads=int(getattr(config, "num_attention_heads", 0)),
        parameters=parameters,
        size_bytes=on_disk or 4 * parameters,
        shares=_shared_with(lm),
        vocabulary=lm.vocabulary_size,
        tokenizer_kind=lm.kind,
        cased=not lm.lower_case,
        max_tokens=lm.max_tokens,
        licence="apache-2.0" if lm.origin.source == "embedded" else licence(folder),
        revision=lm.origin.revision,
        notes=lm.notes,
    )


def _shared_with(lm: MaskedLM) -> str | None:
    name = getattr(lm.model.config, safe_files.SHARES, None) if lm.origin.folder else None
    return f"{lm.reference.rpartition('/')[0]}/{name}" if name else None
