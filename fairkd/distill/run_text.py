"""The text of a run as its configuration names it, and what the log says of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from fairkd import corpora
from fairkd.corpora import HELD_OUT_ELSEWHERE, Corpus
from fairkd.distill.config import Config
from fairkd.utils import Progress, Throttle

REPORT_EVERY = 5.0  # seconds


def read_text(config: Config, progress: Progress | None = None) -> Corpus:
    """The training text and the held-out one. Raises InputError as `corpora.read` does."""
    source = config.corpus
    held_out = None
    if source.held_out is not None:
        held_out = corpora.read_held_out(
            source.held_out, column=source.held_out_column, split=source.held_out_split, progress=progress
        )
    return corpora.read(
        source.source,
        column=source.column,
        split=source.split,
        most=source.max_sentences,
        count_rest=False,
        progress=progress,
        held_out=held_out,
    )


def text_sentences(text: Corpus, training: int) -> Iterator[str]:
    """How many sentences there are of each kind, `training` of them to train on, and what was skipped."""
    skipped = {reason: count for reason, count in text.skipped.items() if reason != HELD_OUT_ELSEWHERE}
    if text.held_out_text is None:
        yield f"{text.name}: {training:,} training sentences, {len(text.held_out):,} held out"
    else:
        yield f"{text.name}: {training:,} training sentences"
        common = text.skipped.get(HELD_OUT_ELSEWHERE, 0)
        also = f"; {common:,} of them left out of the training text" if common else ""
        yield f"Held-out text {text.held_out_text.name}: {len(text.held_out):,} sentences{also}"
    if skipped:
        yield f"Skipped: {', '.join(f'{count:,} {reason}' for reason, count in skipped.items())}"


def throttled(
    notify: Callable[[str], object], check_cancelled: Callable[[], object]
) -> Callable[[str, float | None], None]:
    """A progress function that passes on new messages at once, and new numbers in them every few seconds."""
    last, throttle = "", Throttle(REPORT_EVERY)

    def progress(message: str, fraction: float | None) -> None:
        nonlocal last
        check_cancelled()
        words = re.sub(r"[\d,.]+", "", message)
        if words != last or throttle.due():
            throttle.restart()
            last = words
            notify(message)

    return progress
