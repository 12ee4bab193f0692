"""Language packs: complete, and every sentence agrees with the group that it is about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fairkd.errors import InputError
from fairkd.lexicon.language_packs import known_language, language_of, languages
from fairkd.lexicon.professions import Profession, professions_of, shipped_professions
from fairkd.lexicon.templates import Template, templates_of
from fairkd.lexicon.word_groups import ROLES, all_contrasts, contrasts, make_contrast

OTHERS = [code for code in languages() if code != "en"]


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_groups_with_a_gender_templates_for_them_and_professions(code: str) -> None:
    professions = shipped_professions(code)
    assert len(professions) >= 40 and professions.profession.is_unique
    assert (professions.feminine != professions.profession).all()
    assert professions.women_share.isna().all() == (professions.source == "").all()
    roles = {one.role for one in templates_of(ROLES, language=code)}
    for contrast in contrasts(code).values():
        assert [group.gender for group in contrast.groups] == ["masculine", "feminine"]
        assert set(contrast.roles) <= roles
    paired = contrasts(code)["pronouns"]
    assert all(len(paired.pairs(role)) >= 1 for role in paired.roles), "a constraint can pair its words"


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_renders_in_both_forms(code: str) -> None:
    for template in templates_of(ROLES, language=code):
        for profession in professions_of(shipped_professions(code)):
            for gender in ("masculine", "feminine"):
                rendered = template.render(profession, gender)
                assert "{" not in rendered.text and "|" not in rendered.text
                assert rendered.text[slice(*rendered.target)] == "[MASK]"
                found = {rendered.text[start:end] for start, end in rendered.professions}
                assert {word.lower() for word in found} == {profession.form(gender).lower()}


@pytest.mark.parametrize(
    ("code", "text", "profession", "man", "woman"),
    [
        ("nl", "{The profession} zei dat [MASK] moe was.", ("leraar", "lerares"), "De leraar", "De lerares"),
        ("nl", "[MASK] is {a profession}.", ("arts", ""), "een arts", "een arts"),
        ("de", "[MASK] ist {a profession}.", ("Koch", "Köchin"), "ein Koch", "eine Köchin"),
        ("de", "{The profession} kennt [MASK].", ("Arzt", "Ärztin"), "Der Arzt", "Die Ärztin"),
        ("fr", "{The profession} voit [MASK].", ("avocat", "avocate"), "L'avocat", "L'avocate"),
        ("fr", "{The profession} voit [MASK].", ("écrivain", "écrivaine"), "L'écrivain", "L'écrivaine"),
        ("fr", "{The profession} voit [MASK].", ("hôtelier", "hôtelière"), "L'hôtelier", "L'hôtelière"),
        ("fr", "{The profession} voit [MASK].", ("harpiste", ""), "Le harpiste", "La harpiste"),
        ("fr", "[MASK] voit {the profession}.", ("juge", ""), "le juge", "la juge"),
        ("fr", "{a profession}, {lui|elle}, voit [MASK].", ("juge", ""), "Un juge, lui,", "Une juge, elle,"),
        ("es", "{The profession} vio a [MASK].", ("juez", "jueza"), "El juez", "La jueza"),
        ("es", "¿[MASK] vio a {a profession}?", ("dentista", ""), "un dentista", "una dentista"),
    ],
)
def test_articles_professions_and_adjectives_agree(
    code: str, text: str, profession: tuple[str, str], man: str, woman: str
) -> None:
    template, one = Template(text, "subject", code), Profession(*profession)
    assert man in template.render(one, "masculine").text
    assert woman in template.render(one, "feminine").text
    assert template.render(one).text == template.render(one, "masculine").text


def test_own_words_have_the_gender_of_the_shipped_groups_that_they_are_in() -> None:
    own = make_contrast("own", {"a": ["Bruder", "er"], "b": ["Schwester"], "c": ["Kind"]}, "de")
    assert [group.gender for group in own.groups] == ["masculine", "feminine", None]
    assert make_contrast("own", {"a": ["er", "sie"], "b": ["es"]}, "de").groups[0].gender is None


def test_ambiguous_words_are_told() -> None:
    german = language_of("de")
    assert len(german.ambiguities(["er", "sie", "Sie"])) == 1
    assert "polite" in german.ambiguities(["Sie"])[0]
    assert language_of("en").ambiguities(["he", "her"]) == ()
    for code, word in (("nl", "zijn"), ("nl", "haar"), ("es", "su"), ("fr", "sa"), ("es", "él")):
        assert language_of(code).ambiguities([word]), word


def test_groups_are_found_by_their_full_name() -> None:
    assert all_contrasts()["de/pronouns"] == contrasts("de")["pronouns"]
    assert all_contrasts()["pronouns"].language == "en"


def test_the_language_of_a_card_is_known_by_its_tag() -> None:
    assert known_language(["de-AT"]) == known_language(["pt", "de"]) == "de"
    assert known_language([]) is None


def test_an_unknown_language_is_refused() -> None:
    for ask in (shipped_professions, contrasts, language_of):
        with pytest.raises(InputError, match="in the language 'xx': expected one of en, "):
            ask("xx")


def test_a_turkish_i_gets_its_own_capital() -> None:
    assert language_of("en").capitalised("it") == "It"
    assert replace(language_of("en"), code="tr").capitalised("iyi") == "İyi"
