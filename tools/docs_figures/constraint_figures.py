"""What each constraint does to a distribution, how strongly, and at which positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import torch

from fairkd.constraints import Constraint, Kind, Label, Scope, preview_constraint, soft_labels
from fairkd.lexicon import contrasts
from fairkd.models import MaskedLM
from fairkd.predictions import predict
from tools.docs_figures.drawing import (
    GROUP_A,
    GROUP_B,
    LEFT,
    MUTED,
    PANEL,
    REST,
    RIGHT,
    TEACHER,
    Drawing,
    Hue,
    legend,
    written,
)

HE, SHE, REST_ID = 0, 1, 2
EXAMPLE = (0.90, 0.01, 0.09)
KINDS: tuple[tuple[Kind, str], ...] = tuple(
    (kind, kind.replace("_", " ")) for kind in get_args(Kind) if kind != "none"
)
NAMES: Sequence[tuple[str, Hue]] = (("he", GROUP_A), ("she", GROUP_B), ("all other words", REST))


def _edited(probabilities: Sequence[float], constraint: Constraint) -> list[float]:
    """q for p, of a vocabulary of a few words."""
    return constraint(torch.tensor([probabilities], dtype=torch.float64).log())[0].exp().tolist()


def _bars(figure: Drawing, y: float, shares: Sequence[float], places: int = 3) -> None:
    parts: list[tuple[float, Hue, float]] = [(shares[0], GROUP_A, 1), (shares[1], GROUP_B, 1)]
    figure.stacked(y, [*parts, (sum(shares[2:]), REST, 1)], places=places)


def example(lm: MaskedLM, dark: bool) -> Drawing:
    """The worked example: he .90, she .01, all other words .09."""
    figure = Drawing("What each constraint makes of he .90, she .01 and all other words .09", dark)
    legend(figure, 20, NAMES)
    _row(figure, 34, "teacher", "what the model predicts", EXAMPLE)
    for number, (kind, name) in enumerate(KINDS, 1):
        after = _edited(EXAMPLE, Constraint(kind, ((HE,), (SHE,)), scope="all"))
        lost = sum(EXAMPLE[:2]) - sum(after[:2])
        note = f"other words gain {written(lost)}" if lost > 0.005 else "other words keep theirs"
        _row(figure, 34 + 62 * number, name, note, after)
    return figure


def _row(figure: Drawing, y: float, name: str, note: str, shares: Sequence[float], places: int = 3) -> None:
    figure.text(LEFT, y + 16, name, bold=True)
    figure.text(RIGHT, y + 16, note, hue=MUTED, anchor="end")
    _bars(figure, y + 24, shares, places)


def groups(lm: MaskedLM, dark: bool) -> Drawing:
    """Groups of unequal size: what `group` keeps."""
    before = (0.60, 0.30, 0.02, 0.08)  # man, boy, woman, and the rest
    after = _edited(before, Constraint("group", ((0, 1), (2,)), scope="all"))
    figure = Drawing("The constraint group on two words against one", dark)
    legend(
        figure,
        20,
        (("man, boy", GROUP_A), ("woman", GROUP_B), ("all other words", REST)),
    )
    for y, name, note, shares in (
        (34.0, "teacher", "man is twice as likely as boy", before),
        (96.0, "group", "man is still twice as likely as boy", after),
    ):
        figure.text(LEFT, y + 16, name, bold=True)
        figure.text(RIGHT, y + 16, note, hue=MUTED, anchor="end")
        parts = zip(shares, (GROUP_A, GROUP_A, GROUP_B, REST), (1, 0.7, 1, 1), strict=True)
        figure.stacked(y + 24, list(parts), places=3)
    return figure


def on_the_teacher(lm: MaskedLM, dark: bool) -> Drawing:
    """The same edits on the embedded teacher's own prediction."""
    text = "[MASK] is a nurse."
    figure = Drawing(f"What each constraint does to the embedded teacher's prediction in {text}", dark)
    figure.text(LEFT, 22, text, bold=True, size=16)
    legend(figure, 46, NAMES)
    for number, (kind, name) in enumerate(KINDS):
        preview = preview_constraint(lm, text, contrasts()["pronouns"], kind=kind, roles=["subject"])
        if number == 0:
            before = [group.before for group in preview.groups]
            note = f"he {written(before[0])}, mass {written(sum(before))}"
            _row(figure, 58, "teacher", note, [*before, 1 - sum(before)], 2)
        after = [group.after for group in preview.groups]
        _row(figure, 120 + 62 * number, name, f"mass {written(sum(after))}", [*after, 1 - sum(after)], 2)
    return figure


def strength(lm: MaskedLM, dark: bool) -> Drawing:
    """The worked example at five strengths of `mass_preserving`."""
    figure = Drawing("The constraint mass preserving at strengths from 0 to 1", dark)
    legend(figure, 20, NAMES)
    for number, value in enumerate((0.0, 0.25, 0.5, 0.75, 1.0)):
        constraint = Constraint("mass_preserving", ((HE,), (SHE,)), strength=value, scope="all")
        y = 34 + 54 * number
        figure.text(LEFT, y + 16, f"strength {value:g}", bold=True)
        _bars(figure, y + 22, _edited(EXAMPLE, constraint))
    return figure


def scope(lm: MaskedLM, dark: bool) -> Drawing:
    """At which positions of a sentence a constraint applies, for each scope."""
    sentence = "She said [MASK] is a nurse."
    tokens = predict(lm, sentence).tokens
    ids = torch.tensor([token.id for token in tokens])
    words = [token.text for token in tokens]
    he, she = (lm.vocabulary.index(word) for word in ("he", "she"))
    inside = [place for place, word in enumerate(words) if word not in ("[CLS]", "[SEP]")]
    left, width = 92.0, (RIGHT - 92.0) / len(inside)
    figure = Drawing(f"Where a constraint applies in: {sentence}", dark)
    for number, place in enumerate(inside):
        figure.text(left + (number + 0.5) * width, 22, words[place], anchor="middle", size=13, bold=True)
    notes: dict[Scope, str] = {
        "all": "every position, as in the paper",
        "masked": "masked positions only (the default)",
        "not_own": "all but the visible group words",
    }
    for row, kind in enumerate(get_args(Scope)):
        constraint = Constraint("group", ((he,), (she,)), scope=kind)
        applies = constraint.applies(ids, lm.mask_id).tolist()
        y = 36 + 58 * row
        figure.text(LEFT, y + 20, kind, bold=True)
        for number, place in enumerate(inside):
            x = left + number * width + 2
            figure.box(x, y, width - 4, 28, TEACHER if applies[place] else PANEL)
        figure.text(left + 2, y + 44, notes[kind], hue=MUTED, size=13)
    return figure


def labels(lm: MaskedLM, dark: bool) -> Drawing:
    """What becomes of the hard label "he"."""
    constraint = Constraint("mass_preserving", ((HE,), (SHE,)))
    soft = soft_labels(constraint, torch.tensor([HE]), torch.ones(1, 2))[0].tolist()
    shown: dict[Label, tuple[str, Sequence[float]]] = {
        "keep": ("the word of the text", (1.0, 0.0)),
        "soft": ("shared by the groups", soft),
        "drop": ("no label here", (0.0, 0.0)),
    }
    figure = Drawing("What becomes of the hard label he", dark)
    legend(figure, 20, NAMES[:2])
    for number, kind in enumerate(get_args(Label)):
        note, shares = shown[kind]
        y = 34 + 58 * number
        figure.text(LEFT, y + 16, f"label: {kind}", bold=True)
        figure.text(RIGHT, y + 16, note, hue=MUTED, anchor="end")
        figure.box(LEFT, y + 22, RIGHT - LEFT, 26, PANEL)
        parts = [(share, hue, 1.0) for share, (_, hue) in zip(shares, NAMES, strict=False) if share]
        figure.stacked(y + 22, parts)
    return figure
