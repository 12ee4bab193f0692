"""The registry of benchmarks: pages, the command line, runs, reports, documentation and tests derive from it.

A new benchmark needs its module, and its `BENCHMARK` here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fairkd.benchmarks import (
    aul,
    bec_pro,
    calibration,
    crows_pairs,
    disco,
    fidelity,
    gap_benchmarks,
    pseudo_perplexity,
    stereoset,
    winobias,
    winogender,
)
from fairkd.benchmarks.benchmark import Benchmark
from fairkd.errors import InputError, listed
from fairkd.utils import did_you_mean, nearest, quoted

BENCHMARKS: Mapping[str, Benchmark] = {
    one.key: one
    for one in (
        gap_benchmarks.GAPS,
        gap_benchmarks.LPBS,
        crows_pairs.BENCHMARK,
        aul.AUL,
        aul.AULA,
        stereoset.BENCHMARK,
        bec_pro.BENCHMARK,
        disco.BENCHMARK,
        winobias.BENCHMARK,
        winogender.BENCHMARK,
        pseudo_perplexity.BENCHMARK,
        calibration.BENCHMARK,
        fidelity.BENCHMARK,
    )
}


def chosen(names: Sequence[str]) -> tuple[Benchmark, ...]:
    """The benchmarks with these names, each once; InputError for an unknown name."""
    found = {}
    for name in names:
        if name not in BENCHMARKS:
            raise InputError(
                f"There is no measure {quoted(name)}: there are {listed([*BENCHMARKS], 20)}."
                f"{did_you_mean(nearest(name, BENCHMARKS))}"
            )
        found[name] = BENCHMARKS[name]
    return tuple(found.values())
