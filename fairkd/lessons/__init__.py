"""Lessons: how a small model learns from a large one, and what fairness costs.

* `glossary`: the technical terms, explained

The public names are in `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
