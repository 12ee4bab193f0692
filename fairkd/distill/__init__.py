"""Knowledge distillation with fairness constraints.

    from fairkd.distill import PRESETS, make_config, train

    outcome = train(make_config({**PRESETS["fair"], "budget": {"steps": 300}}), "my-run", emit=print)

* `config/`: every setting with limits and description; presets
* `data/`: masking, batches, the order of the text
* `losses/`: the loss terms and their gradients
* `training`: `train`, one run from a configuration to a saved model
* `setup`: what a run needs before its first step
* `run_text`: the training text and the held-out one, as the configuration names them
* `group_words`: how often the training text holds the words that a constraint balances
* `student`: how the student is made
* `dropout`: a student's dropout while it trains
* `vocabulary`: a student's part of its teacher's vocabulary, and the constraint in its tokens
* `loop`: steps, evaluations, checkpoints
* `early_stopping`: when a run ends before its budget is spent
* `teacher_correction`: what is done to the teacher before the constraint
* `prepared_batch`: a batch on the device, and its positions by loss term
* `run_masks`: the constraint and the masks for a tokenizer
* `relation_term`: which layers the relation loss compares
* `trainer`: one optimizer step
* `matched_trainer`, `matched_evaluation`: a step, and what is measured, with two vocabularies
* `phases`: what a run does at the moment, as its events announce it
* `evaluation`: what is measured on held-out text while a run trains
* `evaluation_cache`: what a run begins with, measured once for the same models and text
* `layer_regression`: a better start for copied layers
* `optimizer`: AdamW, and what it does not decay
* `teacher_cache`: what the teacher's encoder gives, kept on disk; `fitted_start`: fitted layers, too
* `teacher_cache_files`, `teacher_cache_folders`: its files, and how much of them is kept
* `disk_caches`: all that is kept on disk to save time
* `checkpoints`, `run_state`: what is stored so that a run can be resumed
* `run_folder`: the folder of a run, locked while a process trains in it
* `lr_schedule`, `precision`, `memory_limits`: learning rate, number formats, lack of memory
* `tensorboard_curves`: a run's numbers for TensorBoard
* `time_estimate`: how long a run will take
* `model_card`: the README of the saved model; `student_costs`: its size and latency
* `student_benchmarks`: benchmarks of the finished student

The public names are in `__init__.pyi`; they are imported when first used, so torch is loaded only on demand.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
