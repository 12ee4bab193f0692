"""What evaluations measure, by the names that events, tables and charts share. Needs no torch."""

FIDELITY = ("kl", "kl_constrained", "top1_agreement")
QUALITY = ("perplexity", "top1_accuracy", "pseudo_perplexity")
GAPS = (
    "gap_mean",
    "gap_low",
    "gap_high",
    "gap_absolute",
    "gap_absolute_low",
    "gap_absolute_high",
    "gap_mass",
)
