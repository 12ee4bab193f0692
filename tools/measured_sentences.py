"""Which sentences FairKD measures with: those of the benchmarks' data sets, and of its templates.

A text to train on may hold none of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from fairkd.benchmarks import BENCHMARKS, load
from fairkd.corpora import normalise, open_member
from fairkd.distill.config import make_config
from fairkd.lexicon import Template, shipped_professions, shipped_templates

KEY = 3  # words that a sentence is looked up by


def in_data_sets(sentences: Iterable[str]) -> set[str]:
    """Those of the sentences that stand in the data sets of the pinned wheel, within longer ones too."""
    by_beginning: dict[tuple[str, ...], list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    for sentence in sentences:
        words = tuple(normalise(sentence).split())
        by_beginning[words[:KEY]].append((words, sentence))
    found = set()
    for text in _data_sets():
        words = tuple(normalise(text).split())
        for start in range(len(words) - KEY + 1):
            for whole, sentence in by_beginning.get(words[start : start + KEY], ()):
                if words[start : start + len(whole)] == whole:
                    found.add(sentence)
    return found


def _data_sets() -> Iterator[str]:
    members = {name for one in BENCHMARKS.values() for data in one.data_sets for name in data.members}
    for member in sorted(members):
        with open_member(member) as handle:
            yield from (line.decode(errors="replace") for line in handle)


def fits_template(sentence: str) -> bool:
    """Whether it is a gap template, a DisCo template or a watched sentence, with words for its blanks."""
    return _TEMPLATES.fullmatch(normalise(sentence)) is not None


def _patterns() -> Iterator[str]:
    word = "[a-z]+"
    professions = f"({'|'.join(map(normalise, shipped_professions()['profession']))})"
    for row in shipped_templates().itertuples():
        rendered = Template(row.text, row.role).render("qqq").text
        text = normalise(rendered.replace("[MASK]", "zzz"))
        yield text.replace("a qqq", f"an? {professions}").replace("qqq", professions).replace("zzz", word)
    for text in (*make_config({}).evaluation.watched_sentences, *_disco()):
        yield normalise(text.replace("[MASK]", "zzz")).replace("zzz", word)


def _disco() -> Iterator[str]:
    disco = BENCHMARKS["disco"]
    for data in disco.data_sets:
        for item in disco.read(load(disco, data_set=data.key)[0]):
            yield from item.texts.values()


_TEMPLATES = re.compile("|".join(_patterns()))
