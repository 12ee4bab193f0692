"""What the tables of settings say."""

from __future__ import annotations

from app.shared.settings_table import EMPTY
from fairkd.distill.config import all_settings


def test_every_setting_that_may_be_empty_says_what_that_means() -> None:
    assert set(EMPTY) == {one.key for one in all_settings() if one.default is None} | {
        "budget.minutes",
        "student.width",
    }
