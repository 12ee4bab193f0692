"""How often the training text holds a constraint's words, against a plain count."""

from __future__ import annotations

from collections.abc import Callable

from fairkd.constraints.constraint import Constraint, resolve
from fairkd.distill.data.batching import encode
from fairkd.distill.group_words import count_group_words, group_words_sentence
from fairkd.lexicon.word_groups import contrasts
from fairkd.models.loading import MaskedLM


def test_every_spelling_is_counted(tiny_model: Callable[[str], MaskedLM]) -> None:
    lm = tiny_model("bert-cased")
    sentences = ["He said that he is old.", "She said he is (he) young."]
    constraint = resolve(lm, contrasts()["pronouns"], kind="group", roles=["subject"])
    found = count_group_words(lm, constraint, ["he", "she"], encode(lm.tokenizer, sentences))
    assert found == {"he": {"he": 3, "He": 1}, "she": {"she": 0, "She": 1}}
    sentence = group_words_sentence(found)
    assert sentence == "The training text holds the words of he 4 times (he 3, He 1), of she once (She 1)."


def test_without_a_constraint_there_is_nothing_to_say(tiny_bert: MaskedLM) -> None:
    found = count_group_words(tiny_bert, Constraint("none"), ["he", "she"], [])
    assert found == {} and group_words_sentence(found) == ""
