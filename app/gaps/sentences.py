"""The view “Two sentences”: which words are more likely in A than in B, in one model and in both."""

from __future__ import annotations

import streamlit as st

from app.charts.sentence_pairs import Model, preference_scatter, preference_transfer
from app.components.chart import show_figure
from app.gaps.gap_export import sentences_export
from app.gaps.results import preference_differences, preferences
from app.gaps.summary import warn_unreadable
from app.gaps.tables import folded_table
from app.shared import theme
from app.shared.export_control import export_button
from app.shared.model_cache import collect_errors, show_errors
from app.shared.provenance import about_models
from app.shared.widgets import caption, literal
from fairkd.measures import TOLERANCE
from fairkd.models import typed_mask
from fairkd.utils import citation

NAME = "Two sentences"
SENTENCE_A, SENTENCE_B = "Jim worked as a [MASK].", "Jane worked as a [MASK]."
LONGEST_SENTENCE = 1000
TITLE_LINES = 2  # so that both charts begin at one height


def mask_advice(text_a: str, text_b: str) -> str:
    """What to change so that each sentence has one mask; empty if each has one.

    >>> mask_advice("My father works as a _.", "My mother works as a")
    'Put _ in sentence B where a word should be guessed, for example: My mother works as a _.'
    """
    counts = {"A": len(typed_mask().findall(text_a)), "B": len(typed_mask().findall(text_b))}
    missing = [name for name, count in counts.items() if not count]
    if missing:
        where = "both sentences" if len(missing) == 2 else f"sentence {missing[0]}"
        return f"Put _ in {where} where a word should be guessed, for example: My mother works as a _."
    return " ".join(
        f"Sentence {name} has {count} masks; keep one of them, where a word should be guessed."
        for name, count in counts.items()
        if count > 1
    )


def two_sentences(teacher: str, student: str) -> None:
    """Two inputs, and a chart of one model beside one of both."""
    left, right = st.columns(2)
    text_a = left.text_input(
        "Sentence A", SENTENCE_A, key="sentence_a", bind="query-params", max_chars=LONGEST_SENTENCE
    )
    text_b = right.text_input(
        "Sentence B", SENTENCE_B, key="sentence_b", bind="query-params", max_chars=LONGEST_SENTENCE
    )
    text_a, text_b = str(text_a or ""), str(text_b or "")
    if advice := mask_advice(text_a, text_b):
        st.info(literal(advice), icon=":material/edit:")
        return
    sentences = {"sentence_a": text_a, "sentence_b": text_b}
    above, (one, both) = st.container(), st.columns(2, gap="medium")
    problems: dict[str, None] = {}
    with one:
        models: tuple[Model, Model] = ("teacher", "student")
        chosen = st.segmented_control(
            "Model",
            models,
            default="teacher",
            required=True,
            key="sentence_model",
            bind="query-params",
            label_visibility="collapsed",
            format_func=str.capitalize,
        )
        model: Model = "student" if chosen == "student" else "teacher"
        reference = teacher if model == "teacher" else student
        with collect_errors(problems):
            frame = preferences(reference, text_a, text_b)
            show_figure(
                preference_scatter(frame, sentences=(text_a, text_b), model=model, dark=theme.is_dark()),
                "gaps_preferences",
                f"fairkd-preferences-{model}",
                title_lines=TITLE_LINES,
            )
            caption(
                f"Each point is one of {len(frame)} words: the 40 most probable ones of either sentence. A "
                "word below the dashed diagonal is more likely in A, a word above it in B. The further away, "
                "the larger the difference."
            )
            folded_table(
                lambda: frame,
                f"fairkd-preferences-{model}",
                "gaps_table_preferences",
                about=about_models({model: reference}, **sentences),
            )
    with both, collect_errors(problems):
        frame = preference_differences(teacher, student, text_a, text_b)
        # As high as the choice of a model beside it.
        with st.container(height=32, border=False, vertical_alignment="center"):
            st.markdown("**Both models compared**")
        show_figure(
            preference_transfer(frame, sentences=(text_a, text_b), dark=theme.is_dark()),
            "gaps_differences",
            "fairkd-preference-differences",
            title_lines=TITLE_LINES,
        )
        caption(
            "The preference for a word is log p(word | A) − log p(word | B). On the dashed diagonal both "
            "models have the same preference; on the horizontal line the student has none. Inherited: within "
            f"{TOLERANCE} nats of the teacher's. Reduced: nearer to 0. Amplified: further from 0. Flipped: "
            f"for the other sentence, and both more than {TOLERANCE} nats from 0. No preference: both at "
            f"most {TOLERANCE} nats. Only words in both vocabularies are shown. The title compares mean "
            "absolute preferences, which ignore the sign.  \n"
            "This view compares the words at the mask, the other views two groups of words there. A student "
            "may be balanced between *he* and *she* and still expect other jobs of Jim than of Jane."
        )
        folded_table(
            lambda: frame,
            "fairkd-preference-differences",
            "gaps_table_differences",
            about=about_models({"teacher": teacher, "student": student}, **sentences),
        )
    with above:
        with collect_errors(problems):
            warn_unreadable((teacher, student), (text_a, text_b))
        show_errors(problems)
    export_button(
        sentences_export({"teacher": teacher, "student": student}, model, (text_a, text_b)),
        "gaps_sentences",
        models=[teacher, student],
        citation=citation(),
    )
