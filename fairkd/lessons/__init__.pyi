from .constraint_tasks import (
    KD as KD,
    MLM as MLM,
    PAIR as PAIR,
    check_leak as check_leak,
    how_far_a_label_pulls as how_far_a_label_pulls,
    how_much_leaks as how_much_leaks,
    label_pull as label_pull,
    swapped_example as swapped_example,
)
from .exercise_result import ExerciseResult as ExerciseResult, QuestionAnswer as QuestionAnswer
from .experiment_cells import (
    EXPERIMENTS as EXPERIMENTS,
    Experiment as Experiment,
    ExperimentCell as ExperimentCell,
    experiment as experiment,
)
from .experiment_result import (
    ExperimentResult as ExperimentResult,
    as_text as as_text,
    check_budgets as check_budgets,
    command_of as command_of,
    compare_cells as compare_cells,
    format_value as format_value,
    read_result as read_result,
    standing as standing,
    stored_experiment as stored_experiment,
    value_heading as value_heading,
    value_label as value_label,
    value_text as value_text,
)
from .experiment_run import run_experiment as run_experiment
from .experiment_study import has_one_text as has_one_text, study_of as study_of
from .gap_tasks import (
    SentenceGap as SentenceGap,
    check_gap_and_mass as check_gap_and_mass,
    gap_directions as gap_directions,
    how_much_more_likely as how_much_more_likely,
    profession_gaps as profession_gaps,
    pronouns as pronouns,
    sentence_gap as sentence_gap,
    unknown_professions as unknown_professions,
    where_the_ratio_moves as where_the_ratio_moves,
)
from .glossary import (
    GlossaryTerm as GlossaryTerm,
    glossary_term as glossary_term,
    glossary_terms as glossary_terms,
    search_glossary as search_glossary,
)
from .label_tasks import (
    PositionTargets as PositionTargets,
    check_sure_and_unsure as check_sure_and_unsure,
    compare_wrong_words as compare_wrong_words,
    count_text as count_text,
    finding_by_size as finding_by_size,
    how_many_words as how_many_words,
    passes_text as passes_text,
    sentences_needed as sentences_needed,
    targets_at as targets_at,
    words_worth as words_worth,
)
from .lesson_texts import (
    Exercise as Exercise,
    Lesson as Lesson,
    LessonQuestion as LessonQuestion,
    Screen as Screen,
    Source as Source,
    lesson as lesson,
    lessons as lessons,
)
from .measuring_tasks import (
    absolute_gaps as absolute_gaps,
    alpha_label as alpha_label,
    best_alpha as best_alpha,
    cell_label as cell_label,
    check_own_professions as check_own_professions,
    comparisons_note as comparisons_note,
    contradictions_text as contradictions_text,
    draws_note as draws_note,
    draws_text as draws_text,
    draws_told_apart as draws_told_apart,
    grid_finding as grid_finding,
    lesson_templates as lesson_templates,
    measures_agreement as measures_agreement,
    rank_cells as rank_cells,
    repeated_draws as repeated_draws,
    seeds_details as seeds_details,
    seeds_finding as seeds_finding,
    share_of_contradictions as share_of_contradictions,
    size_table as size_table,
    two_measures as two_measures,
)
from .prediction_tasks import (
    accepted_share as accepted_share,
    check_many_answers as check_many_answers,
    how_sure as how_sure,
)
from .temperature_tasks import (
    FlattenedWords as FlattenedWords,
    agreement_with_limit as agreement_with_limit,
    at_temperature as at_temperature,
    both_rows as both_rows,
    check_first_word_drowns as check_first_word_drowns,
    first_word_flattened as first_word_flattened,
    flattened as flattened,
    gradient_shrinks as gradient_shrinks,
    gradient_sizes as gradient_sizes,
    logit_matching as logit_matching,
    matched_logits as matched_logits,
    shares_by_temperature as shares_by_temperature,
    soft_gradient as soft_gradient,
)
from .training_tasks import (
    SECONDS as SECONDS,
    StudentSize as StudentSize,
    check_not_learnt as check_not_learnt,
    same_first_word as same_first_word,
    student_size as student_size,
    training_config as training_config,
)
