"""Fairness constraints: edits of the teacher's distribution, from which the student learns.

* `kinds`: the registry of constraints: labels, explanations and properties
* `constraint`: the edits, on token ids of one model
* `token_pairs`: pairs of token ids in place of words
* `correction_kinds`, `correction`: changes of the teacher that come before a constraint
* `erasure`, `self_debias`: these changes: of its states, and of its logits
* `teacher_output`: what they change
* `preview`: the distribution at one position of a sentence, before and after a constraint
* `simplex`: a constraint on two words and all others, as points of a triangle

The public names are in `__init__.pyi`; they are imported when first used, so torch is loaded only on demand.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
