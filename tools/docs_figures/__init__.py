"""The figures of the documentation, drawn from what the library computes.

    python -m tools.docs_figures

* `drawing`: shapes and text of an SVG file, in the dashboard's colours for light and dark
* `gap_figures`: what a gap is, and what its prior is
* `constraint_figures`: what each constraint does to a distribution, and where
* `distill_figures`: what the student learns from
* `__main__`: writes every figure twice, for light and for dark pages, to docs/figures

The files are committed. `tests/docs` compares their numbers with what the library computes today.
"""
