from .exercise_result import ExerciseResult as ExerciseResult, QuestionAnswer as QuestionAnswer
from .glossary import (
    GlossaryTerm as GlossaryTerm,
    glossary_term as glossary_term,
    glossary_terms as glossary_terms,
    search_glossary as search_glossary,
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
from .prediction_tasks import (
    accepted_share as accepted_share,
    check_many_answers as check_many_answers,
    how_sure as how_sure,
)
