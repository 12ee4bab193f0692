"""One position of the sentence in words and numbers: what each model expects there, as data for the browser.

Everything here is computed from predictions, without the models.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from app.charts.text import percent, shorten, signed, times
from app.components.bars import Bars, bars_data
from fairkd import predictions

if TYPE_CHECKING:
    import pandas as pd

    from fairkd.predictions import Prediction, SharedWord

Role = Literal["teacher", "student", "student2"]
NAMES: Mapping[Role, str] = {"teacher": "teacher", "student": "student", "student2": "second student"}
# The words that are compared first where both are shown; else the two most probable ones.
_PAIRS = (("he", "she"), ("his", "her"), ("him", "her"), ("man", "woman"), ("He", "She"), ("His", "Her"))
OTHERS = "all other words"


class Position:
    """One column of the figure: the models that have a token there, and the words that they expect.

    `models` are the predictions by role, in the order teacher, student, second student; `places` are their
    positions, None for a model that has no token there.
    """

    def __init__(
        self, text: str, models: Mapping[Role, Prediction], places: Sequence[int | None], k: int
    ) -> None:
        self.text, self.k = text, k
        self.roles: list[Role] = list(models)
        self.models, self.places = list(models.values()), tuple(places)
        self.words = predictions.shared_words(self.models, self.places, k)

    def _name(self, role: Role) -> str:
        """What a model is called in a headline: of two students, each has its own name."""
        own = {
            role: shorten(model.reference.rstrip("/").rsplit("/", 1)[-1], 24)
            for role, model in zip(self.roles, self.models, strict=True)
            if role != "teacher" and not model.reference.startswith("run/")
        }
        return own[role] if role in own and len(set(own.values())) == 2 else f"the {NAMES[role]}"

    @property
    def sides(self) -> list[tuple[Role, Prediction, int]]:
        """Role, prediction and position of each model that has a token here."""
        found = zip(self.roles, self.models, self.places, strict=True)
        return [(role, model, place) for role, model, place in found if place is not None]

    def view(self, *, log: bool, targets: bool) -> dict[str, Any]:
        """The position as the browser draws it."""
        shown = [word for word in self.words if any(word.in_top)]
        return {
            "finding": f"At “{self.text}”: {self.finding()}",
            "title": f"Most probable words at “{self.text}”",
            "odds": self.odds(),
            "measures": self.measures(),
            **bars_data(map(self._bars, shown), log=log),
            **({"targets": found} if targets and (found := self.targets(log=log)) else {}),
        }

    def finding(self) -> str:
        """The most probable word of each model or, where all have the same at a hidden word, how it compares
        with the first model's second word: the same word may be nearly certain for one model alone.
        """
        return self._common_word() or ", ".join(
            f"{self._name(role).removeprefix('the ')} says “{word.text}” "
            f"({percent(word.probabilities[number])})"
            for number, role in enumerate(self.roles)
            for word in self.words
            if word.ranks[number] == 1
        )

    def _common_word(self) -> str:
        """How many times as likely the models find their common first word as the first model's second word.

        "" if the word is not hidden, if the models' first words differ, or if one of them does not know the
        second word.
        """
        if not all(model.mask_each or model.tokens[place].masked for _, model, place in self.sides):
            return ""
        numbers = [number for number, place in enumerate(self.places) if place is not None]
        words = self.words if self.k > 1 else predictions.shared_words(self.models, self.places, 2)
        words = [word for word in words if any(map(str.isalpha, word.text))]  # no punctuation
        best = [word for word in words if all(word.ranks[number] == 1 for number in numbers)]
        others = [word for word in words if word not in best and word.ranks[numbers[0]] is not None]
        if not best or not others:
            return ""
        second = min(others, key=lambda word: word.ranks[numbers[0]] or 0)
        pairs = {number: (best[0].probabilities[number], second.probabilities[number]) for number in numbers}
        if any(not one or not other for one, other in pairs.values()):
            return ""
        known = {self.roles[number]: (one or 0.0, other or 0.0) for number, (one, other) in pairs.items()}
        return self.comparison((best[0].text, second.text), known)

    def comparison(self, pair: tuple[str, str], probabilities: Mapping[Role, tuple[float, float]]) -> str:
        """Two words compared in one sentence: “she” is 15 times as likely as “he” for the teacher, 1.8 times
        for the student. No probability may be 0.
        """
        parts: list[str] = []
        before = ""
        for role, (one, other) in probabilities.items():
            factor, how = _factor(one, other)
            if not parts:
                said = f"{how} “{pair[1]}”"
            else:
                said = "" if factor and how == before else how.rsplit(" ", 1)[0]
            parts.append(" ".join(filter(None, (factor, said, f"for {self._name(role)}"))))
            before = how if factor else ""
        return f"“{pair[0]}” is {', '.join(parts)}"

    def frame(self) -> pd.DataFrame:
        """The shown words as a table: token, then each model's probability, then each model's rank."""
        import pandas as pd

        columns: dict[str, Any] = {"token": [word.text for word in self.words]}
        for number, role in enumerate(self.roles):
            columns[f"{role}_probability"] = [word.probabilities[number] for word in self.words]
        for number, role in enumerate(self.roles):
            columns[f"{role}_rank"] = pd.array([word.ranks[number] for word in self.words], dtype="Int64")
        return pd.DataFrame(columns)

    def odds(self, pair: tuple[str, str] | None = None) -> dict[str, Any]:
        """Two of the words compared; by default he and she, or the two most probable ones."""
        by_text = {word.text: word for word in reversed(self.words)}
        if pair is None:
            known = [one for one in _PAIRS if one[0] in by_text and one[1] in by_text]
            first = [word.text for word in self.words[:2]]
            pair = known[0] if known else (first[0], first[-1])
        one, other = (by_text[text].probabilities for text in pair)
        return odds_view(pair, {role: (one[n], other[n]) for n, role in enumerate(self.roles)})

    def measures(self) -> list[dict[str, Any]]:
        """Uncertainty, distance, words in common and probability shown: each with its values by role.

        Their names are those of `meanings`.
        """
        entropies = {role: model.entropy(place) for role, model, place in self.sides}
        distances, overlaps = self._distances(), self._overlaps()
        values: dict[str, tuple[list[list[str]], str, str]] = {
            "unsure": (
                [[role, _count(math.exp(nats))] for role, nats in entropies.items()],
                "words",
                f"entropy {_listed(entropies)} nats",
            ),
            "distance": (
                [[role, _ratio(math.exp(nats))] for role, nats in distances.items()],
                "times",
                f"KL(teacher ‖ student) {_listed(distances)} nats",
            ),
            "overlap": (
                [[role, f"{both} of {most}"] for role, (both, most) in overlaps.items()],
                "",
                "of the teacher's words, also the student's",
            ),
            "mass": (
                [[role, percent(mass)] for role, mass in self.mass().items()],
                "",
                "the rest is spread over all other words",
            ),
        }
        names = meanings(self.k)
        return [
            {"name": names[key][0], "values": shown, "unit": unit, "foot": foot}
            for key, (shown, unit, foot) in values.items()
            if shown
        ]

    def mass(self) -> dict[Role, float]:
        """The sum of each model's probabilities of the shown words."""
        return {
            role: sum(word.probabilities[number] or 0.0 for word in self.words)
            for number, role in enumerate(self.roles)
            if self.places[number] is not None
        }

    def targets(self, *, log: bool) -> dict[str, Any] | None:
        """The hard label and the soft targets at this position; None if the teacher has no token here.

        The hard label of a visible token is that token. A masked word is unknown: its label is the teacher's
        most probable word. Each model's bars add up to 1 with that of all other words.
        """
        if self.sides[0][0] != "teacher":
            return None
        _, teacher, place = self.sides[0]
        token = teacher.tokens[place]
        visible = not (token.masked or token.unknown)
        label = token.id if visible else teacher.top_ids(place, self.k)[0]
        name = teacher.token_string(place, label)
        words = predictions.shared_words(self.models, self.places, self.k, also=(label,))
        rows = []
        left: dict[str, float] = {role: 1.0 for role, *_ in self.sides}
        for word in words:
            own = self._bars(word).probabilities
            for role, probability in own.items():
                left[role] -= probability
            rows.append(Bars(word.text, {**({"hard": 1.0} if word.text == name else {}), **own}))
        rest = {role: max(value, 0.0) for role, value in left.items()}
        rows.append(Bars(OTHERS, rest))
        whose = (
            "the word in the text. Ordinary MLM training uses this label alone:"
            if visible
            else "the teacher's guess. It stands in for the text's own word, which is unknown here. Ordinary "
            "MLM training uses the text's own word alone:"
        )
        others = percent(1 - float(teacher.row(place)[label].exp()))
        return {
            "title": f"{'The' if visible else 'With the teacher’s guess, the'} hard label is “{name}” alone, "
            f"the soft target gives {others} to other words",
            "note": f"The hard label is “{name}”: {whose} all other words count as equally wrong. In plain "
            "distillation a student learns the soft target: the teacher's distribution (blue), at "
            f"temperature {teacher.temperature:g} here. What the teacher gives to wrong words is its dark "
            "knowledge (Hinton et al. 2015). It helps a student to learn, and it carries the teacher's bias. "
            "A fairness constraint changes the soft target: see Distill. The orange bars are what the chosen "
            "student predicts.",
            "names": {"teacher": "Teacher (soft target)"},
            **bars_data(rows, log=log),
        }

    def _bars(self, word: SharedWord) -> Bars:
        values = list(zip(self.roles, word.probabilities, word.ranks, strict=True))
        return Bars(
            word.text,
            {role: probability for role, probability, _ in values if probability is not None},
            {role: rank for role, _, rank in values if rank is not None},
        )

    def _distances(self) -> dict[Role, float]:
        """KL(teacher ‖ student) of each student with the teacher's vocabulary."""
        (first, teacher, place), *students = self.sides
        if first != "teacher":
            return {}
        return {
            role: predictions.kl(teacher.row(place), student.row(other))
            for role, student, other in students
            if predictions.same_vocabulary((teacher, student))
        }

    def _overlaps(self) -> dict[Role, tuple[int, int]]:
        """Words in both top k, and how many there could be, for each student beside the teacher."""
        if self.roles[0] != "teacher" or self.places[0] is None:
            return {}
        tops = [{word.text for word in self.words if word.in_top[n]} for n in range(len(self.roles))]
        return {
            role: (len(tops[0] & tops[n]), max(len(tops[0]), len(tops[n])))
            for n, role in enumerate(self.roles)
            if n and self.places[n] is not None
        }


def meanings(k: int) -> dict[str, tuple[str, str]]:
    """The name and the meaning of each measure of a position."""
    return {
        "unsure": (
            "As unsure as a choice between",
            "How uncertain a model is about this word: as if it had to choose between so many equally likely "
            "words. This is the exponential of the entropy, which is given in nats.",
        ),
        "distance": (
            "Distance from the teacher",
            "How many times less likely the student finds the teacher's words than the teacher does: a "
            "geometric mean, weighted by the teacher's probabilities. At exactly 1 both distributions are "
            "equal. This is the exponential of the Kullback-Leibler divergence, which is given in nats.",
        ),
        "overlap": (
            f"Words in both top {k}",
            f"How many of the teacher's {k} most probable words are also among the student's {k}.",
        ),
        "mass": (
            "Probability of the words shown",
            "How much probability each model gives to all words in the table together.",
        ),
    }


def _ratio(ratio: float) -> str:
    """A ratio of at least 1 as text, with two decimal places below 2, to tell it from 1."""
    return f"{ratio:.2f}" if ratio < 1.995 else times(ratio)


def odds_view(
    pair: tuple[str, str],
    probabilities: Mapping[Role, tuple[float | None, float | None]],
    *,
    in_order: bool = False,
) -> dict[str, Any]:
    """Two words compared: a line for each model, and the log ratios in nats as a note.

    The first model's more probable word comes first for all models; with `in_order` the first of the pair.
    """
    known = {
        role: (one, other)
        for role, (one, other) in probabilities.items()
        if one is not None and other is not None
    }
    turned = not in_order and any(other > one for one, other in [*known.values()][:1])
    lines, ratios = [], []
    for role, (one, other) in known.items():
        text = _odds((pair[1], pair[0]), other, one) if turned else _odds(pair, one, other)
        lines.append({"role": role, "text": text})
        if one and other:
            ratios.append(f"{NAMES[role]} {signed(math.log(one / other))}")
    same = pair[0] == pair[1]
    note = (
        f"log ratio, “{pair[0]}” to “{pair[1]}”, in nats: {', '.join(ratios)}" if ratios and not same else ""
    )
    return {"words": list(pair), "lines": lines, "note": note}


def _odds(pair: tuple[str, str], one: float, other: float) -> str:
    first, second = pair
    if first == second:
        return f"gives “{first}” a probability of {percent(one)}"
    shown = f"({percent(one)} and {percent(other)})"
    if not one or not other:
        return f"gives “{second if one else first}” no probability {shown}"
    factor, how = _factor(one, other)
    if not factor:
        return f"finds “{first}” and “{second}” equally likely {shown}"
    return f"finds “{first}” {factor} {how} “{second}” {shown}"


def _factor(one: float, other: float) -> tuple[str, str]:
    """How a probability compares with another, such as "4.0 times" and "as likely as".

    If they are equal there is no factor.
    """
    factor, inverse = times(one / other), times(other / one)
    if "1.0" in (factor, inverse):
        return "", "as likely as"
    return (f"{factor} times", "as likely as") if one > other else (f"{inverse} times", "less likely than")


def _count(number: float) -> str:
    return f"{number:.1f}" if number < 9.95 else f"{number:,.0f}"


def _listed(values: Mapping[Role, float]) -> str:
    return " | ".join(f"{value:.2f}" for value in values.values())
