"""The loss of a variant as a formula with the numbers of its settings, and its symbols in words."""

from __future__ import annotations

from fairkd.constraints import KINDS
from fairkd.distill.config import Config

_POSITIONS = {
    "all": "at all tokens",
    "masked": "at hidden words",
    "sample": "at hidden words and {sample:.0%} of the other tokens",
}
_LABELS = {
    "keep": "also where it is a word of the groups, which pulls the student back to the text's own balance",
    "soft": "but where it is a word of the groups, the label is shared between the groups",
    "drop": "but where it is a word of the groups, there is no label",
}


def looks_at_teacher(config: Config) -> bool:
    """Whether the student learns from the teacher's distributions or hidden states."""
    objective = config.objective
    return bool(objective.kd or objective.hidden or _group(config))


def learns_distributions(config: Config) -> bool:
    """Whether the student learns from the teacher's distributions."""
    return bool(config.objective.kd or _group(config))


def is_constrained(config: Config) -> bool:
    """Whether the constraint changes anything."""
    return config.constraint.kind != "none" and config.constraint.strength > 0


def _group(config: Config) -> float:
    return config.objective.group if is_constrained(config) else 0.0


def loss_terms(config: Config) -> list[str]:
    """The terms of the loss in LaTeX, without those of weight 0; at least one.

    >>> from fairkd.distill.config import make_config
    >>> print(*loss_terms(make_config({"objective": {"kd": 0, "hidden": 0}})))
    2\\,\\mathrm{CE}(y, s)
    """
    objective = config.objective
    t = f"{objective.temperature:g}"
    teacher = "q" if is_constrained(config) else "p"
    terms = []
    if objective.kd and objective.temperature == 1:
        terms.append(rf"{objective.kd:g}\,\mathrm{{KL}}({teacher} \,\|\, s)")
    elif objective.kd:
        terms.append(rf"{objective.kd:g} \cdot {t}^2\,\mathrm{{KL}}({teacher}_{{{t}}} \,\|\, s_{{{t}}})")
    if objective.mlm:
        terms.append(rf"{objective.mlm:g}\,\mathrm{{CE}}(y, s)")
    if objective.hidden:
        terms.append(rf"{objective.hidden:g}\,(1 - \cos(h, h_s))")
    if _group(config):
        terms.append(rf"{objective.group:g}\,\mathrm{{KL}}(Q \,\|\, S)")
    return terms or ["0"]


def loss_symbols(config: Config) -> list[str]:
    """What the symbols of the formula stand for, as sentences in Markdown."""
    objective, constrained = config.objective, is_constrained(config)
    found = []
    if objective.kd:
        t = objective.temperature
        at = "" if t == 1 else f" at temperature {t:g}"
        edited = f", after the constraint “{KINDS[config.constraint.kind].label}”" if constrained else ""
        where = _POSITIONS[objective.positions].format(sample=objective.sample)
        symbols = (
            ("$q$" if constrained else "$p$", "$s$")
            if t == 1
            else (f"${'q' if constrained else 'p'}_{{{t:g}}}$", f"$s_{{{t:g}}}$")
        )
        found.append(
            f"{symbols[0]} is the teacher's distribution{edited}, {symbols[1]} the student's{at}, {where}."
        )
    if objective.mlm:
        label = f", {_LABELS[objective.label]}" if constrained else ""
        found.append(f"$y$ is the word that the text has at a hidden place{label}; CE is the cross-entropy.")
    if objective.hidden:
        found.append("$h$ and $h_s$ are the last hidden states of teacher and student.")
    if _group(config):
        found.append(
            "$Q$ and $S$ are what the constrained teacher and the student give to each word of the groups, "
            "and to all other words together, at temperature 1."
        )
    if not looks_at_teacher(config):
        found.append("No term looks at the teacher.")
    return found
