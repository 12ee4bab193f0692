"""One run or several as one HTML document, to be kept or sent: `fairkd report`.

Everything that the report says and draws is computed here; `resources/run_report.html` lays it out, and
`run_report.js` replays the watched sentences.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fairkd import __version__
from fairkd.benchmarks import html_report, make_measure_config, stored_results
from fairkd.distill.config import all_settings, flat, make_config
from fairkd.errors import InputError, listed
from fairkd.measures import MEASURES, MIN_MASS_SHARE, SIGNIFICANCE, has_lost_mass
from fairkd.reports.curve_plot import loss_plot, measure_plot
from fairkd.reports.paired_differences import PAIRED, difference_row
from fairkd.reports.submit_again import (
    example_command,
    settings_file,
    settings_text,
    steps_note,
    submit_command,
)
from fairkd.reports.watched_replay import replay
from fairkd.runs import (
    Run,
    duration,
    evaluation_differences,
    event_tables,
    events,
    paired_verdicts,
    setting_differences,
)
from fairkd.utils import citation, html_page

MOST_RUNS = 8  # in one report
_CURVES = ("gap_absolute", "pseudo_perplexity_sampled", "kl")


def report(chosen: Sequence[Run]) -> str:
    """The document of a run, or of several distillations compared with the first.

    Raises
    ------
    InputError
        Without a run, for more than `MOST_RUNS`, for one twice, for a measurement among several runs, or
        where nothing has been measured yet.
    """
    if not 1 <= len(chosen) <= MOST_RUNS:
        raise InputError(f"A report is of 1 to {MOST_RUNS} runs, but {len(chosen)} are given.")
    if len({run.id for run in chosen}) < len(chosen):
        raise InputError("Each run can be in a report once: name different runs.")
    measurements = [run for run in chosen if run.kind == "measure"]
    if not measurements:
        return _distillations(chosen)
    if len(chosen) > 1:
        raise InputError(
            f"{_label(measurements[0])} is a measurement, which has a report of its own: name it alone."
        )
    return _measurement(measurements[0])


def _measurement(run: Run) -> str:
    results, refusals = stored_results.read(run.folder)
    if not results:
        raise InputError(f"{_label(run)} has no results yet, so there is nothing to report.")
    config = None if run.config_error else make_measure_config(dict(run.config))
    return html_report(results, refusals=refusals, command=config.command if config else "")


def _distillations(chosen: Sequence[Run]) -> str:
    names = _names(chosen)
    read = {run.id: events.scan(run.folder) for run in chosen}
    histories = {names[run.id]: events.history(read[run.id].events) for run in chosen}
    tables = {name: event_tables.evaluations(one) for name, one in histories.items()}
    if all(table.empty for table in tables.values()):
        none = "has no evaluation" if len(chosen) == 1 else "have no evaluations"
        raise InputError(f"{listed(list(map(_label, chosen)))} {none} yet, so there is nothing to report.")
    different = _differences(chosen)
    teachers = {name: event_tables.teacher(one) or {} for name, one in histories.items()}
    teacher = {} if different else next(filter(None, teachers.values()), {})
    last = {name: event_tables.last_evaluation(one) for name, one in histories.items()}
    plots = [measure_plot(MEASURES[key], tables, teacher) for key in _CURVES]
    plots.append(loss_plot({name: event_tables.training(one) for name, one in histories.items()}))
    shown = replay(histories)
    own = [run for run in chosen if not run.example]
    examples = [run.folder.name for run in chosen if run.example]
    commands = [example_command(examples)] if examples else []
    commands += [submit_command(run, settings_file(run)) for run in own if not run.config_error]
    return html_page(
        "run_report.html",
        title=chosen[0].name if len(chosen) == 1 else f"{len(chosen)} runs compared",
        version=__version__,
        date=datetime.now(UTC).date().isoformat(),
        runs=[_about(run, names[run.id], read[run.id].damage, histories[names[run.id]]) for run in chosen],
        warnings=_warnings(different, last, teachers),
        teacher=str(chosen[0].config.get("teacher", "")) if teacher else "",
        evaluation=_evaluation(tables, last, teacher),
        pairs=[] if different else _pairs(last, teacher),
        significance=SIGNIFICANCE,
        plots=list(filter(None, plots)),
        curves=[_curve_table(name, tables[name]) for name in tables if not tables[name].empty],
        replay=shown,
        frames=_for_script({"steps": shown.steps, "frames": shown.frames}) if shown else "",
        differences=_setting_rows(chosen, names),
        command="\n".join(map(shlex.join, commands)),
        notes=[note for run in own if (note := steps_note(run).replace("`", ""))],
        files={settings_file(run): settings_text(run) for run in own if not run.config_error},
        citation=citation(),
    )


def _names(chosen: Sequence[Run]) -> dict[str, str]:
    """What each run is called, by id: its name, with the id where another has the same."""
    names = [run.name for run in chosen]
    return {run.id: run.name if names.count(run.name) == 1 else f"{run.name} ({run.id})" for run in chosen}


def _label(run: Run) -> str:
    return f"{run.name} ({run.id})"


def _differences(chosen: Sequence[Run]) -> Sequence[str]:
    """The settings that make the runs incomparable; those of a run without readable settings are unknown."""
    if any(run.config_error for run in chosen):
        return ("settings that cannot be read",) if len(chosen) > 1 else ()
    return evaluation_differences([run.config for run in chosen])


def _about(run: Run, name: str, damage: str | None, history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A run's facts: what it was, how it ended, and what is wrong with it."""
    facts: dict[str, object] = {"run": run.id, "state": "example" if run.example else run.state}
    facts |= {"seed": run.config.get("seed"), "steps": f"{run.step:,}"}
    if run.started is not None and run.ended is not None:
        facts["time"] = duration(run.ended - run.started)
    tokens = [event["tokens"] for event in history if event["type"] == "train" and event.get("tokens")]
    facts["tokens read"] = f"{int(tokens[-1]):,}" if tokens else None
    texts: list[str] = []
    if not run.config_error:
        config = make_config(run.config)
        facts |= {"teacher": config.teacher, "text": config.corpus.source}
        facts["held-out text"] = config.corpus.held_out
        from fairkd.distill import student_fact, teaching_fact  # imports PyTorch

        words = next((event.get("group_words") for event in history if event["type"] == "start"), None)
        texts = [student_fact(config), teaching_fact(config, words).replace("`", "")]
    found = [run.config_error, damage, run.warning, run.sentence if run.state != "finished" else None]
    return {
        "name": name,
        "note": run.note,
        "facts": {key: str(value) for key, value in facts.items() if value not in (None, "")},
        "texts": texts,
        "warnings": list(dict.fromkeys(filter(None, found))),
        "changed": [] if run.config_error else _changed(run.config),
        "settings": [(key, _setting(value)) for key, value in flat(run.config).items()],
    }


def _changed(config: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The settings that differ from their defaults: name, value, meaning."""
    own = flat(config)
    return [
        (one.key, _setting(own[one.key]), one.description)
        for one in all_settings()
        if one.key in own and own[one.key] != one.default
    ]


def _setting(value: object) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _setting_rows(chosen: Sequence[Run], names: Mapping[str, str]) -> dict[str, Any] | None:
    if len(chosen) < 2:
        return None
    found = setting_differences(chosen)
    rows = [[key, *(_setting(row[run.id]) for run in chosen)] for key, row in found.items()]
    return {
        "headings": ["Setting", *(names[run.id] for run in chosen)],
        "rows": rows,
        "texts": 1 + len(chosen),
    }


def _warnings(
    different: Sequence[str], last: Mapping[str, Mapping[str, Any]], teachers: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """What a reader has to know before the numbers."""
    found = []
    if different:
        verb = "differs" if len(different) == 1 else "differ"
        found.append(
            f"These runs are not comparable: {listed(list(different))} {verb}, so their evaluations "
            "differ, too."
        )
    lost = [
        name
        for name, one in last.items()
        if has_lost_mass(one.get("gap_mass"), teachers[name].get("gap_mass"))
    ]
    if lost:
        verb = "gives" if len(lost) == 1 else "give"
        found.append(
            f"{listed(lost)} {verb} the measured words less than {100 * MIN_MASS_SHARE:.0f} % of the "
            "probability that the teacher gives them. Such a gap means little, even if it is small."
        )
    return found


def _evaluation(
    tables: Mapping[str, Any], last: Mapping[str, Mapping[str, Any]], teacher: Mapping[str, Any]
) -> dict[str, Any]:
    """A row a measure: the teacher's value, a single run's before training, and each run's at the end."""
    first: Mapping[str, Any] = {}
    if len(tables) == 1:
        (table,) = tables.values()
        first = table.iloc[0].to_dict() if len(table) > 1 else {}
    steps = {name: f", step {one['step']:,}" if one else "" for name, one in last.items()}
    columns: dict[str, Mapping[str, Any]] = {}
    if teacher:
        columns["Teacher"] = teacher
    if first:
        columns[f"Student, step {int(first['step']):,}"] = first
    for name, one in last.items():
        columns[f"{'Student' if len(last) == 1 else name}{steps[name]}"] = one
    rows = []
    for measure in MEASURES.values():
        if any(one.get(measure.key) is not None for one in last.values()):
            size = next(filter(None, (measure.sample_size(one) for one in last.values())), "–")
            cells = [
                {
                    "text": measure.format(values.get(measure.key)),
                    "more": measure.format_interval(values),
                    "clear": False,
                }
                for values in columns.values()
            ]
            rows.append([measure.label, *cells, size])
    return {"headings": ["Measure", *columns, "Measured on"], "rows": rows, "texts": 1}


def _pairs(last: Mapping[str, Mapping[str, Any]], teacher: Mapping[str, Any]) -> list[dict[str, str]]:
    """How each run differs item by item: from the first, or a single one from its teacher."""
    known: dict[str, Mapping[str, Any]] = {name: one for name, one in last.items() if one}
    if len(last) == 1 and teacher.get("items"):
        known = {"teacher": teacher, **known}
    if len(known) < 2:
        return []
    baseline = next(iter(known))
    return [
        {**difference_row(name, measure, verdict), "baseline": baseline}
        for measure in PAIRED
        if all(one.get(measure.key) is not None for one in known.values())
        for name, verdict in paired_verdicts(measure, known, baseline).items()
    ]


def _curve_table(name: str, table: Any) -> dict[str, Any]:
    """The numbers behind the curves of a run."""
    measures = [MEASURES[key] for key in _CURVES if key in table]
    rows = [
        [f"{row['step']:,}", *(measure.format_with_interval(row) for measure in measures)]
        for row in table.to_dict("records")
    ]
    headings = ["Step", *(measure.label for measure in measures)]
    return {"name": name, "table": {"headings": headings, "rows": rows, "texts": 0}}


def _for_script(value: object) -> str:
    """JSON that may stand in a script element: no text in it can end the element."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
