"""From sentences to batches.

* `masking`: tokens chosen and masked, from (seed, epoch, example) alone
* `loader`: the order of the text, and where in it a run is

The public names are in `__init__.pyi`; they are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
