"""The loss of a variant as a formula with the numbers of its settings, and its symbols in words."""

from __future__ import annotations

from fairkd.constraints import CORRECTIONS, KINDS, SCOPES
from fairkd.distill.config import Config

_POSITIONS = {
    "all": "at all tokens",
    "masked": "at hidden words",
    "sample": "at hidden words and {sample:.0%} of the other tokens",
}
_KEEP = "also where it is a word of the groups, which pulls the student back to the text's own balance"
_DROP = "but where it is a word of the groups, there is no label"


def looks_at_teacher(config: Config) -> bool:
    """Whether the student learns from the teacher's distributions, hidden states or attention."""
    objective = config.objective
    return bool(objective.kd or objective.hidden or objective.relations or _group(config))


def learns_distributions(config: Config) -> bool:
    """Whether the student learns from the teacher's distributions."""
    return bool(config.objective.kd or _group(config))


def is_constrained(config: Config) -> bool:
    """Whether the constraint changes anything."""
    return config.constraint.kind != "none" and config.constraint.strength > 0


def _edits(config: Config) -> list[str]:
    """What changes the teacher's answer, in its order."""
    edits = []
    if config.correction.kind != "none":
        edits.append(f"the correction “{CORRECTIONS[config.correction.kind].label}”")
    if is_constrained(config):
        edits.append(f"the constraint “{KINDS[config.constraint.kind].label}”")
    return edits


def _group(config: Config) -> float:
    return config.objective.group if is_constrained(config) else 0.0


def softened(temperature: float) -> str:
    """What a temperature other than 1 does, in words.

    >>> softened(2.0), softened(0.5)
    ('softened to T = 2', 'sharpened to T = 0.5')
    """
    return f"{'softened' if temperature > 1 else 'sharpened'} to T = {temperature:g}"


def _label(config: Config) -> str:
    """What becomes of a hidden word that is a word of the groups."""
    kind, shares = config.constraint.kind, config.constraint.shares
    if config.objective.label == "keep":
        return _KEEP
    if config.objective.label == "drop":
        return _DROP
    if KINDS[kind].paired:
        return "but a word of the groups shares its label equally with the word that it is paired with"
    parts = f"the parts {' and '.join(f'{one:g}' for one in shares)}" if shares else "equal parts"
    return (
        f"but where it is a word of the groups, the groups get {parts} of the label: its own group's part is "
        "all on the hidden word, another group's is divided among its words as in the teacher's answer"
    )


def loss_terms(config: Config) -> list[str]:
    """The terms of the loss in LaTeX, without those of weight 0; at least one.

    >>> from fairkd.distill.config import make_config
    >>> print(*loss_terms(make_config({"objective": {"kd": 0, "hidden": 0}})))
    1\\,\\mathrm{CE}(y, s)
    """
    objective = config.objective
    t = f"{objective.temperature:g}"
    teacher = "q" if _edits(config) else "p"
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
    if objective.relations:
        terms.append(rf"{objective.relations:g}\,\mathrm{{KL}}(R \,\|\, R_s)")
    return terms or ["0"]


def loss_symbols(config: Config) -> list[str]:
    """What the symbols of the formula stand for, in Markdown: one text for each term."""
    objective, constrained = config.objective, is_constrained(config)
    t = objective.temperature
    where = _POSITIONS[objective.positions].format(sample=objective.sample)
    found, at_one = [], "$s$ is the student's distribution at T = 1"
    if objective.kd:
        edits = _edits(config)
        letter = "q" if edits else "p"
        after = f" after {' and '.join(edits)}" if edits else ""
        if t == 1:
            symbols = f"${letter}$ is the teacher's answer{after}; {at_one}."
        else:
            then = ", and only then" if edits else ""
            symbols = (
                f"${letter}_{{{t:g}}}$ is the teacher's answer{after}{then} {softened(t)}; $s_{{{t:g}}}$ is "
                f"the student's distribution at T = {t:g}."
            )
        factor = "" if t == 1 else f" A run's curve KD is this term with its factor ${t:g}^2 = {t * t:g}$."
        found.append(f"{symbols} KL is the divergence of the two, {where}.{factor}")
    if objective.mlm:
        defined = "" if objective.kd and t == 1 else f"{at_one}. "
        label = f", {_label(config)}" if constrained else ""
        found.append(
            "CE is the cross-entropy between $y$ and $s$, at hidden words. "
            f"{defined}$y$ is the hidden word{label}."
        )
    if objective.hidden:
        after = ", the teacher's after the correction" if config.correction.kind == "leace" else ""
        found.append(f"$h$ and $h_s$ are the last hidden states of teacher and student, {where}{after}.")
    if _group(config):
        found.append(
            "$Q$ and $S$ are what the constrained teacher and the student give at T = 1 to each word of the "
            f"groups, and to all other words together, {where}, if the constraint applies there "
            f"({SCOPES[config.constraint.scope]})."
        )
    if objective.relations:
        found.append(
            "$R$ and $R_s$ say how strongly every token of a sentence relates to each of them, in the "
            "queries, keys and values of a layer of teacher and student."
        )
    if not looks_at_teacher(config):
        found.append("No term looks at the teacher.")
    return found
