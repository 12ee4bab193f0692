"""Every single token that spells a word: with and without a space before it, and with a capital.

Which token stands for a word depends on the sentence: " he" inside it, "He" at its beginning, "il" without a
space after "qu'", and in Chinese and Japanese no word has a space before it. A constraint edits all of these
tokens, and a gap adds up the probabilities of all of them, so that what is balanced is what is measured.
"""

from __future__ import annotations

from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM
from fairkd.models.tokenization import UnknownWord, tokenize_word

# Texts before the word, one with a space at its end. A beginning of a sentence is like one of the two.
_BEFORE = ("and ", "and (")
Way = tuple[str, int]  # the text before the word, and which of its written forms it is


def written_forms(word: str) -> tuple[str, ...]:
    """The word as it is given, then with a capital; a Turkish "i" has the capitals "I" and "İ".

    >>> written_forms("he"), written_forms("Mann"), written_forms("için")
    (('he', 'He'), ('Mann',), ('için', 'Için', 'İçin'))
    """
    first, rest = word[:1], word[1:]
    capitals = (first.upper(), "İ") if first == "i" else (first.upper(),)
    return tuple(dict.fromkeys([word, *(capital + rest for capital in capitals)]))


def single_token_spellings(lm: MaskedLM, word: str) -> dict[Way, int]:
    """The token ids that spell `word` as one token, by the way it is written; empty if there are none.

    The ways are the same for every word, so the spellings of two words can be paired: "he" with "she", and
    "He" with "She". In byte-level BPE and SentencePiece, "he" without a space also continues words ("ache"):
    these tokenizers do not tell it from a word after a quotation mark.

    >>> from fairkd import models
    >>> teacher = models.load("embedded/teacher")
    >>> {teacher.vocabulary[token] for token in single_token_spellings(teacher, "he").values()}
    {'he'}
    >>> single_token_spellings(teacher, "astrophotographer")
    {}
    """
    found: dict[Way, int] = {}
    wanted = word.strip()
    forms = (wanted,) if lm.lower_case else written_forms(wanted)
    for form, written in enumerate(forms):
        for before in _BEFORE if lm.marks_spaces else _BEFORE[:1]:
            try:
                spelled = tokenize_word(lm, written, before=before)
            except UnknownWord:
                continue
            if spelled.single:
                found[before, form] = spelled.ids[0]
    return found


def refuse_unspellable(lm: MaskedLM, word: str) -> None:
    """InputError if the word is not one token in any spelling, with the tokens that it is split into."""
    subwords = tokenize_word(lm, word, before=_BEFORE[0]).subwords
    raise InputError(
        f"The tokenizer splits {word!r} into {list(subwords)}, but a constraint needs words of one token. "
        "Leave the word out, or skip such words (constraint.skip_unspellable)."
    )
