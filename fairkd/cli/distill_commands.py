"""`fairkd distill`: a distillation in the foreground, in a run folder like any other.

With --output the folder is the user's own, and the same command goes on with what it holds. Without, the run
is one of FAIRKD_HOME that the dashboard shows. Under `accelerate launch -m fairkd distill ...` every process
comes through here; the first alone registers, writes and prints.
"""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from fairkd import runs
from fairkd.cli.console import JsonOption, out, print_json, print_table, progress
from fairkd.distill.config import PRESETS, Config, preset as settings_of, read_config, stored_config
from fairkd.errors import FairKDError, InputError
from fairkd.measures import MEASURES
from fairkd.runs import Writer, error_sentence, events
from fairkd.utils import home

if TYPE_CHECKING:
    from fairkd.distill import Outcome

STOPPED = 130  # the exit code of what Ctrl-C ended

Emit = Callable[[Mapping[str, Any]], object]


def distill(
    config: Annotated[
        Path | None, typer.Argument(help="A YAML file of settings; what it leaves out keeps its default.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help=f"Named settings instead of a file: {', '.join(PRESETS)}.")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="KEY=VALUE, such as budget.minutes=10 or constraint.kind=group; repeat it."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="The run's folder. A run that is in it is resumed. Default: a new run."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Distill a student from a teacher in the foreground.

    The folder gets config.json, events.jsonl, checkpoints/ and, at the end, model/. Ctrl-C finishes the
    step and saves. For example: fairkd distill --preset fair --set budget.minutes=5 --output fair-run
    """
    if config is not None and preset is not None:
        raise InputError("Give either a configuration file or a preset, not both.")
    start = None if preset is None else settings_of(preset)
    settings = read_config(config, change or (), start=start)
    folder, outcome = _train(settings, output)
    if outcome is None:  # not the first process
        return
    document = {**asdict(outcome), "folder": str(folder), "model": outcome.model and str(outcome.model)}
    if as_json:
        print_json(document)
    elif outcome.state == "finished":
        print_table(
            f"{outcome.model}: {outcome.steps} steps, {outcome.tokens:,} tokens, "
            f"{outcome.seconds / 60:.1f} minutes",
            {"measure": "left", "student": "right"},
            [
                (measure.label, measure.format_with_interval(outcome.held_out))
                for measure in MEASURES.values()
                if outcome.held_out.get(measure.key) is not None
            ],
        )
    else:
        out().print(Text(f"Stopped after step {outcome.steps}; {folder} can be resumed."), soft_wrap=True)
    if outcome.state == "cancelled":
        raise typer.Exit(STOPPED)


def _train(config: Config, output: Path | None) -> tuple[Path, Outcome | None]:
    """Train in `output` or a run of FAIRKD_HOME; the outcome is the first process's to tell."""
    from accelerate.utils import broadcast_object_list

    from fairkd.distill import make_accelerator, train

    process = make_accelerator()
    folder = output or home()  # until the run has one of its own there
    try:
        with ExitStack() as stack:
            emit: Emit | None = None
            stops = [stack.enter_context(_interruptible())]
            if process.is_main_process:
                if output is None:
                    session = stack.enter_context(runs.foreground(config))
                    folder, config = session.folder, session.config
                    write: Emit = session.emit
                    stops.append(session.stop)
                else:
                    write = stack.enter_context(_writer(output)).write
                log = stack.enter_context(_logging(folder))
                draw = _drawing(stack.enter_context(progress()))
                emit = _all(write, log, draw)
            # Other processes may be on machines that have neither the folder nor the configuration's file.
            shared = [(folder, config)]
            if process.num_processes > 1:
                broadcast_object_list(shared)
            folder, config = shared[0]
            outcome = train(config, folder, emit=emit, stop=lambda: any([stop() for stop in stops]))
            return folder, outcome if process.is_main_process else None
    except FairKDError:
        raise
    except Exception as error:
        raise FairKDError(error_sentence(error, folder)) from error


def _writer(folder: Path) -> Writer:
    """Events of a folder of the user's own."""
    ours = {"events.jsonl", "log.txt", "config.json", "config.writing", "train.lock"}
    if folder.exists() and not folder.is_dir():
        names = {folder.name}
    else:
        names = {path.name for path in folder.glob("*")}
    if names - ours and "config.json" not in names:
        raise InputError(f"The output {folder} exists and holds no run; choose another folder with --output.")
    try:
        stored_config(folder)  # that of something else is refused before anything is written beside it
        folder.mkdir(parents=True, exist_ok=True)
        return Writer(folder)
    except OSError as error:
        raise InputError(f"The output {folder} cannot be written to ({error.strerror}).") from error


def _all(*parts: Emit) -> Emit:
    def emit(event: Mapping[str, Any]) -> None:
        for part in parts:
            part(event)

    return emit


@contextmanager
def _logging(folder: Path) -> Iterator[Emit]:
    """Writes events into the run's log.txt, and the details of an error that no sentence was made for."""
    log = (folder / "log.txt").open("a", encoding="utf-8")
    try:
        yield lambda event: events.log(dict(event), log)
    except FairKDError:
        raise
    except Exception:
        with suppress(OSError):
            traceback.print_exc(file=log)
        raise
    finally:
        with suppress(OSError):  # a full disk shows where it matters
            log.close()


def _drawing(report: Callable[[str, float | None], None]) -> Emit:
    """Shows events on the progress bar."""
    done: float | None = None

    def draw(event: Mapping[str, Any]) -> None:
        nonlocal done
        done = event.get("progress", done)
        if line := events.as_line(dict(event)):
            report(line, done)

    return draw


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """A function that says whether Ctrl-C was pressed or SIGTERM came; a second time they end the process.

    A launcher of several processes sends both to every one of them.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(number: int, frame: object) -> None:
        asked.set()
        signal.signal(number, usual[number])

    usual: dict[int, Any] = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
