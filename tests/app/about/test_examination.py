"""The About page checks its server on request, and shows what is worst first."""

from __future__ import annotations

import pytest

from app.about import examination
from fairkd.doctor import Finding
from tests.app.conftest import OpenApp

FOUND = (
    Finding("disk", "ok", "100 GB are free."),
    Finding("settings", "problem", "FAIRKD_SLOTS is *wrong*.", "Correct it."),
    Finding("Hub", "warning", "It cannot be reached.", "Set HF_HUB_OFFLINE=1."),
)


def test_the_server_is_checked_when_asked(open_app: OpenApp, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def examine(**options: object) -> tuple[Finding, ...]:
        asked.append(options)
        return FOUND

    monkeypatch.setattr(examination, "examine", examine)
    app = open_app()
    app.switch_page("app/pages/about.py").run()
    assert not app.exception and not asked
    (button,) = [one for one in app.button if one.label == "Check this server"]
    button.click().run()
    assert not app.exception and asked[0]["port"] is None
    texts = [one.value for one in app.markdown]
    at = texts.index("Found: 1 problem and 1 warning.")
    assert r"**Settings**: FAIRKD\_SLOTS is \*wrong\*" in texts[at + 1] and "Correct it" in texts[at + 1]
    assert "Hub" in texts[at + 2] and "Disk" in texts[at + 3]


def test_a_verdict_without_findings_is_good() -> None:
    assert examination.verdict(FOUND[:1]).startswith("Everything is fine")


def test_a_visitor_of_a_shared_dashboard_cannot_check_the_server(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRKD_MODE", "demo")
    monkeypatch.setenv("FAIRKD_ALLOWED_MODELS", "*")  # the tiny one
    app = open_app()
    app.switch_page("app/pages/about.py").run()
    assert not app.exception and not any(one.label == "Check this server" for one in app.button)
