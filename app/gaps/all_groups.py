"""Word groups of more than two: the gap of every pair, and the share of each group, in both models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from app.charts.text import percent
from app.gaps.reproduction import about
from app.gaps.results import GapQuestion
from app.gaps.tables import show_table
from app.gaps.validation import check_work
from app.shared.model_cache import get_model, rerun_if_changed, version
from app.shared.turns import give_way, threads_for_long_work
from app.shared.widgets import caption, literal
from fairkd.lexicon import Template, fitting, misfits

if TYPE_CHECKING:
    from fairkd.models import MaskedLM


@dataclass(frozen=True, eq=False)
class AllGroups:
    """What one model says of all groups: one row for each pair, and one for each group."""

    pairs: pd.DataFrame  # groups, mean, mean_absolute, mass
    shares: pd.DataFrame  # group, share, share_low, share_high


def fitting_all(question: GapQuestion) -> tuple[Template, ...]:
    """The templates that fit all groups: those of the page, or else the shipped ones."""
    groups = question.contrast.groups
    unfit = {text for _, text in misfits(question.templates, groups)}
    kept = tuple(one for one in question.templates if one.text not in unfit)
    return kept or tuple(fitting(question.contrast, [group.name for group in groups]))


def all_groups(models: Mapping[str, str], question: GapQuestion, *, roles: bool = True) -> None:
    """Two tables: every pair of groups, and every group's share. Nothing for two groups.

    `models` are references by role, or with `roles=False` by any other name.
    """
    groups = question.contrast.groups
    if len(groups) < 3:
        return
    found = {role: measured_groups(reference, question) for role, reference in models.items()}
    st.markdown(f"**All groups: {literal(', '.join(group.name for group in groups))}**")
    made_by = about(models if roles else {}, question, counts=False)
    left, right = st.columns([4, 3], gap="medium")
    with left:
        pairs = _side_by_side({role: one.pairs for role, one in found.items()}, "groups")
        show_table(
            pairs,
            "fairkd-gaps-all-groups",
            "gaps_table_all_groups",
            about=made_by,
            shown=_readable_pairs(pairs, list(found)),
            headings=_short_headings(list(found)),
        )
    with right:
        shares = _side_by_side({role: one.shares for role, one in found.items()}, "group")
        show_table(
            shares,
            "fairkd-gaps-shares",
            "gaps_table_shares",
            about=made_by,
            shown=_readable_shares(shares, list(found)),
        )
    templates = len(fitting_all(question))
    caption(
        "Left: the mean gap of every pair of groups, log P(first) − log P(second) in nats, and the mean "
        "absolute gap (abs.). Right: the share of each group, its probability divided by that of all groups "
        "together, averaged over professions, with a 95 % bootstrap interval over them. Both over "
        f"{len(question.names)} professions and the {templates} template{'s' if templates != 1 else ''} "
        "that fit all groups, without a prior."
    )


def measured_groups(reference: str, question: GapQuestion) -> AllGroups:
    """All groups in one model, computed once for all visitors. Raises FairKDError."""
    model = get_model(reference)  # outside the cached function, which must not draw the progress of loading
    templates = fitting_all(question)
    key = (version(reference), question.key, question.contrast, templates, question.asked)
    return _measured(repr(key), model, question, templates)


@st.cache_resource(max_entries=32, show_spinner="Measuring all groups")
def _measured(
    key: str, _model: MaskedLM, _question: GapQuestion, _templates: tuple[Template, ...]
) -> AllGroups:
    from fairkd import measures  # imports PyTorch

    def progress(_: float) -> None:
        rerun_if_changed()
        give_way()

    names = [group.name for group in _question.contrast.groups]
    work: dict[str, Any] = {
        "contrast": _question.contrast,
        "templates": _templates,
        "professions": _question.asked,
    }
    check_work(
        measures.gap_tokens(_model, **work, groups=names, prior=False), len(_templates) * len(_question.asked)
    )
    with threads_for_long_work():
        pairs = measures.pairwise_gaps(_model, **work, prior=False, progress=progress)
    rows = []
    for (a, b), frame in pairs.items():
        found = measures.summarise(frame)
        rows.append((f"{a} and {b}", found.mean, found.mean_absolute, found.mass))
    shares = measures.group_shares(pairs).rename(columns={"low": "share_low", "high": "share_high"})
    return AllGroups(pd.DataFrame(rows, columns=["groups", "mean", "mean_absolute", "mass"]), shares)


def _readable_pairs(table: pd.DataFrame, roles: Sequence[str]) -> pd.DataFrame:
    """The gaps of every pair for the page."""
    columns = {"groups": table["groups"]}
    for heading, part in (("mean gap", "mean"), ("mean absolute gap", "mean_absolute")):
        columns |= {f"{heading}, {role}": table[f"{part}_{role}"] for role in roles}
    return pd.DataFrame(columns)


def _short_headings(roles: Sequence[str]) -> dict[str, str]:
    """The columns of `_readable_pairs` for the screen."""
    columns = {"groups": "groups"}
    for short, part in (("mean", "mean gap"), ("abs.", "mean absolute gap")):
        columns |= {f"{part}, {role}": f"{short}, {role}" for role in roles}
    return columns


def _readable_shares(table: pd.DataFrame, roles: Sequence[str]) -> pd.DataFrame:
    """The share of each group for the page, with its interval as text."""
    columns = {"group": table["group"]}
    for role in roles:
        ends = zip(*(table[f"{part}_{role}"] for part in ("share", "share_low", "share_high")), strict=True)
        columns[f"share, {role}"] = [
            percent(share) + ("" if pd.isna(low) else f" ({percent(low)} to {percent(high)})")
            for share, low, high in ends
        ]
    return pd.DataFrame(columns)


def _side_by_side(tables: Mapping[str, pd.DataFrame], key: str) -> pd.DataFrame:
    """The tables of all models as one, with the role of the model at the end of each column."""
    named = [
        table.set_index(key).rename(columns=lambda column, role=role: f"{column}_{role}")
        for role, table in tables.items()
    ]
    return pd.concat(named, axis="columns").reset_index()
