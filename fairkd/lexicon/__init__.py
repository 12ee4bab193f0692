"""Words and sentences that gaps are measured with: word groups, templates, professions. No model needed.

* `word_groups`: a `Contrast` sets two or more `WordGroup`s against each other (he / she)
* `templates`: sentences with a mask and a profession, and the shipped professions

The tables themselves are in `fairkd/resources`. The public names are in `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
