"""Variants of a distillation, each with several seeds, and what the comparison shows.

* `seed_statistics`: means and differences over seeds, with intervals and verdicts

Loads no torch. The public names are in `__init__.pyi`; they are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
