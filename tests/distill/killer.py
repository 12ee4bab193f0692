"""Train a tiny student, whole and again and again killed.

    python -m tests.distill.killer TEACHER FOLDER [RUNS]

A process of its own that uses one thread, so that it can fork what it has imported instead of starting
Python anew for each attempt. Prints how often each run was killed, and
how often there was a checkpoint by then.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from fairkd.distill import Config, train
from fairkd.models.loading import MaskedLM, load
from tests.distill.parts import CORPUS, config

KILLS = 4


def start(lm: MaskedLM, settings: Config, folder: Path) -> int:
    """The pid of a process that trains in `folder`."""
    pid = os.fork()
    if pid == 0:
        # Each run keeps the teacher's states for itself, so that it is killed while it writes and reads them.
        os.environ |= {"FAIRKD_HOME": str(folder / "home"), "FAIRKD_CACHE_GB": "1"}
        code = 1
        try:
            train(settings, folder, teacher=lm, corpus=CORPUS)
            code = 0
        finally:
            os._exit(code)
    return pid


def main(teacher: str, target: Path, runs: int = 3) -> None:
    torch.set_num_threads(1)
    lm = load(teacher)
    settings = config(
        budget={"steps": 60},
        checkpoint={"every_steps": 3},
        evaluation={"every_steps": 25, "professions": 2, "sentences": 10, "watched_sentences": []},
        student={"kind": "fresh", "hidden_layers": 1, "width": 12, "heads": 2},
    )
    # What is imported late is imported here, once for all.
    train(config(budget={"steps": 1}), target / "warm-up", teacher=lm, corpus=CORPUS)
    begin = time.monotonic()
    assert os.waitstatus_to_exitcode(os.waitpid(start(lm, settings, target / "whole"), 0)[1]) == 0
    took = time.monotonic() - begin
    chance = random.Random()  # other moments each time
    kills, resumes = [], 0
    for number in range(runs):
        killed = 0
        while True:
            begin = time.monotonic()
            pid = start(lm, settings, target / f"killed-{number}")
            if killed < KILLS:
                time.sleep(chance.uniform(0, 0.6) * took)
                os.kill(pid, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if code == 0:
                took = min(took, time.monotonic() - begin)  # the machine may be faster by now
                break
            assert code == -signal.SIGKILL, code
            killed += 1
            resumes += any((target / f"killed-{number}").glob("checkpoints/step-*"))
        kills.append(killed)
    print(json.dumps({"kills": kills, "resumes": resumes}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))
