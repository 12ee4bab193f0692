from . import score_cache as score_cache, stored_results as stored_results
from .benchmark import (
    Benchmark as Benchmark,
    DataSet as DataSet,
    Item as Item,
    Value as Value,
)
from .benchmark_comparison import (
    BenchmarkComparison as BenchmarkComparison,
    ValueDifference as ValueDifference,
    compare_results as compare_results,
)
from .benchmark_registry import BENCHMARKS as BENCHMARKS, chosen as chosen
from .calibration import reliability_curve as reliability_curve
from .data_files import (
    DataVersion as DataVersion,
    chosen_data_set as chosen_data_set,
    load as load,
    needs_download as needs_download,
    size_of as size_of,
)
from .held_out_text import sentences as sentences
from .item_shards import is_main_process as is_main_process
from .measure_config import (
    MOST_MODELS as MOST_MODELS,
    MeasureConfig as MeasureConfig,
    MeasurePrecision as MeasurePrecision,
    check_benchmarks as check_benchmarks,
    make_measure_config as make_measure_config,
)
from .measure_disagreement import (
    Disagreements as Disagreements,
    disagreements as disagreements,
    share_items as share_items,
)
from .measure_run import measure_models as measure_models
from .measured_students import keep_with_run as keep_with_run
from .measuring import measure as measure
from .published_scores import (
    FigureSource as FigureSource,
    PublishedScore as PublishedScore,
    all_published as all_published,
    published as published,
)
from .reference_checks import ReferenceCheck as ReferenceCheck, reference_check as reference_check
from .report import html_report as html_report
from .result_summary import (
    by_benchmark as by_benchmark,
    compare_with_first as compare_with_first,
    figure_text as figure_text,
    figures_beside as figures_beside,
    heading_of as heading_of,
    interval_text as interval_text,
    overview as overview,
    published_for as published_for,
    scored_text as scored_text,
    value_text as value_text,
)
from .results import (
    Group as Group,
    Result as Result,
    Unscored as Unscored,
    ValueEstimate as ValueEstimate,
)
from .score_cache import ScoreCache as ScoreCache
from .side_effect_table import (
    AXES as AXES,
    SideEffects as SideEffects,
    side_effects as side_effects,
)
from .stored_results import Refusal as Refusal
from .texts import BenchmarkTexts as BenchmarkTexts, about as about, all_texts as all_texts
from .word_pairs import (
    WORD_PAIR_READING as WORD_PAIR_READING,
    word_pair_rows as word_pair_rows,
    word_pair_table as word_pair_table,
    word_pair_tests as word_pair_tests,
)
from .word_shifts import promoted_words as promoted_words
