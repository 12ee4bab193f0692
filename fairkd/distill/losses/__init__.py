"""The loss terms and their gradients.

* `targets`: the formula, its weights, and what the student is trained on
* `objective`: the loss terms as functions of both models' hidden states
* `fused`: forward and backward through the vocabulary in chunks
* `relations`: how positions relate inside attention, in both models
* `matched`: the same for two models with different vocabularies
* `softmax`: its softmax in place, and powers for another temperature
* `scratch_memory`: large buffers that steps share

The public names are in `__init__.pyi`; they are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
