"""The lessons on targets and on measuring in a real browser, by keyboard alone to the exercise."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import OpenPage, settled, sync_api
from tests.e2e.keyboard import type_into

expect = sync_api.expect


@pytest.mark.parametrize(
    ("lesson", "box", "wrong", "right"),
    [
        (
            "labels",
            "Your sentence",
            ("Milk is a [MASK].", "hides one word"),
            "My sister is called [MASK] and lives in the United [MASK] of America.",
        ),
        (
            "measuring",
            "Your professions",
            ("nurse, pilot", "too few professions for a test"),
            "engineer, mechanic, carpenter, soldier, plumber, electrician, pilot, miner, lawyer, farmer, "
            "manager, guard",
        ),
    ],
)
def test_the_exercise_by_keyboard_alone(
    open_page: OpenPage, lesson: str, box: str, wrong: tuple[str, str], right: str
) -> None:
    page = open_page(f"/learn?lesson={lesson}")
    settled(page)
    for text, said in (wrong, (right, "Solved.")):
        type_into(page, box, text)
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()
        settled(page)
