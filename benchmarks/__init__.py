"""Speed against plain references in the same run: `python -m benchmarks.gaps`, `benchmarks.distill`, ..."""
