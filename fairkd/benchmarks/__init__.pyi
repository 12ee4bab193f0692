from .measure_config import (
    MOST_MODELS as MOST_MODELS,
    MeasureConfig as MeasureConfig,
    MeasurePrecision as MeasurePrecision,
    make_measure_config as make_measure_config,
)
from .texts import BenchmarkTexts as BenchmarkTexts, about as about, all_texts as all_texts
