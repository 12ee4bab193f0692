"""Fairness constraints: edits of the teacher's distribution that the student learns from.

* `kinds`: what constraints there are, without torch
* `constraint`: the edits themselves, for the token ids of one model
* `preview`: one position of a sentence before and after a constraint

The public names are in `__init__.pyi`; they are imported when first used, so torch is loaded only on demand.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
