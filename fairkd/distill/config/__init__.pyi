from .config import (
    Config as Config,
    make_config as make_config,
    read_config as read_config,
)
from .config_file import (
    readable_settings as readable_settings,
    stored_config as stored_config,
    stored_settings as stored_settings,
)
from .flat_settings import flat as flat, nested as nested, on_top as on_top
from .presets import (
    DESCRIPTIONS as DESCRIPTIONS,
    LABELS as LABELS,
    PRESETS as PRESETS,
    preset as preset,
)
from .renamed import (
    RENAMED as RENAMED,
    RENAMED_VALUES as RENAMED_VALUES,
    with_current_names as with_current_names,
)
from .run_sections import BudgetConfig as BudgetConfig, EvaluationConfig as EvaluationConfig
from .sections import (
    ObjectiveConfig as ObjectiveConfig,
    OptimizerConfig as OptimizerConfig,
    Positions as Positions,
    Precision as Precision,
    ScheduleKind as ScheduleKind,
)
from .settings_list import (
    Setting as Setting,
    all_settings as all_settings,
    find_settings as find_settings,
    section_descriptions as section_descriptions,
)
from .student_section import (
    StudentConfig as StudentConfig,
    Vocabulary as Vocabulary,
    first_layers as first_layers,
    spread_layers as spread_layers,
)
