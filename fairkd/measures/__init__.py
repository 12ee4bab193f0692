"""Measures of bias and quality, and the statistics that they share.

* `registry`: the names, labels and units of what is measured, and when a gap says little
* `costs`: the same of what a student's use and training take
* `word_gaps`: how much more probable one group of words is than another, sentence by sentence
* `gap_summaries`: what a table of gaps says as a whole; `gap_comparison`: the same of several models
* `gap_arguments`: the word groups, templates and professions of such a measurement, checked
* `gap_work`: how much a measurement of gaps costs
* `gap_inputs`: professions and templates from files
* `sentence_pairs`: which words a model prefers in one of two sentences
* `calibration_error`: whether a model is right as often as its probabilities say
* `perplexity`: pseudo-perplexity, over all tokens or a sample of them
* `paired`: the items behind an evaluation, for intervals and for the comparison of two models
* `statistics`: bootstrap intervals, paired tests, correlation
* `verdicts`: which model has the smaller value, if the data tell them apart
* `pareto`: the Pareto front

The public names are in `__init__.pyi`; they are imported when first used, so torch is loaded only on demand.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
