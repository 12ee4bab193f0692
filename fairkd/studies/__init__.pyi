from .seed_statistics import (
    CrossedInterval as CrossedInterval,
    SeedComparison as SeedComparison,
    SeedMean as SeedMean,
    SeedVerdict as SeedVerdict,
    compare_variants as compare_variants,
    crossed_interval as crossed_interval,
    mean_over_seeds as mean_over_seeds,
    smallest_difference as smallest_difference,
)
