"""FairKD: look inside masked language models while one teaches another.

    from fairkd import compare, load, predict

    teacher, student = load("embedded/teacher"), load("embedded/student-fair")
    compare(predict(teacher, "Milk is a [MASK]."), predict(student, "Milk is a [MASK].")).at(4, k=5)

* `cli`: the command line
* `lessons`: what the page Learn teaches, and the glossary
* `reports`: runs as documents
* `studies`: variants of a distillation compared over several seeds
* `runs`: distillations and measurements in the background
* `doctor`: what would go wrong on this machine
* `distill`: one distillation, from its configuration to the saved student
* `benchmarks`: the field's benchmarks of bias and quality, on one model or on several
* `measures`: measures of bias and quality, and their statistics
* `constraints`: edits of the teacher's distribution; `augmentation`: gendered sentences swapped
* `predictions`: what a model predicts at every position; two models compared
* `lexicon`: word groups, templates, professions
* `models`: load, tokenize, run; `corpora`: text to distill on
* `utils`: folders, hardware, threads, progress; `errors`: every error that FairKD raises

Imports point down this list. The names in `__init__.pyi` can be imported from here; they are imported when
first used, so that `import fairkd` and `fairkd --help` stay fast.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
