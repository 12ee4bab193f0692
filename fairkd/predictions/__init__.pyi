from .attention_weights import received_attention as received_attention
from .cloze import Cloze as Cloze, score_words as score_words
from .distribution import (
    Prediction as Prediction,
    best_id as best_id,
    entropy as entropy,
    kl as kl,
    ranks as ranks,
    top_ids as top_ids,
)
from .model_comparison import Comparison as Comparison, compare as compare
from .positions import (
    as_json as as_json,
    predict as predict,
    predict_each as predict_each,
    shown_positions as shown_positions,
)
from .side_by_side import (
    SharedWord as SharedWord,
    align as align,
    same_vocabulary as same_vocabulary,
    shared_words as shared_words,
)
from .token_scores import (
    Precision as Precision,
    ScoreStore as ScoreStore,
    TokenScores as TokenScores,
)
from .word_lookup import look_up as look_up
