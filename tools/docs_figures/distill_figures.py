"""What the student learns from: the objective, soft targets, and swapped sentences."""

from __future__ import annotations

from fairkd.augmentation import swapper
from fairkd.constraints import preview_constraint
from fairkd.lexicon import contrasts
from fairkd.models import MaskedLM
from fairkd.predictions import predict
from tools.docs_figures.drawing import (
    INVERSE,
    LEFT,
    MUTED,
    PANEL,
    RIGHT,
    STUDENT,
    TEACHER,
    TEXT,
    WIDTH,
    Drawing,
    Hue,
    written,
)

CDA = ("The king lost his crown.", "She thanked her doctor.", "His mother is an actress.")


def distillation(lm: MaskedLM, dark: bool) -> Drawing:
    """The flow of one training step."""
    figure = Drawing("One step of distillation with a constraint", dark)
    left, right, width = LEFT, WIDTH / 2 + 10, WIDTH / 2 - 22
    middle, other = left + width / 2, right + width / 2

    def card(x: float, y: float, title: str, note: str, hue: Hue = PANEL, wide: float = width) -> None:
        figure.box(x, y, wide, 46, hue, round=6)
        ink = TEXT if hue is PANEL else INVERSE
        figure.text(x + wide / 2, y + 20, title, bold=True, anchor="middle", hue=ink)
        figure.text(x + wide / 2, y + 37, note, anchor="middle", size=13, hue=MUTED if hue is PANEL else ink)

    card(left, 8, "a masked sentence", "[MASK] is a nurse.", wide=RIGHT - LEFT)
    for x in (middle, other):
        figure.line(x, 54, x, 76, arrow=True)
    card(left, 78, "teacher", "large, its weights are fixed", TEACHER)
    card(right, 78, "student", "small, it learns", STUDENT)
    figure.line(middle, 124, middle, 146, arrow=True)
    figure.line(other, 124, other, 286, arrow=True)
    preview = preview_constraint(
        lm, "[MASK] is a nurse.", contrasts()["pronouns"], kind="group", roles=["subject"]
    )
    before, after = (
        ", ".join(f"{group.name} {written(mass)}" for group, mass in zip(preview.groups, masses, strict=True))
        for masses in ([one.before for one in preview.groups], [one.after for one in preview.groups])
    )
    card(left, 148, "distribution p", f"{before}, ...")
    figure.line(middle, 194, middle, 216, arrow=True)
    card(left, 218, "constraint: p becomes q", f"{after}, ...")
    figure.line(middle, 264, middle, 286, arrow=True)
    figure.text(other + 10, 212, "distribution s", hue=MUTED)
    card(left, 288, "loss", "how far s is from q, and from the words of the text", wide=RIGHT - LEFT)
    return figure


def targets(lm: MaskedLM, dark: bool) -> Drawing:
    """A hard label, and the teacher's soft target at three temperatures."""
    sentence, count = "Milk is a [MASK].", 5
    at_one = predict(lm, sentence)
    place = at_one.default_position
    words = at_one.top(place, count)["token"].tolist()
    hard = [float(word == "drink") for word in words]
    columns: list[tuple[str, list[float], Hue]] = [("hard label", hard, MUTED)]
    for temperature in (1.0, 2.0, 5.0):
        top = predict(lm, sentence, temperature=temperature).top(place, count)
        shares = top.set_index("token")["probability"]
        soft = [float(shares[word] / shares.sum()) for word in words]
        columns.append((f"T = {temperature:g}", soft, TEACHER))
    left = 96.0
    width = (RIGHT - left) / len(columns)
    figure = Drawing(f"Hard label and soft targets in: {sentence}", dark)
    figure.text(LEFT, 22, sentence, bold=True, size=16)
    for row, word in enumerate(words):
        figure.text(left - 10, 78 + 28 * row, word, anchor="end")
    for number, (name, shares_of, hue) in enumerate(columns):
        x = left + number * width
        figure.text(x, 48, name, hue=MUTED, bold=True)
        for row, share in enumerate(shares_of):
            y = 62 + 28 * row
            figure.box(x, y, width - 10, 20, PANEL)
            if share:
                figure.box(x, y, share * (width - 10), 20, hue)
    return figure


def augmentation(lm: MaskedLM, dark: bool) -> Drawing:
    """Sentences, and what CDA adds to them."""
    swapped = swapper((), lm)(CDA)
    figure = Drawing("Sentences and their swapped copies", dark)
    figure.text(LEFT, 22, "text", hue=MUTED, bold=True)
    figure.text(WIDTH / 2 + 10, 22, "added by CDA", hue=MUTED, bold=True)
    for row, (sentence, other) in enumerate(zip(CDA, swapped, strict=True)):
        y = 50 + 32 * row
        for x, words, reference in ((LEFT, sentence, other), (WIDTH / 2 + 10, other, sentence)):
            both = zip(words.split(), reference.split(), strict=True)
            figure.marked(x, y, [(word, word != swapped_word) for word, swapped_word in both])
    return figure
