"""A lesson by keyboard alone: Tab to something, then keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.conftest import settled

if TYPE_CHECKING:
    from playwright.sync_api import Page

MOST_TABS = 150
# The label of what has the focus, also inside a component's shadow root.
_FOCUSED = """() => {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  if (!element) return ""
  const label = element.getAttribute("aria-label") ?? element.labels?.[0]?.innerText ?? element.innerText
  return (label ?? "").trim()
}"""


def tab_to(page: Page, label: str) -> None:
    """Press Tab until the focus is on what has this label."""
    met = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        shown = page.evaluate(_FOCUSED)
        if label in (shown, shown.partition("\n")[2].strip()):  # an icon is a line before the label
            return
        met.append(shown)
    raise AssertionError(f"Tab does not reach {label!r}, but {list(dict.fromkeys(met))}.")


def type_into(page: Page, label: str, text: str) -> None:
    """Tab to a text box and replace what is in it."""
    tab_to(page, label)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def press(page: Page, label: str) -> None:
    """Tab to a button and press it."""
    tab_to(page, label)
    page.keyboard.press("Enter")
    settled(page)
