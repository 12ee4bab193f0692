"""Launchers: where runs work, on this machine or on a cluster.

* `destination`: the launchers by name, and the settings that a run is sent away with

The public names are in `__init__.pyi`; they are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
