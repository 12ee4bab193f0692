from .batching import BatchSampler as BatchSampler, encode as encode, pad as pad
from .loader import (
    BatchLoader as BatchLoader,
    Counterfactuals as Counterfactuals,
    DataPosition as DataPosition,
)
from .masking import Batch as Batch, Masker as Masker, Masking as Masking
