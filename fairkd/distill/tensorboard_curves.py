"""The curves of a run as TensorBoard reads them, beside events.jsonl; they are made of the same events.

    fairkd distill --set tensorboard=true ...
    tensorboard --logdir RUN_FOLDER/tensorboard

The writer is PyTorch's own, `torch.utils.tensorboard.SummaryWriter`, which needs the package `tensorboard`
(the extra of that name).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fairkd.distill.config import Config, flat
from fairkd.errors import InputError
from fairkd.measures import MEASURES

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FOLDER = "tensorboard"  # in the run's folder
_TRAINING = ("loss", "kd", "mlm", "hidden", "group", "relations", "learning_rate", "tokens_per_second")

Event = Mapping[str, Any]


def require_tensorboard() -> None:
    """Raise InputError if the package `tensorboard` is not installed."""
    if find_spec("tensorboard") is None:
        raise InputError(
            "tensorboard: true needs the package tensorboard, which is not installed: pip install "
            "'fairkd[tensorboard]', or set tensorboard to false."
        )


class TensorBoardCurves:
    """Writes the numbers of a run's events into the folder `tensorboard` of the run.

    Losses, learning rate and speed are under `train/`, measures of the student under `evaluation/` and of the
    teacher under `teacher/`, all by step. The settings are the run's hparams.
    """

    def __init__(self, folder: Path, config: Config, notify: Callable[[str], object]) -> None:
        """`notify` is called with a sentence if the files cannot be written; the run goes on without them."""
        self._folder, self._config, self._notify = folder / FOLDER, config, notify
        self._writer: SummaryWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._guarded(self._writer.close)

    def write(self, event: Event) -> None:
        """Write the numbers of an event; those without any are passed over."""
        if event["type"] == "start":
            self._guarded(lambda: self._open(event["resumed_from"]))
        elif (writer := self._writer) is not None:
            values = dict(_scalars(event))
            if values:
                self._guarded(lambda: self._add(writer, values, event))

    def _add(self, writer: SummaryWriter, values: Mapping[str, float], event: Event) -> None:
        for tag, value in values.items():
            writer.add_scalar(tag, value, event["step"], walltime=event["time"])
        writer.flush()  # so that the curves grow while the run trains

    def _open(self, resumed: int | None) -> None:
        from torch.utils.tensorboard import SummaryWriter
        from torch.utils.tensorboard.summary import hparams

        # What was written after the checkpoint is not shown: the run repeats those steps.
        purged = 0 if resumed is None else resumed + 1
        self._writer = SummaryWriter(str(self._folder), purge_step=purged)
        if resumed is None:
            measured = [f"evaluation/{key}" for key in ("kl", "gap_absolute", "pseudo_perplexity_sampled")]
            for summary in hparams(_settings(self._config), dict.fromkeys(measured, 0.0))[:2]:
                if (files := self._writer.file_writer) is not None:
                    files.add_summary(summary)

    def _guarded(self, write: Callable[[], object]) -> None:
        """Write; a disk that is full ends the curves, not the run."""
        try:
            write()
        except OSError as error:
            self._writer = None
            self._notify(
                f"The files for TensorBoard cannot be written ({error.strerror or error}): the run goes on "
                "without them. Its curves are in events.jsonl."
            )


def _scalars(event: Event) -> Iterator[tuple[str, float]]:
    """The numbers of an event by their names in TensorBoard."""
    groups = {
        "train": ("train", _TRAINING),
        "evaluation": ("evaluation", MEASURES),
        "teacher": ("teacher", MEASURES),
    }
    group, names = groups.get(event["type"], ("", ()))
    for name in names:
        if (value := event.get(name)) is not None:
            yield f"{group}/{name}", float(value)


def _settings(config: Config) -> dict[str, bool | int | float | str]:
    """The settings as hparams, which are numbers and texts; of a path, only the last part."""
    found: dict[str, bool | int | float | str] = {}
    for key, value in flat(config.model_dump(mode="json")).items():
        if isinstance(value, str) and os.path.isabs(value):
            found[key] = os.path.basename(value.rstrip(os.sep))
        else:
            found[key] = value if isinstance(value, bool | int | float | str) else repr(value)
    return found
