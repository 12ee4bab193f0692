"""Counterfactual data augmentation (CDA): sentences with the genders of their words swapped.

* `gender_swap`: swaps the genders of sentences
* `swap_lexicon`: the words that are swapped
* `her_his`: whether "her" means "his" or "him", by rule or by a masked language model
* `word_senses`: whether a word is gendered where it stands, and not a verb, a name or an abbreviation
* `proper_names`: whether a capitalised word is a name or a part of one
* `word_context`: a word with its neighbours, headlines, and quoted titles of works
* `readings`: questions about words with two readings, which a masked language model answers
* `masked_words`: how likely a masked language model finds given words in the place of another
* `marks`: text without the marks that annotators put around words

The public names are in `__init__.pyi`; they are imported when first used, so torch is loaded only on demand.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
