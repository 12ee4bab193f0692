from .constraints import Constraint as Constraint
from .distill import PRESETS as PRESETS, make_config as make_config, train as train
from .lexicon import (
    Contrast as Contrast,
    contrasts as contrasts,
    make_contrast as make_contrast,
)
from .measures import gaps as gaps, pseudo_perplexity as pseudo_perplexity, summarise as summarise
from .models import MaskedLM as MaskedLM, describe as describe, load as load
from .predictions import compare as compare, predict as predict

__version__: str
