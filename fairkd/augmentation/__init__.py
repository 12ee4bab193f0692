"""Counterfactual data augmentation (CDA): sentences with the genders of their words swapped.

* `gender_swap`: swaps the genders of sentences
* `swap_lexicon`: the words that are swapped
* `her_his`: whether "her" means "his" or "him", by rule or by a masked language model

The public names are in `__init__.pyi`; they are imported when first used, so torch is loaded only on demand.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
