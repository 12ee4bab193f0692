"""Words and sentences that gaps are measured with: word groups, templates, professions. No model needed.

* `language_packs`: the languages that all of these come in, with their articles and ambiguous words
* `word_groups`: word groups to compare, such as he / she
* `templates`: sentences with a mask for a group word and a place for a profession
* `agreement`: whether a word at the mask agrees with its verb
* `professions`: the shipped professions, with their form for a woman where it is another word
* `shipped_tables`: reads the CSV files of `fairkd/resources/languages`

The public names are in `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
