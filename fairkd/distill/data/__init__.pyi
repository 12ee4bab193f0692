from .loader import Counterparts as Counterparts, Feed as Feed, Place as Place
from .masking import (
    Batch as Batch,
    Masker as Masker,
    Masking as Masking,
    Stream as Stream,
    encode as encode,
    pad as pad,
)
