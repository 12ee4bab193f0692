"""The model's forward pass with the vocabulary projection run only where it is needed.

With a vocabulary of 30,000 and more, the [batch, length, vocabulary] logits dominate time and memory, while
most callers want a few positions of them.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from transformers import PreTrainedModel

from fairkd.models import MaskedLM

Head = Callable[[Tensor], Tensor]

# The modules that lead from the encoder's output to the logits, one after the other, by `config.model_type`.
_HEADS = {
    "bert": ("cls",),
    "roberta": ("lm_head",),
    "xlm-roberta": ("lm_head",),
    "camembert": ("lm_head",),
    "albert": ("predictions",),
    "distilbert": ("vocab_transform", "activation", "vocab_layer_norm", "vocab_projector"),
    "electra": ("generator_predictions", "generator_lm_head"),
    "modernbert": ("head", "decoder"),
}


def logits_at(lm: MaskedLM, input_ids: Tensor, attention_mask: Tensor, at: Tensor) -> Tensor:
    """Logits over the vocabulary at chosen positions of a batch.

    Parameters
    ----------
    input_ids, attention_mask : Tensor[B, L]
    at : Tensor[M]
        Flat indices into the B * L positions: position i of row b is `b * L + i`.

    Returns
    -------
    Tensor[M, V], fp32
        Equal to the dense logits at these positions, on the device of `at` (the model may be on another).
        Differentiable when gradients are enabled.

    Notes
    -----
    The encoder runs first and the head after it, on the chosen rows alone. Nothing is hooked into the model,
    so threads may share it. A model of a family whose head is not known here is run whole, then indexed.
    """
    head, asked, device = head_of(lm.model), at.device, lm.model.device
    inputs = {"input_ids": input_ids.to(device), "attention_mask": attention_mask.to(device)}
    at = at.to(device)
    if head is None:
        logits = lm.model(**inputs).logits.flatten(0, 1)[at]
    else:
        hidden = lm.model.base_model(**inputs).last_hidden_state
        logits = head(hidden.flatten(0, 1)[at])
    return logits.float().to(asked)


def head_of(model: PreTrainedModel) -> Head | None:
    """The function from final hidden states [..., width] to logits [..., V]; None for an unknown family."""
    names = _HEADS.get(model.config.model_type)
    if names is None:
        return None
    steps = [model.get_submodule(name) for name in names]

    def head(hidden: Tensor) -> Tensor:
        for step in steps:
            hidden = step(hidden)
        return hidden

    return head
