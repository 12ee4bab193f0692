"""What evaluations measure, by the names that events, tables and charts share. Needs no torch."""

FIDELITY = ("kl", "kl_constrained", "agreement")
QUALITY = ("perplexity", "top1", "pseudo_perplexity")
GAPS = (
    "gap_mean",
    "gap_low",
    "gap_high",
    "gap_absolute",
    "gap_absolute_low",
    "gap_absolute_high",
    "gap_mass",
)
