"""The command line that measures what the Gaps page shows, and what its files say of themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from app.gaps.results import GapQuestion
from app.shared.provenance import About, about_models
from fairkd.lexicon import ENGLISH, OWN, fitting, professions_of, shipped_professions

NOTE = (
    "`--json` adds the gaps of every profession; `--csv gaps.csv` writes those of every sentence. "
    "95 % intervals of means and of their differences are percentile bootstrap intervals (2,000 resamples, "
    "seed 0); that of Pearson's r is Fisher's."
)
TEMPLATES, PROFESSIONS = "templates.csv", "professions.csv"
LPBS = """@inproceedings{kurita2019measuring,
  title     = {Measuring Bias in Contextualized Word Representations},
  author    = {Kurita, Keita and Vyas, Nidhi and Pareek, Ayush and Black, Alan W. and Tsvetkov, Yulia},
  booktitle = {Proceedings of the First Workshop on Gender Bias in Natural Language Processing},
  year      = {2019},
  note      = {arXiv:1906.07337},
}"""


def command(models: Sequence[str], question: GapQuestion) -> list[str]:
    """The arguments of `fairkd gaps`, the program first. It reads `files(question)`."""
    arguments = ["fairkd", "gaps"]
    for reference in dict.fromkeys(models):
        arguments += ["--model", reference]
    if question.contrast.name == OWN:
        roles = dict.fromkeys(template.role for template in question.templates)
        lists = [", ".join(group.for_role(next(iter(roles)))) for group in question.pair]
        arguments += ["--words", *lists, "--role", *roles]
    else:
        name = question.contrast.name.rpartition("/")[2]
        arguments += ["--contrast", name, "--groups", *question.groups]
    if question.contrast.language != ENGLISH:
        arguments += ["--language", question.contrast.language]
    for name in files(question):
        arguments += [f"--{name.removesuffix('.csv')}", name]
    if question.value == "corrected_gap":
        arguments.append("--prior-corrected")
    return arguments


def files(question: GapQuestion) -> Mapping[str, Callable[[], str]]:
    """The text of the files that the command reads: edited templates and professions, none if unedited."""
    found: dict[str, Callable[[], str]] = {}
    own_role = {template.role for template in question.templates}
    shipped = [
        template
        for template in fitting(question.contrast, question.groups)
        if question.contrast.name != OWN or template.role in own_role
    ]
    if list(question.templates) != shipped:
        rows = [(template.text, template.role) for template in question.templates]
        found[TEMPLATES] = lambda: pd.DataFrame(rows, columns=["text", "role"]).to_csv(index=False)
    if list(question.asked) != professions_of(shipped_professions(question.contrast.language)):
        found[PROFESSIONS] = lambda: question.professions.to_csv(index=False)
    return found


def about(models: Mapping[str, str], question: GapQuestion, *, counts: bool = True) -> About:
    """The columns that a file gets besides its numbers: models by role, word groups, settings.

    `counts` adds the numbers of templates and professions; not for a table that has them in each row.
    """
    numbers = {"n_templates": len(question.templates), "n_professions": len(question.professions)}
    (name_a, name_b), (words_a, words_b) = question.groups, question.words
    return about_models(
        models,
        word_groups=question.contrast.name,
        group_a=name_a,
        words_a=words_a,
        group_b=name_b,
        words_b=words_b,
        value=question.value,
        **(numbers if counts else {}),
    )
