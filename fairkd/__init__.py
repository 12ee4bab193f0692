"""FairKD: look inside masked language models while one teaches another.

This package file imports nothing heavy, so that `import fairkd` and `fairkd --help` stay fast; import the
room you need: `fairkd.models`, `fairkd.predictions`, `fairkd.models.tokenization`,
`fairkd.measures.word_gaps`, `fairkd.constraints`, `fairkd.distill`.
"""

__version__ = "0.1.0"
