from . import hardware as hardware
from .access import (
    BUG as BUG,
    MODELS_VARIABLE as MODELS_VARIABLE,
    NAMED_TEXTS as NAMED_TEXTS,
    SMALL as SMALL,
    TEXT_VARIABLE as TEXT_VARIABLE,
    Access as Access,
    uploads_pattern as uploads_pattern,
)
from .citing import PAPER as PAPER, citation as citation, software_entry as software_entry
from .dashboard_files import DASHBOARD_SCRIPT as DASHBOARD_SCRIPT, dashboard_folder as dashboard_folder
from .hardware import free_memory as free_memory, is_lack_of_memory as is_lack_of_memory
from .hosting import (
    MODE_VARIABLE as MODE_VARIABLE,
    MODES as MODES,
    MOST_MEGABYTES as MOST_MEGABYTES,
    TOKEN_VARIABLE as TOKEN_VARIABLE,
    Hosting as Hosting,
    Mode as Mode,
    visitor_id as visitor_id,
)
from .number_text import (
    agreeing_digits as agreeing_digits,
    correlation_interval as correlation_interval,
    p_value as p_value,
    percent as percent,
    signed as signed,
    signed_correlation as signed_correlation,
    signed_interval as signed_interval,
    times as times,
)
from .page_templates import html_page as html_page
from .paths import (
    VARIABLE as VARIABLE,
    cache_folder as cache_folder,
    home as home,
    make_private as make_private,
    runs_folder as runs_folder,
    studies_folder as studies_folder,
    tighten as tighten,
    uploads_folder as uploads_folder,
    write_private as write_private,
)
from .plain_json import parse_json as parse_json, plain as plain
from .plot_axis import Axis as Axis, Tick as Tick, axis_for as axis_for
from .quoting import quoted as quoted, shortened as shortened
from .settings_file import (
    SETTINGS_FILE as SETTINGS_FILE,
    read_change as read_change,
    read_settings as read_settings,
    stored_values as stored_values,
)
from .settings_model import (
    Section as Section,
    in_our_words as in_our_words,
    valid_settings as valid_settings,
)
from .strict_yaml import read_yaml as read_yaml
from .suggestions import did_you_mean as did_you_mean, nearest as nearest
from .table_text import (
    Format as Format,
    latex_table as latex_table,
    markdown_table as markdown_table,
    markdown_text as markdown_text,
    provenance_line as provenance_line,
    table_cells as table_cells,
)
from .thread_map import parallel_map as parallel_map
from .throttle import Progress as Progress, Throttle as Throttle
