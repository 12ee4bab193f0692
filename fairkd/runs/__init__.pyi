from . import (
    description as description,
    event_tables as event_tables,
    events as events,
    run_access as run_access,
    uploads as uploads,
)
from .archive import export as export, part_bytes as part_bytes
from .comparison import (
    evaluation_differences as evaluation_differences,
    fairness_front as fairness_front,
    paired_verdicts as paired_verdicts,
    rank_runs as rank_runs,
    rests_on_one_seed as rests_on_one_seed,
    setting_differences as setting_differences,
)
from .control import (
    all_runs as all_runs,
    cancel as cancel,
    delete as delete,
    describe as describe,
    get as get,
    reconcile as reconcile,
    resume as resume,
    slots as slots,
    submit as submit,
    submit_all as submit_all,
)
from .description import (
    LONGEST as LONGEST,
    RunDescription as RunDescription,
    default_owner as default_owner,
)
from .events import Event as Event, Writer as Writer
from .example_runs import (
    EXAMPLE_SETTINGS as EXAMPLE_SETTINGS,
    EXAMPLES as EXAMPLES,
    examples as examples,
)
from .expected_start import (
    expected_starts as expected_starts,
    usual_phase_seconds as usual_phase_seconds,
)
from .outcome import error_sentence as error_sentence
from .result_warning import MIN_STEPS as MIN_STEPS, few_steps as few_steps
from .run_access import RunAccess as RunAccess
from .run_config import (
    KINDS as KINDS,
    Kind as Kind,
    RunConfig as RunConfig,
    read_run_config as read_run_config,
    with_absolute_paths as with_absolute_paths,
    with_kind as with_kind,
)
from .run_name import (
    benchmark_labels as benchmark_labels,
    default_name as default_name,
    model_names as model_names,
)
from .run_record import ACTIVE as ACTIVE, Run as Run, State as State
from .run_session import Session as Session, foreground as foreground
from .standby import prepare as prepare
from .visitors import Visitor as Visitor
from .wording import duration as duration, phase_text as phase_text, start_text as start_text
