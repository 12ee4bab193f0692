"""Benchmarks of bias and quality: each a measure together with the data that it is computed on.

    from fairkd import models
    from fairkd.benchmarks import measure

    result = measure(models.load("embedded/teacher"), "crows-pairs", quick=True)

* `benchmark_registry`: all benchmarks, by name
* `benchmark`: what a benchmark declares; `data_files`: the files of their data sets
* `texts`: what is said about each benchmark: definition, source, how to read it, weaknesses
* `reference_checks`: against what each benchmark was checked, and how close it came
* `published_scores`: figures that others published, with file, script and source
* `measuring`: one model measured by one benchmark; `item_shards`: by several processes
* `measure_config`: what a measurement in the background measures: models, benchmarks, data
* `scorer`: what a benchmark asks of a model; `score_cache`: scores that were computed before
* `results`: values with intervals, by category, and every item
* `measure_run`: several models by several benchmarks; `stored_results`: results on disk
* `measured_students`: results about the student of a run, in its folder and its model card
* `benchmark_comparison`: two models on the same items: flips, differences, verdicts; `paired_results`: which
  items are the same
* `word_pairs`: one model, tested in each category of items with two words: BEC-Pro's table
* `side_effect_table`: every kind of bias that was measured, of several models against the first
* `result_summary`: what several results say together; `report`: the same in one HTML file, with figures by
  `dot_plot`
* `measure_disagreement`: where several benchmarks contradict each other about the same pairs
* `crows_pairs`: the share of pairs of which a model prefers the more stereotyping sentence
* `aul`: the same share by the tokens of the whole sentence, with nothing masked, and weighted by attention
* `stereoset`: whether a blank is filled with a stereotype, and with a meaningful word
* `bec_pro`: how a profession changes the probability of female and male words
* `gap_benchmarks`: the mean absolute gap and LPBS
* `held_out_text`: the text on which quality is measured
* `masked_distributions`: what models predict at its masked tokens
* `word_shifts`: which words a student promotes over its teacher in a text
* `pseudo_perplexity`, `calibration`: quality; `fidelity`: how close a student is to its teacher
* `winobias`, `winogender`: which pronoun stands for a profession
* `disco`: how many of the words that a model fills in depend on the gender of a person

The public names are in `__init__.pyi`; they are imported when first used, so torch is loaded only on demand.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
