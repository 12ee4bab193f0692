from .gender_swap import SwappedWord as SwappedWord, swapped_words as swapped_words, swapper as swapper
from .swap_lexicon import counterparts as counterparts
