from .paired_differences import PAIRED as PAIRED, difference_row as difference_row
from .run_report import MOST_RUNS as MOST_RUNS, report as report
from .study_html import study_report as study_report
from .submit_again import (
    example_command as example_command,
    settings_file as settings_file,
    settings_text as settings_text,
    steps_note as steps_note,
    submit_command as submit_command,
)
