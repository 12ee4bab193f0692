"""Studies: variants of a distillation at several seeds with equal budgets, and what their results show.

    from fairkd import studies

    study = studies.make_study({
        "name": "What the constraint costs",
        "base": {"budget": {"steps": 600}},
        "variants": {"plain": {}, "fair": {}},
        "seeds": [0, 1, 2],
    })
    record = studies.create(study)
    studies.get(record.id).cell("fair", 2).state   # "queued"

Every cell, a variant at a seed, is a run of `fairkd.runs` in the batch of its study.

* `study`: what is compared: base settings, variants, seeds, baseline
* `cells`: the settings of every variant, and whether their budgets are equal
* `study_file`: a study from values or a YAML file, and the file that runs it again
* `study_record`: a stored study, its cells and their runs
* `study_store`: the study.json in a study's folder
* `study_control`: what users do: create, list, resume, add seeds, cancel, delete
* `study_results`: means and differences over seeds, verdicts, the Pareto front; `result_sentences`: in words
* `result_tables`: the same as CSV, Markdown and LaTeX
* `cell_values`: what the finished cells have measured; `study_columns`: what each value is
* `seed_statistics`: intervals, tests and verdicts over seeds; `bounded_interval`: of shares

Nothing here needs PyTorch. The public names are in `__init__.pyi`; they are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
