"""What the commands share that measure or describe models: loading with progress, and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from fairkd.cli.console import progress

if TYPE_CHECKING:
    from fairkd.models import MaskedLM

EMBEDDED_TEACHER = "embedded/teacher"
MODEL_HELP = (
    "embedded/NAME, run/ID, a local folder, or a Hugging Face Hub id such as org/name or org/name@revision."
)


def load(reference: str) -> MaskedLM:
    """The model behind a reference, with progress and its notes. Raises ModelError."""
    import transformers

    from fairkd import models

    transformers.logging.set_verbosity_error()  # some families log how they pad a text
    with progress() as report:
        lm = models.load(reference, progress=report)
    for note in lm.notes:
        hint(f"{lm.reference}: {note}")
    return lm


def hint(text: str) -> None:
    """Print a note on standard error, so that standard output holds the answer alone."""
    Console(stderr=True, highlight=False).print(Text(text), soft_wrap=True)
