from .calibration_error import (
    calibration_items as calibration_items,
    confidence_bins as confidence_bins,
    expected_calibration_error as expected_calibration_error,
)
from .costs import COSTS as COSTS, Cost as Cost, cost_sentence as cost_sentence
from .gap_comparison import (
    TOLERANCE as TOLERANCE,
    PairedTest as PairedTest,
    TransferKind as TransferKind,
    by_role as by_role,
    compare_models as compare_models,
    paired_test as paired_test,
    rank_models as rank_models,
    transfer as transfer,
    transfer_kind as transfer_kind,
)
from .gap_inputs import (
    read_professions as read_professions,
    read_templates as read_templates,
    women_share as women_share,
)
from .gap_summaries import (
    Summary as Summary,
    Value as Value,
    by_profession as by_profession,
    group_shares as group_shares,
    labour_market as labour_market,
    leanings as leanings,
    split_words as split_words,
    summarise as summarise,
)
from .gap_work import gap_tokens as gap_tokens
from .paired import (
    WEIGHTS as WEIGHTS,
    are_paired as are_paired,
    item_values as item_values,
    measured as measured,
    perplexity_of_loss as perplexity_of_loss,
    profession_items as profession_items,
    rounded as rounded,
)
from .pareto import front as front
from .perplexity import (
    pseudo_perplexity as pseudo_perplexity,
    pseudo_perplexity_of_tokens as pseudo_perplexity_of_tokens,
)
from .registry import (
    FEWEST_ITEMS as FEWEST_ITEMS,
    MEASURES as MEASURES,
    MIN_MASS_SHARE as MIN_MASS_SHARE,
    PSEUDO_PERPLEXITY as PSEUDO_PERPLEXITY,
    Direction as Direction,
    Measure as Measure,
    evaluation_keys as evaluation_keys,
    has_lost_mass as has_lost_mass,
    with_current_keys as with_current_keys,
)
from .sentence_pairs import prefer as prefer, prefer_difference as prefer_difference
from .statistics import (
    Correlation as Correlation,
    Interval as Interval,
    McNemar as McNemar,
    bootstrap_interval as bootstrap_interval,
    holm as holm,
    mcnemar as mcnemar,
    percentiles as percentiles,
    signed_rank as signed_rank,
)
from .verdicts import (
    SIGNIFICANCE as SIGNIFICANCE,
    Ranking as Ranking,
    Score as Score,
    Verdict as Verdict,
    VerdictKind as VerdictKind,
    cannot_be_told_apart as cannot_be_told_apart,
    compare as compare,
    kind_of as kind_of,
    no_interval as no_interval,
    rank as rank,
    too_few as too_few,
)
from .word_gaps import gaps as gaps, pairwise_gaps as pairwise_gaps
