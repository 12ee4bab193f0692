from . import checkpoints as checkpoints, disk_caches as disk_caches
from .config import (
    DESCRIPTIONS as DESCRIPTIONS,
    PRESETS as PRESETS,
    Config as Config,
    make_config as make_config,
    read_config as read_config,
)
from .disk_caches import DiskCache as DiskCache
from .evaluation import Evaluator as Evaluator
from .loop import Outcome as Outcome
from .lr_schedule import schedule as schedule
from .matched_evaluation import MatchedEvaluator as MatchedEvaluator
from .model_card import student_fact as student_fact, teaching_fact as teaching_fact
from .phases import PHASES as PHASES, PREPARATION as PREPARATION, Phase as Phase
from .precision import (
    FORMATS as FORMATS,
    autocast as autocast,
    make_accelerator as make_accelerator,
    resolve_precision as resolve_precision,
)
from .run_masks import make_constraint as make_constraint, make_masker as make_masker
from .setup import TrainingSetup as TrainingSetup, check as check, set_up as set_up
from .student import make_student as make_student, settle as settle, take_layers as take_layers
from .time_estimate import Estimate as Estimate, estimate as estimate
from .trainer import Trainer as Trainer
from .training import train as train
