from .cluster_check import ensure_usable as ensure_usable
from .destination import (
    LAUNCHERS as LAUNCHERS,
    LOCAL as LOCAL,
    Destination as Destination,
    chosen as chosen,
    configured as configured,
    place_of as place_of,
    remote_slots as remote_slots,
)
from .follower import Follower as Follower, Timing as Timing
from .job_files import give_up as give_up
from .launcher import Launcher as Launcher, LauncherError as LauncherError
from .launcher_registry import launcher_of as launcher_of
