"""The generated parts of the documentation: CLI, settings, API, and the tree in CONTRIBUTING.md.

    python -m tools.docs_reference

* `commands`: every command and option, from the command line's own definitions
* `settings`: every setting and preset, from the configuration's models
* `measures`: every measure of an evaluation, from the registry
* `published_figures`: what others published of the benchmarks, and why figures disagree
* `terms`: the glossary
* `packages`: a page of the API reference for every package, from its `__init__.pyi`
* `tree`: the folders and modules, each with the first sentence of its docstring
* `__main__`: writes them all

The results are committed, so that they can be read without a build. `tests/docs` fails when they are stale.
"""
