"""What `fairkd gaps` prints: tables of gaps and of the groups' shares, findings, and one JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text

from fairkd.cli.console import out, print_table

if TYPE_CHECKING:
    import pandas as pd

    from fairkd.lexicon import Contrast, Template
    from fairkd.measures import PairedTest, Summary, Value

Pair = tuple[str, str]


@dataclass(frozen=True)
class GapResult:
    """The gaps of one model: of every pair of word groups, and the share of each group.

    `tests` compare them with those of the first model; `lost` says that the model gives the words of a pair
    less than half of the first model's probability.
    """

    model: str
    professions: Mapping[Pair, pd.DataFrame]
    summaries: Mapping[Pair, Summary]
    tests: Mapping[Pair, PairedTest]
    lost: Mapping[Pair, bool]
    shares: pd.DataFrame

    @classmethod
    def of(
        cls, model: str, pairs: Mapping[Pair, pd.DataFrame], first: Mapping[Pair, pd.DataFrame], value: Value
    ) -> GapResult:
        """Summarise the pairs of a model, and compare them with those of the first model."""
        from fairkd import measures

        summaries = {pair: measures.summarise(frame, value=value) for pair, frame in pairs.items()}
        masses = {pair: measures.summarise(frame, value=value).mass for pair, frame in first.items()}
        return cls(
            model,
            {pair: measures.by_profession(frame, value=value) for pair, frame in pairs.items()},
            summaries,
            {pair: measures.paired_test(first[pair], frame, value=value) for pair, frame in pairs.items()},
            {pair: measures.has_lost_mass(found.mass, masses[pair]) for pair, found in summaries.items()},
            measures.group_shares(pairs),
        )

    def document(self, *, first: bool) -> dict[str, Any]:
        """For the JSON document; the first model has no test."""
        pairs = [
            {
                "groups": list(pair),
                "summary": asdict(found),
                "test": None if first else asdict(self.tests[pair]),
                "professions": self.professions[pair].to_dict("records"),
            }
            for pair, found in self.summaries.items()
        ]
        shares = self.shares.to_dict("records")
        if len(pairs) == 1:
            return {"model": self.model, **pairs[0], "shares": shares}
        return {"model": self.model, "pairs": pairs, "shares": shares}


def notes(contrast: Contrast, groups: Sequence[str], templates: Sequence[Template]) -> list[str]:
    """What is to be said of the numbers: which of the compared words also mean something else."""
    from fairkd.lexicon import language_of

    roles = dict.fromkeys(template.role for template in templates)
    compared = [group for group in contrast.groups if group.name in groups]
    words = [word for role in roles for group in compared for word in group.for_role(role)]
    return list(language_of(contrast.language).ambiguities(words))


def print_gaps(results: Sequence[GapResult]) -> None:
    """A table of the gaps of every pair, one of the shares of three or more groups, and the findings."""
    pairs = list(results[0].summaries)
    for pair in pairs:
        _print_summaries(results, pair)
    if len(pairs) > 1:
        _print_shares(results)
    for pair in pairs:
        between = f" ({pair[0]} and {pair[1]})" if len(pairs) > 1 else ""
        for result in results[1:]:
            out().print(Text(f"{result.model}{between}: {result.tests[pair].sentence}"), soft_wrap=True)
            if result.lost[pair]:
                out().print(
                    Text(
                        f"{result.model} gives these words less than half of the probability that "
                        f"{results[0].model} gives them, so its gap says little."
                    ),
                    soft_wrap=True,
                )


def _print_summaries(results: Sequence[GapResult], pair: Pair) -> None:
    from fairkd.measures import FEWEST_ITEMS, MEASURES, no_interval

    first = results[0].summaries[pair]
    few = first.professions < FEWEST_ITEMS
    intervals = (
        no_interval(first.professions) if few else f"with 95 % intervals over {first.professions} professions"
    )
    corrected = " minus that without the profession" if first.measure == "corrected_gap" else ""
    print_table(
        f"log P({pair[0]}) - log P({pair[1]}){corrected}, nats, {intervals} ({first.sentences} sentences)",
        {
            "model": "left",
            **{MEASURES[key].label: "right" for key in ("gap_mean", "gap_absolute", "gap_mass")},
        },
        [
            (
                result.model,
                f"{summary.mean:+.2f}" + ("" if few else f" [{summary.low:+.2f}, {summary.high:+.2f}]"),
                f"{summary.mean_absolute:.2f}"
                + ("" if few else f" [{summary.absolute_low:.2f}, {summary.absolute_high:.2f}]"),
                f"{summary.mass:.3f}",
            )
            for result in results
            for summary in [result.summaries[pair]]
        ],
    )


def _print_shares(results: Sequence[GapResult]) -> None:
    groups = results[0].shares["group"].tolist()
    print_table(
        "Share of each group: its probability over that of all groups together, averaged over professions",
        {"model": "left", **dict.fromkeys(groups, "right")},
        [(result.model, *(f"{share:.3f}" for share in result.shares["share"])) for result in results],
    )
