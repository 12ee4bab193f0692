"""A model's predictions at every position of a text, and comparisons of two models.

    from fairkd.predictions import predict

    prediction = predict(lm, "Milk is a [MASK].")
    prediction.top(prediction.default_position, 5)

* `positions`: one model's predictions at all positions, or those of several models
* `side_by_side`: any number of models on the same text; `model_comparison`: two of them in numbers
* `distribution`: `Prediction` and the mathematics of distributions over a vocabulary (nats)
* `token_scores`: log-probabilities of tokens at positions of many inputs
* `attention_weights`: the attention that each token of an input receives
* `cloze`: the probabilities of many words at many masks, in as few forward passes as possible
* `word_lookup`: probability and rank of any word at one position

The public names are in `__init__.pyi`; they are imported when first used, so torch is loaded only on demand.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
