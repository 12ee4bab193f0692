from .config import (
    Config as Config,
    make_config as make_config,
    read_config as read_config,
    stored_config as stored_config,
)
from .flat_settings import flat as flat
from .presets import DESCRIPTIONS as DESCRIPTIONS, PRESETS as PRESETS
from .renamed import with_current_names as with_current_names
from .sections import (
    EvaluationConfig as EvaluationConfig,
    Positions as Positions,
    Precision as Precision,
    ScheduleKind as ScheduleKind,
    Section as Section,
    StudentConfig as StudentConfig,
    spread_layers as spread_layers,
)
