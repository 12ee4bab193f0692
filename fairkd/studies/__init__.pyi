from .cell_values import CellValues as CellValues
from .cells import SHARED as SHARED, budget_notes as budget_notes, variant_configs as variant_configs
from .result_tables import (
    about_study as about_study,
    cells_table as cells_table,
    measures_table as measures_table,
    result_files as result_files,
    summary_table as summary_table,
    summary_text as summary_text,
    variants_table as variants_table,
)
from .seed_statistics import (
    FEWEST_SEEDS as FEWEST_SEEDS,
    CrossedInterval as CrossedInterval,
    SeedComparison as SeedComparison,
    SeedMean as SeedMean,
    SeedVerdict as SeedVerdict,
    compare_variants as compare_variants,
    crossed_interval as crossed_interval,
    mean_over_seeds as mean_over_seeds,
    smallest_difference as smallest_difference,
)
from .study import (
    Study as Study,
    Variant as Variant,
    parse_seeds as parse_seeds,
    seeds_text as seeds_text,
)
from .study_columns import StudyColumn as StudyColumn, all_columns as all_columns
from .study_control import (
    add_seeds as add_seeds,
    all_studies as all_studies,
    cancel as cancel,
    change_refusal as change_refusal,
    create as create,
    damaged_studies as damaged_studies,
    delete as delete,
    get as get,
    resume as resume,
)
from .study_file import (
    make_study as make_study,
    parse_variant as parse_variant,
    read_study as read_study,
    study_yaml as study_yaml,
    with_changes as with_changes,
)
from .study_record import (
    Cell as Cell,
    CellState as CellState,
    StudyRecord as StudyRecord,
    StudyState as StudyState,
)
from .study_results import (
    HEADLINES as HEADLINES,
    SeedDot as SeedDot,
    StudyResults as StudyResults,
    VariantResult as VariantResult,
    results as results,
)
