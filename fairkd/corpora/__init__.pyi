from . import pinned_wheels as pinned_wheels
from .byte_streams import NAMED_PACKED as NAMED_PACKED, PACKED as PACKED
from .corpus import (
    HELD_OUT_ELSEWHERE as HELD_OUT_ELSEWHERE,
    LONGEST as LONGEST,
    MOST as MOST,
    Corpus as Corpus,
    HeldOutText as HeldOutText,
    SkipCounts as SkipCounts,
    build as build,
    build_held_out as build_held_out,
    is_held_out as is_held_out,
    normalise as normalise,
    split_key as split_key,
)
from .csv_rows import csv_table as csv_table
from .pinned_wheels import open_member as open_member
from .reading import PREVIEW_LIMITS as PREVIEW_LIMITS, ReadingLimits as ReadingLimits
from .sources import columns as columns, read as read, read_held_out as read_held_out
from .tables import ROW_AS_HEADER as ROW_AS_HEADER
from .text_files import ENDINGS as ENDINGS, NAMED_FORMATS as NAMED_FORMATS, UNDECODABLE as UNDECODABLE
