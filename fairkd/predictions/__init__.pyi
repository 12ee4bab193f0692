from .cloze import Cloze as Cloze
from .distribution import (
    Prediction as Prediction,
    best_id as best_id,
    kl as kl,
    rank as rank,
    top_ids as top_ids,
)
from .positions import (
    Comparison as Comparison,
    as_json as as_json,
    compare as compare,
    predict as predict,
    shown_positions as shown_positions,
)
from .word_lookup import look_up as look_up
