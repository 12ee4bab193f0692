"""Runs as documents: what one has found, or several compared, in one HTML file that opens without a network.

    from fairkd import runs
    from fairkd.reports import report

    html = report([runs.get("example-plain"), runs.get("example-fair")])

* `run_report`: the document of a distillation, of several compared, or of a measurement
* `curve_plot`: a measure over the steps, as positions for its template
* `watched_replay`: what the students predicted in the watched sentences, step by step
* `paired_differences`: how runs differ from the first one, item by item
* `submit_again`: the commands that start a run once more
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
