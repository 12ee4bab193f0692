from .constraint import (
    Constraint as Constraint,
    group_names as group_names,
    resolve as resolve,
    soft_labels as soft_labels,
)
from .correction import (
    Correction as Correction,
    check_correction as check_correction,
    make_correction as make_correction,
)
from .correction_kinds import (
    CORRECTIONS as CORRECTIONS,
    DECAY as DECAY,
    PROMPT as PROMPT,
    CorrectionFacts as CorrectionFacts,
    CorrectionKind as CorrectionKind,
)
from .kinds import (
    KINDS as KINDS,
    SCOPES as SCOPES,
    ConstraintKind as ConstraintKind,
    Kind as Kind,
    Label as Label,
    Scope as Scope,
    are_shares as are_shares,
    constraint_kind as constraint_kind,
    kind_names as kind_names,
)
from .preview import (
    OTHER_WORDS as OTHER_WORDS,
    ConstraintPreview as ConstraintPreview,
    preview_constraint as preview_constraint,
)
from .simplex import (
    Divergence as Divergence,
    SimplexEdit as SimplexEdit,
    edit_simplex as edit_simplex,
    equidistant as equidistant,
    simplex_grid as simplex_grid,
    simplex_point as simplex_point,
    strength_path as strength_path,
)
from .teacher_output import TeacherOutput as TeacherOutput
from .token_pairs import TokenPairs as TokenPairs
