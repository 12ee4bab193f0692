"""Self-debiasing: a teacher's probabilities, corrected by what it would say if it were asked to be biased.

After Schick et al. (2021, arXiv 2103.00453). At a position, let p be the teacher's distribution, and p' the
same after a prompt that announces bias ("The following text discriminates against ..."). Words that the
prompt makes more probable are scaled down by alpha, and the result is normalised again:

    q(w) = alpha(w) p(w) / sum;  delta(w) = p(w) - p'(w)
    alpha(w) = 1 where delta(w) >= 0, else exp(decay * delta(w))

Adapted here: the authors correct the next word of a text that is generated. Here it is the word at a position
of a masked LM's input, with the words after it visible, and the prompt is put before the whole input. So it
is like their method, not the same.

It needs a second pass of the teacher, over a longer input. What it does depends on whether the teacher takes
the prompt as a description of what follows, which small models hardly do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fairkd.constraints.teacher_output import TeacherOutput
from fairkd.errors import InputError
from fairkd.models import MaskedLM, Projection
from fairkd.utils import quoted

MOST_WORDS = 100  # of a prompt
LEAST_ROOM = 8  # tokens that the prompt must leave for the text


@dataclass(frozen=True)
class SelfDebias:
    """A correction by a prompt. See the module, and `make_self_debias`.

    Attributes
    ----------
    prompt
        The prompt's tokens [P], which are put into the input after its first `start` tokens.
    decay
        How fast a probability falls with its rise under the prompt.
    """

    prompt: Tensor
    start: int
    decay: float

    def __call__(self, output: TeacherOutput, inside: Tensor) -> TeacherOutput:
        """The output as logits, corrected at the positions `inside` [M]."""
        logits = output.projection(output.taken).float()
        if inside.any():
            ids, mask, rows = self._with_prompt(output, output.rows[inside])
            prompted = output.projection(output.forward(ids, mask, rows)[1]).float()
            logits = logits.clone()
            logits[inside] = self_debiased(logits[inside], prompted, self.decay)
        return replace(output, taken=logits, projection=Projection(None, None))

    def _with_prompt(self, output: TeacherOutput, rows: Tensor) -> tuple[Tensor, Tensor | None, Tensor]:
        """The input with the prompt in it, and where `rows` are then."""
        ids, mask = output.ids, output.attention_mask
        count, length = ids.shape
        prompt = self.prompt.to(ids.device).expand(count, -1)
        longer = torch.cat([ids[:, : self.start], prompt, ids[:, self.start :]], 1)
        if mask is not None:
            mask = torch.cat([mask.new_ones(count, len(self.prompt)), mask], 1)
        line, place = rows // length, rows % length
        place = place + (place >= self.start) * len(self.prompt)
        return longer, mask, line * longer.shape[1] + place


def self_debiased(logits: Tensor, prompted: Tensor, decay: float) -> Tensor:
    """Logits [N, V] without what a prompt raises; `prompted` are those after the prompt. Not normalised.

    >>> p = torch.tensor([[0.5, 0.3, 0.2]])
    >>> same = torch.tensor([[0.5, 0.2, 0.3]])
    >>> [round(q, 2) for q in self_debiased(p.log(), same.log(), 10).softmax(1)[0].tolist()]
    [0.57, 0.34, 0.08]
    """
    delta = logits.softmax(1) - prompted.softmax(1)
    return logits + decay * delta.clamp(max=0)


def make_self_debias(lm: MaskedLM, prompt: str, decay: float) -> SelfDebias:
    """The correction with this prompt for a teacher.

    Raises
    ------
    InputError
        If the prompt is empty or too long for this teacher, or has tokens that the teacher does not know.
    """
    words = len(prompt.split())
    if not words or words > MOST_WORDS:
        raise InputError(f"Expected a prompt of 1 to {MOST_WORDS} words, but got {words}: shorten it.")
    tokens = lm.tokenizer(prompt, add_special_tokens=False)["input_ids"]
    if set(tokens) & set(lm.tokenizer.all_special_ids):
        raise InputError(
            f"{lm.reference} cannot read a part of the prompt {quoted(prompt)}: use words of its language."
        )
    if (most := lm.max_tokens - LEAST_ROOM) < len(tokens):
        raise InputError(
            f"The prompt has {len(tokens)} tokens, and {lm.reference} reads {lm.max_tokens} in all: use a "
            f"prompt of at most {most}."
        )
    frame = set(lm.tokenizer.all_special_ids)
    start = next(at for at, token in enumerate(lm.tokenizer(prompt)["input_ids"]) if token not in frame)
    return SelfDebias(torch.tensor(tokens), start, decay)
