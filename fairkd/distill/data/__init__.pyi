from .batching import BatchSampler as BatchSampler, encode as encode, pad as pad
from .loader import (
    BatchLoader as BatchLoader,
    Counterfactuals as Counterfactuals,
    DataPosition as DataPosition,
    Loader as Loader,
)
from .masking import Batch as Batch, Masker as Masker, Masking as Masking
from .paired_loader import PairedLoader as PairedLoader
from .paired_masking import PairedBatch as PairedBatch, PairedMasker as PairedMasker
from .pairing import PairedText as PairedText, pair_texts as pair_texts
