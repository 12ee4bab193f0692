"""From sentences to masked batches.

* `batching`: sentences as token ids, and batches of sentences of similar length
* `masking`: which tokens are masked; a batch
* `pairing`: a text as tokens of two models with different tokenizers
* `paired_masking`: masked batches for both
* `loader`, `paired_loader`: the data loader, and the position of a run in it

The public names are in `__init__.pyi`; they are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
