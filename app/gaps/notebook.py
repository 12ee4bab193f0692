"""The views of the Gaps page as cells of a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from app.gaps.results import GapQuestion
from app.shared.export_notebook import NotebookCell, call, code, prose
from fairkd.lexicon import ENGLISH, OWN, fitting, shipped_professions


def gap_cells(
    models: Mapping[str, str], question: GapQuestion, view: str, *, every: bool, marked: str | None
) -> list[NotebookCell]:
    """Teacher and student measured, and the figure of a view.

    `every` and `marked` are for the view by profession: whether it shows all, and which one it marks.
    """
    by_profession = {"ends": "None" if every else "ENDS", "marked": repr(marked)}
    draw = {
        "Bias transfer": [
            "from app.charts.titled import titled",
            "from app.gaps.views import transfer_figure",
            "",
            "titled(transfer_figure(results, question, dark=False))",
        ],
        "Labour market": [
            "from app.charts.titled import titled",
            "from app.gaps.views import labour_figure",
            "",
            "titled(labour_figure(results, question, dark=False))",
        ],
    }.get(
        view,
        [
            "from app.components.dumbbells import standalone_gaps",
            "from app.gaps.views import ENDS, profession_data",
            "",
            f"data = {call('profession_data', by_profession, 'results', 'question')}",
            "standalone_gaps(data)",
        ],
    )
    return [
        prose("The word groups, templates and professions."),
        question_cell(question),
        prose("Both models measured on every sentence: log P(A) − log P(B) at the mask, in nats."),
        code(
            "from app.gaps.results import compared",
            "from fairkd import load",
            "",
            f"references = {dict(models)!r}",
            "rows = {role: measured_gaps(load(reference)) for role, reference in references.items()}",
            'results = compared((rows["teacher"], rows["student"]), question, references)',
        ),
        prose("The figure, and its numbers by profession."),
        code(*draw),
        code('results.teacher.merge(results.student, on="profession", suffixes=("_teacher", "_student"))'),
    ]


def model_cells(
    labels: Mapping[str, str], question: GapQuestion, roles: Sequence[str | None]
) -> list[NotebookCell]:
    """Any number of models, compared with the first; `labels` are their names by reference."""
    chart = {
        "value": "question.value",
        "count": "len(question.names)",
        "roles": repr(list(roles)),
        "dark": "False",
    }
    return [
        prose("The word groups, templates and professions."),
        question_cell(question),
        prose(
            "Each model measured on every sentence, and compared with the first, profession by profession."
        ),
        code(
            "from app.charts.gap_models import models_chart",
            "from app.charts.titled import titled",
            "from fairkd import load",
            "from fairkd.measures import compare_models, rank_models",
            "",
            f"references = { {label: reference for reference, label in labels.items()}!r}",
            "measured = {name: measured_gaps(load(reference)) for name, reference in references.items()}",
            "table = compare_models(measured, value=question.value)",
            "ranking = rank_models(measured, value=question.value)",
            f"titled({call('models_chart', chart, 'table', 'ranking')})",
        ),
        code("table"),
    ]


def sentence_cells(models: Mapping[str, str], shown: str, sentences: tuple[str, str]) -> list[NotebookCell]:
    """Two sentences: the words that one model prefers in either, and both models' preferences compared."""
    return [
        prose("Which words does a model find more likely in one sentence than in the other?"),
        code(
            "from app.charts.sentence_pairs import preference_scatter, preference_transfer",
            "from app.charts.titled import titled",
            "from fairkd import load",
            "from fairkd.measures import prefer, prefer_difference",
            "",
            f"sentences = {sentences!r}",
            f"models = {{role: load(reference) for role, reference in {dict(models)!r}.items()}}",
            f"words = prefer(models[{shown!r}], *sentences)",
            f"titled(preference_scatter(words, sentences=sentences, model={shown!r}, dark=False))",
        ),
        code(
            'both = prefer_difference(models["teacher"], models["student"], *sentences)',
            "titled(preference_transfer(both, sentences=sentences, dark=False))",
        ),
        code("both"),
    ]


def question_cell(question: GapQuestion) -> NotebookCell:
    """The question of the page, and a function that asks it of a model."""
    imports = ["contrasts", "fitting", "shipped_professions"]
    language = question.contrast.language
    code_of = "" if language == ENGLISH else repr(language)
    contrast = f"contrasts({code_of})[{question.contrast.name.rpartition('/')[2]!r}]"
    if question.contrast.name == OWN:
        imports[0] = "Contrast, WordGroup"
        groups = [
            f"WordGroup({group.name!r}, {dict(group.words)!r}"
            + (f", {group.gender!r})" if group.gender else ")")
            for group in question.contrast.groups
        ]
        own = {"groups": f"({', '.join(groups)})", "roles": repr(question.contrast.roles)}
        if code_of:
            own["language"] = code_of
        contrast = call("Contrast", own, repr(OWN), repr(question.contrast.title))
    templates = "fitting(contrast, groups)"
    if list(question.templates) != fitting(question.contrast, question.groups):
        imports[1] = "Template"
        last = f", {code_of}" if code_of else ""
        rows = [f"    Template({one.text!r}, {one.role!r}{last})," for one in question.templates]
        templates = "\n".join(["[", *rows, "]"])
    columns = list(question.professions.columns)
    shipped = shipped_professions(language)[columns]
    professions = f"shipped_professions({code_of})[{columns!r}]"
    pandas = []
    if not question.professions.equals(shipped):
        del imports[2]
        pandas = ["import pandas as pd", ""]
        cells = question.professions.astype(object).where(pd.notna, None)
        rows = [f"    {row!r}," for row in cells.itertuples(index=False, name=None)]
        professions = "\n".join(["pd.DataFrame([", *rows, f"], columns={columns!r})"])
    gaps = {
        "contrast": "contrast",
        "templates": "templates",
        "professions": "list(question.asked)",
        "groups": "groups",
        "prior": repr(question.value == "corrected_gap"),
    }
    measured = call("gaps", gaps, "model").replace("\n", "\n    ")
    return code(
        *pandas,
        "from app.gaps.results import GapQuestion",
        f"from fairkd.lexicon import {', '.join(imports)}",
        "from fairkd.measures import gaps",
        "",
        f"contrast = {contrast}",
        f"groups = {question.groups!r}",
        f"templates = {templates}",
        f"professions = {professions}",
        f"question = GapQuestion(contrast, groups, {question.value!r}, tuple(templates), professions)",
        "",
        "",
        "def measured_gaps(model):",
        f"    return {measured}",
    )
