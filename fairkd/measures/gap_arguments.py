"""The arguments of a measurement of gaps, checked: word groups, templates, professions."""

from __future__ import annotations

from collections.abc import Sequence

from fairkd.errors import InputError, listed
from fairkd.lexicon import Contrast, Profession, Template, WordGroup, as_profession
from fairkd.utils import shortened


def chosen_groups(contrast: Contrast, names: Sequence[str] | None) -> list[WordGroup]:
    """The groups of these names, at least two; by default the first two. InputError for other names."""
    by_name = {group.name: group for group in contrast.groups}
    if names is None:
        return list(contrast.groups[:2])
    if len(names) < 2 or len(set(names)) < len(names) or not by_name.keys() >= set(names):
        raise other_groups(contrast, names)
    return [by_name[name] for name in names]


def other_groups(contrast: Contrast, names: Sequence[str]) -> InputError:
    """What to say where the names of the groups do not fit."""
    known = listed([shortened(group.name, 40) for group in contrast.groups])
    return InputError(
        f"A gap needs two different groups of '{contrast.name}' ({known}), but got "
        f"{shortened(', '.join(map(str, names)))}."
    )


def fitting_templates(
    contrast: Contrast, templates: Sequence[Template], groups: Sequence[WordGroup]
) -> list[Template]:
    """The templates whose role has words; of those with the same text and words, the first."""
    if not templates:
        raise InputError(
            "The list of templates is empty: give at least one, such as [MASK] is {a profession}."
        )
    different: dict[tuple[object, ...], Template] = {}
    for template in templates:
        if template.role in contrast.roles:
            words = tuple(group.for_role(template.role) for group in groups)
            different.setdefault((template.text, words), template)
    if not different:
        roles = dict.fromkeys(template.role for template in templates)
        raise InputError(
            f"No template fits the word groups '{contrast.name}': they have words for "
            f"{', '.join(contrast.roles)}, but the templates need {shortened(', '.join(roles))}."
        )
    return list(different.values())


def cleaned_professions(professions: Sequence[str | Profession]) -> list[Profession]:
    """The professions without surrounding white space, empty texts and repetitions."""
    if isinstance(professions, str):
        raise InputError(
            f"The professions must be a list of texts, but got the text '{shortened(professions)}'."
        )
    found: dict[str, Profession] = {}
    for given in map(as_profession, professions):
        if name := given.name.strip():
            found.setdefault(name, Profession(name, given.feminine.strip()))
    if not found:
        raise InputError("The list of professions is empty: give at least one, such as nurse.")
    return list(found.values())


def quoted_names(names: list[str]) -> str:
    """Up to five names in quotation marks."""
    kind = "the profession" if len(names) == 1 else "the professions"
    return f"{kind} " + listed([f"'{shortened(name, 80)}'" for name in names], 5)
