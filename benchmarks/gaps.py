"""Time `fairkd.measures.gaps` against a plain loop.

    python -m benchmarks.gaps [--rounds 3] [--model REFERENCE]

The plain loop runs the whole model on one sentence at a time, for the same sentences and their priors. It
computes log P(he) - log P(she). The benchmark prints how much the two results differ.
"""

from __future__ import annotations

import argparse
import statistics
import time

import pandas as pd
import torch

from fairkd.lexicon import Contrast, contrasts, fitting, shipped_professions
from fairkd.measures import gaps
from fairkd.models import MaskedLM, load, tokenize_word


def plain(lm: MaskedLM, frame: pd.DataFrame, contrast: Contrast) -> list[float]:
    """The gap of every sentence in `frame`. The prior gaps are computed too, for the same amount of work."""
    found = []
    for row in frame.itertuples():
        words = [group.for_role(row.role) for group in contrast.groups]
        ids = [[tokenize_word(lm, word, before="and ").ids[0] for word in group] for group in words]
        for text in (row.text, row.text.replace(row.profession, lm.mask_token)):
            encoded = lm.tokenizer(text, return_tensors="pt")
            place = text.lower().index("[mask]")
            position = encoded.char_to_token(place)
            with torch.no_grad():
                log_p = lm.model(**encoded).logits[0, position].log_softmax(0)
            value = (log_p[ids[0]].logsumexp(0) - log_p[ids[1]].logsumexp(0)).item()
            if text == row.text:
                found.append(value)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="embedded/teacher")
    options = parser.parse_args()
    lm, contrast = load(options.model), contrasts()["pronouns"]
    chosen = fitting(contrast)
    names = list(shipped_professions()["profession"])
    ratios = []
    print(f"{len(chosen)} templates x {len(names)} professions, with priors, {options.model}")
    for _ in range(options.rounds):
        begin = time.perf_counter()
        frame = gaps(lm, contrast=contrast, templates=chosen, professions=names)
        ours = time.perf_counter() - begin
        begin = time.perf_counter()
        reference = plain(lm, frame, contrast)
        slow = time.perf_counter() - begin
        worst = max(abs(a - b) for a, b in zip(frame["gap"], reference, strict=True))
        ratios.append(slow / ours)
        print(
            f"fairkd {ours:.2f} s   plain loop {slow:.2f} s   ratio {slow / ours:.1f}   differ by {worst:.0e}"
        )
    print(f"median ratio {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    main()
