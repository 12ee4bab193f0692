"""What a model predicts at every position of a text, and how two models differ in it.

A *distribution* is `log p(v | x, i)`, the log-softmax over the whole vocabulary of the logits at position i,
divided by the temperature first. There are two readings of a position: *as written* (the text goes in as it
is), and *masked in turn* (position i alone replaced by the mask, one masked copy of the text for each
position). Everything is in nats.

    lm = models.load("embedded/teacher")
    prediction = predict(lm, "Milk is a [MASK].")
    prediction.top(prediction.default_position, 5)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from fairkd.errors import InputError
from fairkd.models import CONTINUES, MaskedLM, bare, encode, logits_at, logits_by_row, readable, spell
from fairkd.predictions.distribution import Prediction, Token, best_id, kl, top_ids
from fairkd.utils import Progress

# Of masked copies at once: enough to keep the processor busy, few enough for progress to move.
_TOKENS_AT_ONCE = 2**11


def predict(
    lm: MaskedLM,
    text: str,
    *,
    temperature: float = 1.0,
    mask_each: bool = False,
    progress: Progress | None = None,
) -> Prediction:
    """The distributions of a model over a text, at every position.

    `log p(v | x, i) = logit_v / T - log sum_u exp(logit_u / T)`.

    Parameters
    ----------
    lm : MaskedLM
    text : str
        With any number of typed masks (see `fairkd.models.tokenization.parse`), also none.
    temperature : float
        T > 0; below 1 sharper, above 1 flatter.
    mask_each : bool
        False: the text as written. True: each position replaced by the mask, alone, while it is predicted.
        Typed masks stay masks in either reading.
    progress : callable, optional
        While positions are masked in turn: called with a sentence and the fraction done, from time to time.
        What it raises ends the work.

    Raises
    ------
    InputError
        The text is empty or too long for the model, or the temperature is not a positive number.
    ModelError
        The model fails on the text.

    Examples
    --------
    >>> from fairkd import models
    >>> prediction = predict(models.load("embedded/teacher"), "Milk is a [MASK].")
    >>> [token.text for token in prediction.tokens]
    ['[CLS]', 'milk', 'is', 'a', '[MASK]', '.', '[SEP]']
    >>> prediction.default_position
    4
    >>> prediction.top(4, 3).columns.tolist()
    ['token', 'id', 'probability', 'log_probability', 'rank']
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise InputError(f"The temperature must be a number greater than 0, got {temperature}.")
    encoding = encode(lm, text)
    labels = readable(lm)
    tokens = []
    for index, (token, (start, end), special) in enumerate(
        zip(encoding.ids, encoding.spans, encoding.special, strict=True)
    ):
        glued = not special and _begins_word_without_space(lm, token, text, start)
        tokens.append(
            Token(
                index=index,
                id=token,
                text=labels[token].removeprefix(CONTINUES) if glued else labels[token],
                start=start,
                end=end,
                special=special,
                masked=token == lm.mask_id,
                unknown=not special and token == lm.tokenizer.unk_token_id,
                glued=glued,
            )
        )
    positions = tuple(token.index for token in tokens if not token.special)
    if not positions:
        raise InputError("The text has no tokens that the model could predict; type a few words.")
    ids, at = torch.tensor(encoding.ids), torch.tensor(positions)
    if mask_each:
        log_p = _each_masked(lm, ids, at, temperature, progress)
    else:
        with torch.inference_mode():
            log_p = _log_softmax(logits_at(lm, ids[None], torch.ones_like(ids)[None], at), temperature)
    return Prediction(
        lm.reference,
        text,
        temperature,
        mask_each,
        tuple(tokens),
        positions,
        log_p,
        labels,
        lm.kind,
        lm.lower_case,
    )


def _each_masked(
    lm: MaskedLM, ids: Tensor, at: Tensor, temperature: float, progress: Progress | None
) -> Tensor:
    """The distributions [M, V] of `ids` [L] at the positions `at` [M], each masked alone."""
    rows = ids.repeat(len(at), 1)
    rows[torch.arange(len(at)), at] = lm.mask_id
    log_p = torch.empty(len(at), lm.vocabulary_size)
    done = 0
    step = max(1, _TOKENS_AT_ONCE // len(ids))
    for some, places in zip(rows.split(step), at.split(step), strict=True):
        for logits in logits_by_row(lm, some, places):
            log_p[done : done + len(logits)] = _log_softmax(logits, temperature)
            done += len(logits)
            if progress is not None:
                progress(
                    f"Masking in turn with {lm.reference}: {done} of {len(at)} positions", done / len(at)
                )
    return log_p


def shown_positions(prediction: Prediction) -> tuple[int, ...]:
    """The masked positions only where the text has any, else all, also where each was masked in turn."""
    masked = tuple(i for i in prediction.positions if prediction.tokens[i].masked)
    return prediction.positions if prediction.mask_each or not masked else masked


def as_json(prediction: Prediction, *, top_k: int) -> dict[str, Any]:
    """A prediction as a JSON document, with its `shown_positions`.

    >>> from fairkd import models
    >>> document = as_json(predict(models.load("embedded/teacher"), "Milk is a [MASK]."), top_k=2)
    >>> document["positions"][0]["index"], len(document["positions"][0]["predictions"])
    (4, 2)
    """
    return {
        "model": prediction.reference,
        "text": prediction.text,
        "temperature": prediction.temperature,
        "positions": [
            {
                "index": i,
                "token": prediction.tokens[i].text,
                "masked": prediction.tokens[i].masked,
                "entropy": prediction.entropy(i),
                "predictions": prediction.top(i, top_k)[["token", "probability", "rank"]].to_dict("records"),
            }
            for i in shown_positions(prediction)
        ],
    }


def _log_softmax(logits: Tensor, temperature: float) -> Tensor:
    # What fp32 can hold; every lower temperature puts all probability on the largest logits just the same.
    return (logits / max(temperature, 1e-30)).log_softmax(-1)


def _begins_word_without_space(lm: MaskedLM, token: int, text: str, start: int) -> bool:
    if lm.kind == "WordPiece":  # its subwords say themselves whether they begin a word
        return False
    if start == 0:  # SentencePiece puts a space before the first word by itself, byte-level BPE may do so
        return lm.kind == "BPE" and not spell(lm, "a").subwords[0].startswith("Ġ")
    return not (text[start - 1].isalnum() or text[start - 1].isspace())


# --- comparison ---


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two models on the same text, position by position.

    `aligned` pairs the teacher's positions with the student's of the same character span; a position whose
    span the other model cuts differently stands with None. Where the vocabularies differ, `reason` says why
    there is no KL, and tokens are matched by the word they show: without the marks of subwords, case ignored
    if either model ignores it, the most probable of several subwords standing for the word.
    """

    teacher: Prediction
    student: Prediction
    same_vocabulary: bool
    reason: str | None
    aligned: tuple[tuple[int | None, int | None], ...]

    def table(self, k: int = 10) -> pd.DataFrame:
        """One row for each of `aligned`.

        Returns
        -------
        DataFrame
            teacher_position, student_position (missing where not aligned), token (as the teacher shows it),
            kl (KL(teacher || student) in nats; NaN where it cannot be computed), overlap (share of the k most
            probable tokens, or words where the vocabularies differ, that both models have), teacher_entropy,
            student_entropy (nats).
        """
        rows = [self.row(index, k) for index in range(len(self.aligned))]
        return pd.DataFrame(rows).astype({"teacher_position": "Int64", "student_position": "Int64"})

    def row(self, index: int, k: int = 10) -> dict[str, Any]:
        """The row of `table` for `aligned[index]` alone, by column name."""
        t, s = self.aligned[index]
        divergence = overlap = math.nan
        if t is not None and s is not None:
            overlap = self._overlap(t, s, k)
            if self.same_vocabulary:
                divergence = kl(self.teacher.row(t), self.student.row(s))
        token = self.teacher.tokens[t] if t is not None else self.student.tokens[s or 0]
        return {
            "teacher_position": t,
            "student_position": s,
            "token": token.text,
            "kl": divergence,
            "overlap": overlap,
            "teacher_entropy": math.nan if t is None else self.teacher.entropy(t),
            "student_entropy": math.nan if s is None else self.student.entropy(s),
        }

    def at(self, position: int, k: int) -> pd.DataFrame:
        """Both models at one position of the teacher's: the union of their k most probable tokens.

        Returns
        -------
        DataFrame
            token, teacher_probability, student_probability, teacher_rank, student_rank (from 1), rank_change
            (teacher_rank - student_rank: positive if the student puts the token higher), in_teacher_top,
            in_student_top; ordered by the teacher's probability, then the student's. The student's columns
            are missing where the position is not aligned, and either's where its vocabulary lacks the word.
        """
        other = dict(self.aligned).get(position)
        teacher_top = top_ids(self.teacher.row(position)[None], k)[0].tolist()
        student_top = [] if other is None else top_ids(self.student.row(other)[None], k)[0].tolist()
        # What is compared -> its id for the teacher, its id for the student.
        ids: dict[int | str, tuple[int | None, int | None]] = {}
        if self.same_vocabulary:
            ids = {i: (i, i) for i in [*teacher_top, *student_top]}
        else:
            ours = [self._word(self.teacher, i) for i in teacher_top]
            theirs = [self._word(self.student, i) for i in student_top]
            for word in [*ours, *theirs]:
                ids[word] = self._best(self.teacher, position, word), self._best(self.student, other, word)
        rows = []
        for t, s in ids.values():
            shown = self.teacher.token_string(position, t) if t is not None else ""
            if s is not None and other is not None and (t is None or t not in teacher_top):
                shown = self.student.token_string(other, s)
            teacher_rank, student_rank = _rank(self.teacher, position, t), _rank(self.student, other, s)
            rows.append(
                {
                    "token": shown,
                    "teacher_probability": _probability(self.teacher, position, t),
                    "student_probability": _probability(self.student, other, s),
                    "teacher_rank": teacher_rank,
                    "student_rank": student_rank,
                    "rank_change": None
                    if teacher_rank is None or student_rank is None
                    else teacher_rank - student_rank,
                    "in_teacher_top": t in teacher_top,
                    "in_student_top": s in student_top,
                }
            )
        frame = pd.DataFrame(rows).astype(
            dict.fromkeys(("teacher_rank", "student_rank", "rank_change"), "Int64")
        )
        order = ["teacher_probability", "student_probability"]
        return frame.sort_values(order, ascending=False, kind="stable", ignore_index=True)

    def _overlap(self, t: int, s: int, k: int) -> float:
        ours: set[int | str] = set(top_ids(self.teacher.row(t)[None], k)[0].tolist())
        theirs: set[int | str] = set(top_ids(self.student.row(s)[None], k)[0].tolist())
        if not self.same_vocabulary:
            ours = {self._word(self.teacher, i) for i in ours}
            theirs = {self._word(self.student, i) for i in theirs}
        return len(ours & theirs) / max(len(ours), len(theirs))

    @property
    def _ignore_case(self) -> bool:
        return self.teacher.lower_case or self.student.lower_case

    def _word(self, model: Prediction, token: int | str) -> str:
        return bare(model.token_strings[int(token)], self._ignore_case)

    def _best(self, model: Prediction, position: int | None, word: str) -> int | None:
        """The most probable id that shows `word`, if there is one."""
        if position is None:
            return None
        return best_id(model.row(position), model.token_strings, word, ignore_case=self._ignore_case)


def compare(teacher: Prediction, student: Prediction) -> Comparison:
    """Set two predictions for the same text against each other; InputError if the texts differ.

    >>> from fairkd import models
    >>> prediction = predict(models.load("embedded/teacher"), "Milk is a [MASK].")
    >>> compare(prediction, prediction).table().kl.tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """
    if teacher.text != student.text:
        raise InputError("The two predictions are for different texts; compare predictions for the same one.")
    same = teacher.token_strings == student.token_strings
    reason = None
    if not same:
        reason = (
            f"{teacher.reference} ({len(teacher.token_strings)} tokens) and {student.reference} "
            f"({len(student.token_strings)} tokens) have different vocabularies, so there is no KL between "
            "their distributions; words are matched instead."
        )
    return Comparison(teacher, student, same, reason, _align(teacher, student))


def _align(teacher: Prediction, student: Prediction) -> tuple[tuple[int | None, int | None], ...]:
    """Pair positions of equal character spans where both have equally many (bytes of one character)."""
    ours, theirs = _by_span(teacher), _by_span(student)
    pairs: list[tuple[int | None, int | None]] = []
    for span in ours | theirs:
        left, right = ours.get(span, []), theirs.get(span, [])
        if len(left) == len(right):
            pairs.extend(zip(left, right, strict=True))
        else:
            pairs.extend((i, None) for i in left)
            pairs.extend((None, i) for i in right)

    def place(pair: tuple[int | None, int | None]) -> tuple[int, int, int]:
        t, s = pair
        token = teacher.tokens[t] if t is not None else student.tokens[s or 0]
        return token.start, token.end, token.index

    return tuple(sorted(pairs, key=place))


def _by_span(prediction: Prediction) -> dict[tuple[int, int], list[int]]:
    found: dict[tuple[int, int], list[int]] = {}
    for i in prediction.positions:
        found.setdefault((prediction.tokens[i].start, prediction.tokens[i].end), []).append(i)
    return found


def _probability(model: Prediction, position: int | None, token: int | None) -> float:
    if position is None or token is None:
        return math.nan
    return math.exp(float(model.row(position)[token]))


def _rank(model: Prediction, position: int | None, token: int | None) -> int | None:
    return None if position is None or token is None else model.rank(position, [token])[0]
