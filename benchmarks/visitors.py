"""What one visitor's heaviest allowed request costs the others.

    python -m benchmarks.visitors [--sessions 20] [--redraws 15]

It starts the dashboard with the embedded models and opens sessions on the front page. One session after the
other changes its sentence, and the time from the change to the end of the redraw is measured: first while
nothing else happens, then while another visitor's heavy request is computed:

* Gaps: own words of several subword tokens, as many as the page allows, in both models;
* Predictions: each token masked, in a text of the longest length that the models take, in both models.

At last the visitor leaves in the middle of the heavy request, and the time is measured until the server is
quiet again. The exit code is 1 if a median is more than twice the idle one.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.gaps.validation import MOST_TOKENS
from benchmarks.browsing import QUIET, Server, dashboard
from benchmarks.sessions import Session
from fairkd import models
from fairkd.lexicon import OWN, shipped_professions, templates_of, typed_contrast
from fairkd.measures import gap_tokens

ROOT = Path(__file__).parents[1]
MOST_RATIO = 2.0
NOUNS = ("bread", "water", "tea", "coffee", "iron", "paper", "glass", "wood", "sugar", "salt", "rice", "oil")
# Words that the embedded models split into several subword tokens.
SPLIT = [
    f"{one}{two}"
    for one in ("glow", "mud", "zinc", "fern", "moth")
    for two in ("lark", "quay", "vole", "yurt", "elk")
]


def heavy_requests() -> Iterator[tuple[str, str, dict[str, str]]]:
    """The heaviest requests that the pages allow: name, page and parameters."""
    lm = models.load("embedded/teacher")
    templates, names = templates_of(["noun"]), list(shipped_professions()["profession"])
    words: list[str] = []
    for word in SPLIT:
        contrast = typed_contrast(", ".join([*words, word]), "queen")
        if (
            gap_tokens(lm, contrast=contrast, templates=templates, professions=names, prior=True)
            > MOST_TOKENS
        ):
            break
        words.append(word)
    link = {
        "contrast": OWN,
        "role": "noun",
        "value": "Sentence without profession",
        "words_a": ", ".join(words),
        "words_b": "queen",
    }
    yield "Gaps of own words", "gaps", link
    text = " ".join(itertools.islice(itertools.cycle(NOUNS), lm.max_tokens - 2))
    yield "each token masked", "", {"text": text, "each": "true"}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--redraws", type=int, default=15)
    options = parser.parse_args()
    failed = False
    with ExitStack() as stack:
        server = stack.enter_context(dashboard(ROOT, stack.enter_context(tempfile.TemporaryDirectory())))
        sessions = stack.enter_context(_sessions(server, options.sessions))
        numbers = itertools.count()
        server.wait_until_quiet()
        before = _redraws(sessions, options.redraws, numbers)
        print(f"idle, {options.sessions} sessions: {_times(before)}", flush=True)
        for name, page, link in heavy_requests():
            heavy = Session(server.url, page, link)
            begin, used = time.perf_counter(), server.cpu_seconds()
            time.sleep(1)  # until the measuring has begun
            busy: list[float] = []
            ended = False
            while len(busy) < options.redraws and not ended:
                busy += _redraws(sessions, 1, numbers)
                ended = heavy.wait(0.2)
            took, used = time.perf_counter() - begin, server.cpu_seconds() - used
            heavy.leave()
            left = _until_quiet(server)
            after = _redraws(sessions, options.redraws, numbers)
            # Before and after, because other programs take a changing part of the processor.
            ratio = statistics.median(busy) / statistics.median([*before, *after])
            failed |= ratio > MOST_RATIO
            part = "" if ended else " of it"
            print(f"{name}, {took:.0f} s{part}, {used / took:.1f} cores: {_times(busy)}")
            print(f"    idle afterwards: {_times(after)}; {ratio:.1f} times the idle median")
            print(f"    the server worked for {left:.0f} s after the visitor had left", flush=True)
            before = after
    sys.exit(int(failed))


@contextmanager
def _sessions(server: Server, count: int) -> Iterator[list[Session]]:
    sessions = []
    for _ in range(count):
        sessions.append(Session(server.url))
        sessions[-1].wait()
    yield sessions
    for session in sessions:
        session.leave()


def _redraws(sessions: list[Session], count: int, numbers: Iterator[int]) -> list[float]:
    """Seconds of `count` redraws, of one session after the other, each of a new sentence."""
    times = []
    for number in itertools.islice(numbers, count):
        noun = NOUNS[number % len(NOUNS)]
        session = sessions[number % len(sessions)]
        times.append(session.rerun("Sentence", f"A bit of {noun} number {number} is a [MASK]."))
        time.sleep(0.1)
    return times


def _until_quiet(server: Server) -> float:
    """Seconds until the server uses no processor time any more; at most a minute."""
    begin = time.monotonic()
    while time.monotonic() - begin < 60:
        before = server.cpu_seconds()
        time.sleep(0.5)
        if server.cpu_seconds() - before < max(QUIET * 0.5, 0.05):
            break
    return time.monotonic() - begin - 0.5


def _times(seconds: list[float]) -> str:
    median, most = statistics.median(seconds), max(seconds)
    return f"{median:.2f} s a redraw (median of {len(seconds)}; at most {most:.2f} s)"


if __name__ == "__main__":
    main()
