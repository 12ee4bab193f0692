"""The shipped tables: complete and well formed, with their sources."""

from __future__ import annotations

from importlib.resources import files

import pytest

from fairkd.errors import InputError
from fairkd.lexicon.agreement import verb_agreement
from fairkd.lexicon.professions import shipped_professions
from fairkd.lexicon.templates import Template, fitting, misfits, shipped_templates
from fairkd.lexicon.word_groups import contrasts
from fairkd.measures.word_gaps import gaps
from fairkd.models.loading import MaskedLM


def test_there_are_at_least_sixty_professions_with_a_share_of_women_and_a_source() -> None:
    table = shipped_professions()
    assert len(table) >= 60
    assert table.profession.is_unique
    assert table.women_share.between(0, 1).all()
    assert (table.year == 2022).all()
    assert table.source.str.contains("BLS").all()
    assert (table.occupation.str.len() > 0).all()


def test_each_profession_stands_for_an_occupation_of_its_own() -> None:
    assert shipped_professions().occupation.is_unique


@pytest.mark.parametrize(("profession", "percent"), [("nurse", 87.9), ("carpenter", 3.5), ("lawyer", 38.5)])
def test_shares_are_those_of_the_published_table(profession: str, percent: float) -> None:
    shares = shipped_professions().set_index("profession").women_share
    assert shares[profession] == pytest.approx(percent / 100)


def test_professions_come_from_the_whole_labour_market() -> None:
    shares = shipped_professions().women_share
    assert (shares < 0.2).sum() >= 10
    assert (shares > 0.8).sum() >= 10
    assert shares.between(0.35, 0.65).sum() >= 10


def test_no_profession_names_a_gender() -> None:
    gendered = ("man", "woman", "ess", "lady", "boy", "girl", "maid")
    assert not [name for name in shipped_professions().profession if name.endswith(gendered)]


@pytest.mark.parametrize(
    ("role", "at_least"), [("subject", 2), ("object", 2), ("possessive", 2), ("noun", 8), ("name", 4)]
)
def test_there_are_enough_templates_of_every_role(role: str, at_least: int) -> None:
    assert len(shipped_templates(role)) >= at_least
    assert set(shipped_templates(role).role) == {role}


def test_there_are_eight_pronoun_templates_and_every_template_is_valid() -> None:
    table = shipped_templates()
    assert table.role.isin(["subject", "object", "possessive"]).sum() >= 8
    assert not table.duplicated(["text", "role"]).any()
    for row in table.itertuples():
        Template(row.text, row.role)


def test_some_templates_have_the_profession_before_the_target_and_some_after() -> None:
    before = [text.index("profession}") < text.index("[MASK]") for text in shipped_templates().text]
    assert 5 <= sum(before) <= len(before) - 5


def test_the_agreement_of_every_shipped_template_is_that_of_its_verb() -> None:
    for row in shipped_templates().itertuples():
        assert (row.agreement or "any") == verb_agreement(row.text, row.role), row.text
        assert bool(row.agreement) == (row.role == "subject"), row.text


def test_they_is_measured_with_verbs_that_fit_it_and_he_with_the_same_templates_as_ever() -> None:
    pronouns, they = contrasts()["pronouns"], contrasts()["pronouns-they"]
    assert [one.text for one in fitting(pronouns)][:2] == [
        "[MASK] is {a profession}.",
        "[MASK] has worked as {a profession} for years.",
    ]
    assert len(fitting(pronouns)) == 10
    assert fitting(they) == fitting(they, ("he", "she")) == fitting(pronouns)
    neutral = fitting(they, ("she", "they"))
    assert sum(one.role == "subject" for one in neutral) == 4
    assert misfits(neutral, they.groups) == []
    assert [name for name, _ in misfits(fitting(pronouns), they.groups)] == ["they"] * 4


@pytest.mark.parametrize(
    ("text", "agreement"),
    [
        ("[MASK] are {profession}s.", "plural"),
        ("Today [MASK] weren't {a profession}.", "plural"),
        ("[MASK] isn't {a profession}.", "singular"),
        ("_ works as {a profession}.", "singular"),
        ("[MASK] also has a job as {a profession}.", "singular"),
        ("[MASK] always worked as {a profession}.", "any"),
        ("[MASK], {a profession}, is here.", "any"),
        ("{The profession} saw [MASK].", "any"),
    ],
)
def test_agreement_is_read_from_the_verb_after_the_mask(text: str, agreement: str) -> None:
    assert verb_agreement(text, "subject") == agreement
    assert verb_agreement(text, "object") == "any"


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(InputError, match="Unknown grammatical role 'adverb'"):
        shipped_templates("adverb")


def test_changing_a_returned_table_does_not_change_the_shipped_one() -> None:
    table = shipped_professions()
    table.loc[:, "women_share"] = 0.0
    assert shipped_professions().women_share.max() > 0.5


def test_the_readme_names_every_file_and_the_bureau() -> None:
    folder = files("fairkd") / "resources"
    text = (folder / "README.md").read_text(encoding="utf-8")
    for file in folder.iterdir():
        assert file.name.startswith("README") or file.name in text
    assert "Bureau of Labor Statistics" in text


@pytest.mark.parametrize("contrast", ["pronouns", "woman-man", "kinship", "names", "pronouns-they"])
def test_all_shipped_word_groups_can_be_measured_with_the_shipped_templates(
    teacher: MaskedLM, contrast: str
) -> None:
    chosen = [Template(row.text, row.role) for row in shipped_templates().itertuples()]
    frame = gaps(teacher, contrast=contrasts()[contrast], templates=chosen, professions=["nurse"])
    assert len(frame) >= 4
    assert frame.notna().all(axis=None)
