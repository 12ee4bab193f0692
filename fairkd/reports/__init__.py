"""Runs and studies as documents: what they have found, in one HTML file that opens without a network.

    from fairkd import runs, studies
    from fairkd.reports import report, study_report

    html = report([runs.get("example-plain"), runs.get("example-fair")])
    html = study_report(studies.get("1a2b3c4d"))

* `run_report`: the document of a distillation, of several compared, or of a measurement
* `study_html`: the document of a study: seeds, means, verdicts, every run
* `curve_plot`: a measure over the steps, as positions for its template
* `watched_replay`: what the students predicted in the watched sentences, step by step
* `paired_differences`: how runs differ from the first one, item by item
* `submit_again`: the commands that start a run once more
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
