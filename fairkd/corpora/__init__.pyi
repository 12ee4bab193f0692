from . import pinned_wheels as pinned_wheels
from .corpus import (
    LONGEST as LONGEST,
    MOST as MOST,
    Corpus as Corpus,
    SkipCounts as SkipCounts,
    build as build,
    is_held_out as is_held_out,
    normalise as normalise,
    split_key as split_key,
)
from .csv_rows import csv_table as csv_table
from .pinned_wheels import open_member as open_member
from .sources import columns as columns, read as read
from .text_files import (
    FORMATS as FORMATS,
    NAMED_FORMATS as NAMED_FORMATS,
    SENTENCE_AS_NAME as SENTENCE_AS_NAME,
)
