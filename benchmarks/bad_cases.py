"""Bad settings, configuration files, words and environment variables, for `benchmarks.bad_inputs`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from fairkd import measures, models, predictions, runs
from fairkd.distill import PRESETS
from fairkd.distill.config import all_settings, make_config, preset, read_config, stored_config
from fairkd.doctor import examine
from fairkd.lexicon import Template, contrasts, make_contrast, typed_contrast
from fairkd.models import MaskedLM
from fairkd.utils import Hosting


@dataclass(frozen=True)
class Case:
    """One bad input: `call` gives it to FairKD. Its error has to name one of `names`, if there are any."""

    kind: str
    name: str
    call: Callable[[], object]
    names: tuple[str, ...] = ()


LONG = "x" * 100_000
HUGE = 10**400
VALUES: dict[str, Any] = {
    "an empty text": "",
    "a text": "many",
    "a long text": LONG,
    "markup": "<script>alert(1)</script>",
    "lines": "one\ntwo\nthree",
    "a zero byte": "a\0b",
    "half a character": "\ud800",
    "a negative number": -1,
    "a huge number": HUGE,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "true": True,
    "an empty list": [],
    "a long list": [1] * 100_000,
    "a deep list": json.loads("[" * 60 + "]" * 60),
    "a mapping": {"a": {"b": 1}},
}
SETS = (
    "{key}",
    "={key}",
    "{key}",
    "{key}=[1",
    "{key}={{a: 1, a: 2}}",
    "{key}=&a [*a]",
    "{key}=!!python/object:os.system x",
    "{key}=2023-02-31",
    "{key}=" + "9" * 5000,
    "{key}=" + "[" * 500,
    "{key}.a.b.c=1",
    "{key}x=1",
    "{key}=" + LONG,
)
DOCUMENTS: dict[str, bytes] = {
    "a list": b"- a\n- b\n",
    "a text": b"distill this",
    "a number": b"5",
    "numbers as keys": b"1: 2\n",
    "a repeated key": b"seed: 1\nseed: 2\n",
    "a repeated key deep down": b"budget:\n  steps: 1\n  steps: 2\n",
    "an alias": b"a: &x [1]\nteacher: *x\n",
    "aliases of aliases": b"a: &a [1,1]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
    "a tag": b"teacher: !!python/name:os.system\n",
    "a tag of YAML": b"seed: !!bool maybe\n",
    "a wrong date": b"corpus: {column: 2023-02-31}\n",
    "a huge number": b"seed: " + b"9" * 5000,
    "a number in base 60": b"optimizer: {weight_decay: 1:" + b"2:" * 400 + b"3.5}",
    "deep lists": b"[" * 50_000,
    "deep mappings": b"{a: " * 5000,
    "a tab": b"seed:\t1\n\tteacher: x\n",
    "no closing bracket": b"student: {layers: [0, 1\n",
    "no closing quote": b"teacher: 'x\n",
    "two documents": b"seed: 1\n---\nseed: 2\n",
    "a zero byte": b"seed: 1\0",
    "Latin-1": b"teacher: caf\xe9\n",
    "UTF-16": "seed: 1\n".encode("utf-16"),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "a huge file": b"# comment\n" * 200_000,
    "a section that is a number": b"budget: 5\n",
    "a section that is a list": b"budget: [5]\n",
    "an unknown section": b"budgets: {steps: 1}\n",
    "a long unknown key": b"? " + b"k" * 1000 + b"\n: 1\n",
    "a key of several lines": b'"a\\nb": 1\n',
    "a list as a key": b"? [1, 2]\n: 3\n",
    "a merged list": b"<<: [1, 2]\n",
}


def configurations(folder: Path) -> Iterator[Case]:
    """Every setting with every bad value; changes; files; stored configurations; presets."""
    for setting in all_settings():
        for what, value in VALUES.items():
            nested: dict[str, Any] = {}
            section, _, name = setting.key.rpartition(".")
            (nested.setdefault(section, {}) if section else nested)[name] = value
            together = ("settings do not fit together", "section", name)
            yield Case("settings", f"{setting.key} is {what}", partial(make_config, nested), together)
    keys = ("seed", "budget.steps", "student.layers", "constraint.words", "optimizer")
    for key in keys:
        for number, text in enumerate(SETS):
            change = text.format(key=key)
            yield Case("changes", f"{number} {change[:40]}", partial(read_config, None, [change]))
    pairs = (
        ["budget.steps=5", "budget={minutes: 1}"],
        ["budget=5", "budget.steps=5"],
        ["budget=", "budget.x=1"],
    )
    for changes in pairs:
        yield Case("changes", str(changes), partial(read_config, None, changes))
    for number, (what, content) in enumerate(DOCUMENTS.items()):
        path = Path(f"file{number}.yaml")
        (folder / path).write_bytes(content)
        yield Case("configuration files", what, partial(read_config, path), (path.name, "setting", "section"))
        stored = Path(f"stored{number}")
        (folder / stored).mkdir()
        (folder / stored / "config.json").write_bytes(content)
        yield Case("stored configurations", what, partial(stored_config, stored), (stored.name,))
    for name in ("none.yaml", ".", "a\0b", "x" * 5000, "file0.yaml/x"):
        yield Case("configuration files", f"the path {name[:20]!r}", partial(read_config, name))
    for name in ("", "fairr", LONG, "plain\n", *(f"{known}x" for known in PRESETS)):
        yield Case("presets", name[:20], partial(preset, name), ("preset",))


TEXTS = {what: value for what, value in VALUES.items() if isinstance(value, str)} | {
    "blanks": " \t ",
    "emoji": "😀 " * 5,
    "too many words": "nurse " * 5000,
    "only masks": "[MASK] " * 20,
    "combining marks": "e" + "\u0301" * 500,
    "right to left": "\u202e.sdrawkcab si [MASK]",
    "special tokens": "[CLS] [SEP] [PAD]",
}


@cache
def embedded_teacher() -> MaskedLM:
    return models.load("embedded/teacher")


def _gaps(**changes: Any) -> object:
    usual: dict[str, Any] = {
        "contrast": contrasts()["pronouns"],
        "templates": [Template("[MASK] is {a profession}.", "subject")],
        "professions": ["nurse"],
    }
    return measures.gaps(embedded_teacher(), **{**usual, **changes})


def words() -> Iterator[Case]:
    """Sentences, words, templates, professions, and files of the last two."""
    for what, text in TEXTS.items():
        calls: dict[str, dict[str, Callable[[], object]]] = {
            "sentences": {
                "": partial(_predict, text),
                "masked": partial(_predict, text, mask_each=True),
                "A": partial(_prefer, text),
            },
            "words": {
                "": partial(_look_up, text),
                "measured": partial(_measured, text),
                "own": partial(make_contrast, "own", {"a": [text], "b": ["she"]}),
                "typed": partial(typed_contrast, text, "queen, princess"),
                "both": partial(typed_contrast, text, text),
            },
            "templates": {
                "": partial(Template, text, "subject"),
                "placeholder": partial(Template, f"[MASK] {{{text}}}.", "noun"),
                "role": partial(Template, "[MASK] is {a profession}.", text),
            },
            "professions": {
                "": partial(_gaps, professions=[text]),
                "group": partial(_gaps, groups=("he", text)),
            },
        }
        for kind, ways in calls.items():
            for way, call in ways.items():
                yield Case(kind, f"{what}, {way}", call)
    for temperature in (0, -1, float("nan"), float("inf")):
        call = partial(_predict, "Milk is a [MASK].", temperature=temperature)
        yield Case("sentences", f"temperature {temperature}", call, ("temperature",))
    for what, data in TABLES.items():
        yield Case("tables of professions", what, partial(measures.read_professions, data))
        yield Case("tables of templates", what, partial(measures.read_templates, data))
    for value in ("1.5", "-1", "many", "1e400", "9" * 5000, "²", "nan%", "0x1", True, [0.5]):
        yield Case(
            "tables of professions",
            f"share {value!s:.9}",
            partial(measures.women_share, value, "nurse"),
            ("nurse",),
        )


def _predict(text: str, **options: Any) -> object:
    return predictions.predict(embedded_teacher(), text, **options)


def _prefer(text: str) -> object:
    return measures.prefer(embedded_teacher(), text, "[MASK] is here.")


def _measured(text: str) -> object:
    return _gaps(contrast=typed_contrast(text, "queen"))


def _look_up(text: str) -> object:
    lm = embedded_teacher()
    return predictions.look_up(lm, predictions.predict(lm, "Milk is a [MASK]."), text, position=4)


TABLES: dict[str, bytes] = {
    "empty": b"",
    "blank": b"\n\n \n",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "Latin-1": b"profession\ncaf\xe9\n",
    "UTF-16": "profession\nnurse\n".encode("utf-16"),
    "another header": b"job,share\nnurse,0.9\n",
    "a long header": b"x" * 100_000 + b"\n1\n",
    "a column twice": b"profession,profession\na,b\n",
    "text and role twice": b"text,text\na,b\n",
    "too many fields": b"profession\na,b,c\n",
    "no closing quote": b'profession\n"nurse\n',
    "no closing quote in a template": b'text,role\n"[MASK] is\n',
    "a wrong role": b"text,role\n[MASK] is {a profession}.,king\n",
    "no mask": b"text,role\nHe is {a profession}.,subject\n",
    "a zero byte": b"profession\nnu\0rse\n",
    "zero bytes in a template": b"text\n[MASK]\0\n",
}


NUMBERS = ("", " ", "0", "-1", "²", "many", "1e9", "9" * 5000, "1.5", "nan", "inf", "\n")
VARIABLES = {
    "FAIRKD_SLOTS": NUMBERS,
    "FAIRKD_CLASS_RUNS": NUMBERS,
    "FAIRKD_CLASS_MINUTES": NUMBERS,
    "FAIRKD_CLASS_MEGABYTES": NUMBERS,
    "FAIRKD_MODE": ("open", "CLASS", LONG, "local,demo", "²"),
    "FAIRKD_PRESENTER_TOKEN": ("short", "²" * 3, "x"),
    "FAIRKD_HOME": ("relative", "file0.yaml", "/dev/null/home", "~nobody-here/x"),
    "FAIRKD_WHEELS": ("/no/such/folder", "file0.yaml", LONG[:5000]),
    "FAIRKD_ALLOWED_MODELS": ("", ",,,", "[", "***", LONG),
    "FAIRKD_ALLOWED_TEXT": ("", ",,,", "[", "***", LONG),
    "OMP_NUM_THREADS": NUMBERS,
}


def environment() -> Iterator[Case]:
    """Environment variables with wrong values: what reads them, and whether the doctor still works."""
    readers: dict[str, Callable[[], object]] = {
        "FAIRKD_SLOTS": runs.slots,
        "FAIRKD_HOME": runs.all_runs,
        "FAIRKD_WHEELS": partial(examine, port=None),
        "OMP_NUM_THREADS": partial(examine, port=None),
    }
    for name, values in VARIABLES.items():
        read = readers.get(name, partial(Hosting.from_environment, public=True))
        for value in values:
            yield Case("environment", f"{name}={value[:20]!r}", partial(_with, name, value, read), (name,))


def _with(name: str, value: str, read: Callable[[], object]) -> object:
    with _variable(name, value):
        return read()


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
