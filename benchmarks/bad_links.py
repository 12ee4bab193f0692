"""Bad links to every page of the dashboard, for `benchmarks.bad_inputs`: each parameter with each bad value.

Each link is opened in a session of its own, with tiny models. A page may show an error, which is judged as
all sentences are, or ignore the value; an exception is a leak, and so is a page that takes longer than a
minute.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from streamlit.testing.v1 import AppTest

from app.shared import visitor
from tests.tiny import tiny

ROOT = Path(__file__).parents[1]
LONGEST = 700  # characters of an error on a page
SECONDS = 60
VALUES = (
    "",
    "x",
    "-1",
    "0",
    "1.5",
    "1e999",
    "nan",
    "²",
    "9" * 400,
    "true",
    "null",
    "[]",
    "<script>alert(1)</script>",
    "**bold** :red[x] $x^2$",
    "a\0b",
    "\u202e\u0301😀",
    "../../../etc/passwd",
    "x" * 20_000,
    "[MASK] " * 300,
)
# JSON in a parameter of its own: the edits of Gaps, the settings of Distill.
DOCUMENTS = (
    "",
    "{",
    "null",
    "5",
    "[]",
    '"text"',
    "[" * 5000,
    '{"a":' * 500,
    '{"a":NaN}',
    '{"a":1,"a":2}',
    '{"plain":5}',
    '{"plain":[1]}',
    '{"plain":{"budget.steps":' + "9" * 400 + "}}",
    '{"plain":{"budget.steps":-1}}',
    '{"plain":{"budget.steps":{"a":1}}}',
    '{"plain":{"student.layers":[0,' + "1," * 3000 + "2]}}",
    '{"plain":{"teacher":"/etc"}}',
    '{"plain":{"constraint.words":{"a":["\\ud800"],"b":["x"]}}}',
    '{"all":{"corpus.source":"/etc/passwd"}}',
    '{"all":{"corpus.source":"none.txt","corpus.column":"x"}}',
    '{"none":{"seed":1}}',
    '{"professions":5,"templates":"x"}',
    '{"professions":{"only":[["nurse",' + "9" * 400 + "]]}}",
    '{"professions":{"only":[["nurse",1e300]]}}',
    '{"professions":{"only":[["nurse","many"]]}}',
    '{"professions":{"only":[["\\ud800",0.5]]}}',
    '{"professions":{"only":[[5,5],[],[[]],["a"],null]}}',
    '{"professions":{"only":[["' + "x" * 500 + '",0.5]]}}',
    '{"professions":{"drop":[1,null,{"a":1}],"add":{"a":1}}}',
    '{"templates":{"only":[["no mask","subject"]]}}',
    '{"templates":{"only":[["[MASK] is {a king}.","subject"]]}}',
    '{"templates":{"only":[["[MASK] is {a profession}.","king"]]}}',
    '{"templates":{"only":[["\\ud800[MASK] is {a profession}.","subject"]]}}',
    '{"templates":{"only":[["' + "[MASK] is {a profession}. " * 20 + '","subject"]]}}',
)
PAGES: dict[str, tuple[str, ...]] = {
    "predictions": (
        "text",
        "teacher",
        "student",
        "each",
        "k",
        "temperature",
        "hard",
        "position",
        "word",
        "against",
        "present",
    ),
    "gaps": (
        "view",
        "contrast",
        "groups",
        "role",
        "value",
        "words_a",
        "gap_models",
        "sentence_a",
        "gaps_rows",
    ),
    "distill": ("variants", "focused", "preview_text", "preview_word", "arms"),
    "runs": ("run", "compare", "compared_measure", "compared_over", "log"),
    "about": ("text",),
}
JSON = {"gaps": "edits", "distill": "set"}
# What else a link needs for its parameter to count.
WITH: dict[str, dict[str, str]] = {
    "words_a": {"contrast": "own"},
    "sentence_a": {"view": "Two sentences"},
    "gap_models": {"view": "Models"},
    "against": {"word": "nurse"},
}


def tried_links(folder: Path, pages: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """For each link its page, the outcome, and what was tried and shown."""
    visitor._cookie = lambda name: ""  # there is no browser that sends any
    model = str(tiny("bert", folder / "linked-model"))
    os.chdir(ROOT)
    for page, parameters in PAGES.items():
        if page not in pages:
            continue
        tries = [(name, value) for name in parameters for value in VALUES]
        tries += [(JSON[page], value) for value in DOCUMENTS] if page in JSON else []
        for name, value in tries:
            link = {"teacher": model, "student": model, **WITH.get(name, {}), name: value}
            outcome, text = _opened(page, link, folder)
            yield page, outcome, f"{name}={value[:60]!r}\n    {text}"


def _opened(page: str, link: dict[str, str], folder: Path) -> tuple[str, str]:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=SECONDS)
    app.switch_page(f"app/pages/{page}.py")
    for name, value in link.items():
        app.query_params[name] = value
    try:
        app.run()
    except Exception as error:  # the time is over, or the page cannot be sent to a browser
        return "leaked", f"{type(error).__name__}: {str(error)[:300]}"
    if app.exception:
        return "leaked", "; ".join(
            f"{one.value[:200]} {' '.join(one.stack_trace[-3:])}" for one in app.exception
        )
    sentences = [str(one.value) for one in app.error]
    for sentence in sentences:
        if len(sentence) > LONGEST or "\n" in sentence.strip() or str(ROOT) in sentence:
            return "unclear", json.dumps(sentence[:1000])
    return ("clear", " ".join(sentences)) if sentences else ("accepted", "")
