"""Build the small text that ships with FairKD: python -m tools.small_text

It reads WordNet's examples and glosses and the sentences of `small_text_sentences.txt`, and writes
`fairkd/assets/small_text.txt.xz` and the note beside it, which says what is in it. WordNet is Debian's
`wordnet-base`; the public data sets, none of whose sentences may be in the text, are read from the pinned
wheel.
"""

from __future__ import annotations

import hashlib
import lzma
import re
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import NamedTuple

from fairkd.corpora import is_held_out, normalise
from tools import wordnet
from tools.measured_sentences import fits_template, in_data_sets

HERE = Path(__file__).parent
WRITTEN = HERE / "small_text_sentences.txt"
TEXT = HERE.parent / "fairkd" / "assets" / "small_text.txt.xz"
NOTE = TEXT.with_name("small_text.md")
EXAMPLES, GLOSSES = "WordNet's examples", "WordNet's glosses"
LENGTHS = range(4, 31)  # words of a sentence that is kept
LONGEST_GLOSS = 20  # words
HE, SHE, THEY = (
    set(words.split())
    for words in ("he him his himself", "she her hers herself", "they them their theirs themselves")
)

# What WordNet calls words whose synsets point to one of these, as their usage.
USAGES = {"disparagement", "ethnic slur", "obscenity"}
# Synsets of these words, and all kinds of them.
TOPICS = {"sexual activity", "genitalia", "prostitute", "pervert", "sex offender", "sexual love"}
# What neither of them names: words, or the beginnings of words with "*".
FURTHER = """abort* aroused bitch* bosom* bra brassiere breast* brothel* buttocks castrat* concubine* coon
    crotch damn* darkie* darky dildo ejaculat* erotic* fanny fuck* genital* gypsy gypsies harem* heathen*
    hell homo* impoten* incest* jew jews lesbian* lewd lust* masturbat* menstru* molest* mulatto* naked negr*
    nigg* nipple* nude* orgasm* orgy penis* pimp* porn* promiscu* prostitut* puss* queer* rape* raping rapist*
    retard* savage* scrot* seduc* semen sex* shit* slave* slut* sodom* spastic sperm* squaw* suicid* testic*
    uter* vagina* venereal virgin* vulva* whor* womb coloured colored race races racial* nazi* hitler*
    genocid* holocaust offensive slur* derogatory disparag* obscen* vulgar* slang contemptuous*"""

_VERB = (
    r"(is|are|was|were|am|has|have|had|does|do|did|will|would|can|cannot|could|shall|should|may|might|must|"
    r"\w+n't)\b"
)
_SUBJECT = re.compile(r"(i|you|he|she|it|we|they|there)\b", re.IGNORECASE)
_DETERMINER = re.compile(
    r"(the|an?|my|your|his|her|its|our|their|this|that|these|those|all|some|many|most|every|each|no)\b",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[A-Za-z][\w ,;:'?!$%-]*[\w'%!?.]")


def build() -> tuple[list[str], str]:
    """The sentences, and the note on them."""
    offensive = _offensive()
    groups = {
        EXAMPLES: [text for text in _examples() if not offensive.search(text)],
        GLOSSES: [text for text in _glosses() if not offensive.search(text)],
        **written(),
    }
    measured = in_data_sets(text for texts in groups.values() for text in texts)
    seen: set[str] = set()
    kept = {
        name: [
            text for text in texts if _is_new(text, seen) and text not in measured and not fits_template(text)
        ]
        for name, texts in groups.items()
    }
    # The written ones are few: none may get lost unnoticed.
    if lost := {
        text for name, texts in groups.items() if name in written() for text in set(texts) - set(kept[name])
    }:
        raise SystemExit(f"Used for measuring, or repeated: {sorted(lost)}")
    # In the order of a hash, so that the first N sentences are a sample of all.
    sentences = sorted((text for texts in kept.values() for text in texts), key=_digest)
    return sentences, _note(kept)


def written() -> dict[str, list[str]]:
    """The sentences written for FairKD, by group."""
    groups: dict[str, list[str]] = {}
    for line in WRITTEN.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            name = line[2:]
            groups[name] = []
        else:
            groups[name].append(line)
    return {name: texts for name, texts in groups.items() if texts}


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _is_new(text: str, seen: set[str]) -> bool:
    key = normalise(text)
    new = key not in seen
    seen.add(key)
    return new


def _examples() -> Iterator[str]:
    """WordNet's examples that are sentences: others are a part of one ("a glass of milk")."""
    for part in wordnet.PARTS:
        for entry in wordnet.synsets(part):
            for example in entry.examples:
                if _fits(example) and _is_sentence(example, of_verb=part == "verb"):
                    yield wordnet.sentence(example[0].upper() + example[1:])


def _is_sentence(text: str, *, of_verb: bool) -> bool:
    """Whether it has a subject and a verb, as far as its words tell; what shows a verb almost always has."""
    if _SUBJECT.match(text) or (of_verb and _DETERMINER.match(text)):
        return True
    verb = re.search(rf"\b{_VERB}", text, re.IGNORECASE)
    if verb is None:
        return False
    before = text[: verb.start()].split()
    # "was sick", and "an animal that would not submit", whose verb is not the sentence's
    return bool(before) and before[-1].lower() not in ("that", "who", "which", "what", "to")


def _glosses() -> Iterator[str]:
    """What animals, artefacts and persons are: "A nanny is a woman who ...".

    The embedded models' text was split by the whole gloss without the article in front. Those that would fall
    on another side here are left out, so that no model was trained on what this text holds out.
    """
    for entry in wordnet.synsets("noun"):
        word, gloss = entry.words[0], entry.definition
        article = wordnet.article(word, entry.file)
        text = f"{article}{word} is {re.split(';| [(]', gloss)[0].rstrip(' ,')}"
        if article and wordnet.is_said_of_one(gloss) and _fits(text) and text.count(" ") < LONGEST_GLOSS:
            trained_on = normalise(f"{word} is {gloss}.")
            if is_held_out(normalise(text)) == is_held_out(trained_on):
                yield f"{text[0].upper()}{text[1:]}."


def _fits(text: str) -> bool:
    return len(text.split()) in LENGTHS and _PLAIN.fullmatch(text) is not None


def _offensive() -> re.Pattern[str]:
    """The words that no sentence may hold."""
    nouns = {entry.offset: entry for entry in wordnet.synsets("noun")}
    usages = {entry.offset for entry in nouns.values() if USAGES & set(entry.words)}
    words: set[str] = set()
    for part in wordnet.PARTS:
        for entry in wordnet.synsets(part):
            if usages & set(entry.to(";u")):
                words.update(entry.words)
    below = [entry for entry in nouns.values() if TOPICS & set(entry.words)]
    while below:
        entry = below.pop()
        words.update(entry.words)
        below.extend(nouns[offset] for offset in entry.to("~"))
    plain = [rf"{re.escape(word)}(s|es)?" for word in words]
    return re.compile(rf"\b({'|'.join([*plain, *_further()])})\b", re.IGNORECASE)


def _further() -> Iterator[str]:
    for word in FURTHER.split():
        yield rf"{word[:-1]}\w*" if word.endswith("*") else word


def _note(kept: dict[str, list[str]]) -> str:
    texts = [text for group in kept.values() for text in group]
    return Template((HERE / "small-text-template.md").read_text(encoding="utf-8")).substitute(
        sentences=f"{len(texts):,}",
        held_out=f"{sum(is_held_out(normalise(text)) for text in texts):,}",
        table="\n".join(map(_row, [*kept, "all"], [*kept.values(), texts])),
        licence="\n".join(f"    {line}".rstrip() for line in wordnet.licence().splitlines()),
    )


class Pronouns(NamedTuple):
    """How many sentences have a form of he, of she, of both, of they."""

    he: int
    she: int
    both: int
    they: int


def pronouns(texts: list[str]) -> Pronouns:
    """Count the sentences with pronouns."""
    words = [set(normalise(text).split()) for text in texts]
    he, she, they = ([bool(group & one) for one in words] for group in (HE, SHE, THEY))
    both = sum(one and other for one, other in zip(he, she, strict=True))
    return Pronouns(sum(he), sum(she), both, sum(they))


def _row(name: str, texts: list[str]) -> str:
    counts = (len(texts), *pronouns(texts))
    return f"| {name} | {' | '.join(f'{count:,}' for count in counts)} |"


def main() -> None:
    sentences, note = build()
    text = "".join(f"{sentence}\n" for sentence in sentences)
    TEXT.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    NOTE.write_text(note, encoding="utf-8")
    print(f"{len(sentences):,} sentences, {len(text):,} bytes, {TEXT.stat().st_size:,} packed")


if __name__ == "__main__":
    main()
