"""The settings of whoever hosts a dashboard."""

from __future__ import annotations

import pytest

from fairkd.errors import InputError
from fairkd.utils import Access, Hosting, visitor_id

TOKEN = "a-token-of-this-class"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MODE", "ALLOWED_MODELS", "ALLOWED_TEXT", "PRESENTER_TOKEN", "CLASS_RUNS", "CLASS_MINUTES"):
        monkeypatch.delenv(f"FAIRKD_{name}", raising=False)


@pytest.mark.parametrize(
    ("variables", "public", "models", "text"),
    [
        ({}, False, None, None),
        ({}, True, (), ()),
        ({"FAIRKD_MODE": "demo"}, False, (), ()),
        ({"FAIRKD_MODE": "class"}, False, (), ()),
        ({"FAIRKD_ALLOWED_MODELS": "org/*"}, False, ("org/*",), ()),
        ({"FAIRKD_ALLOWED_TEXT": "/srv/*, hub:org/*,"}, True, (), ("/srv/*", "hub:org/*")),
        ({"FAIRKD_ALLOWED_TEXT": ""}, False, None, ()),
    ],
)
def test_a_shared_dashboard_allows_only_what_is_listed(
    monkeypatch: pytest.MonkeyPatch, variables: dict, public: bool, models: object, text: object
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = Hosting.from_environment(public=public)
    assert found.access == Access(models, text)
    assert found.shared == (public or "FAIRKD_MODE" in variables)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MODE", "open", "FAIRKD_MODE must be one of local, demo, class, got 'open'"),
        ("PRESENTER_TOKEN", "short", "must have 16 characters or more, got 5"),
        ("CLASS_RUNS", "1.5", "FAIRKD_CLASS_RUNS must be a whole number above 0, got '1.5'"),
        ("CLASS_RUNS", "²", "must be a whole number above 0"),
        ("CLASS_MINUTES", "0", "FAIRKD_CLASS_MINUTES must be a number above 0, got '0'"),
        ("CLASS_MINUTES", "nan", "must be a number above 0"),
    ],
)
def test_a_wrong_variable_is_one_clear_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"FAIRKD_{name}", value)
    with pytest.raises(InputError, match=words):
        Hosting.from_environment(public=False)


def test_a_proof_holds_for_one_cookie_and_one_token() -> None:
    host = Hosting(mode="class", token=TOKEN)
    proof = host.proof("cookie")
    assert host.is_presenter("cookie", proof)
    assert not host.is_presenter("another", proof) and not host.is_presenter("cookie", "é")
    assert not Hosting(mode="class", token=TOKEN + "2").is_presenter("cookie", proof)
    nobody = Hosting(mode="class")
    assert not nobody.is_presenter("cookie", nobody.proof("cookie")) and not host.is_presenter(
        "", host.proof("")
    )
    assert TOKEN not in repr(host)


def test_an_id_does_not_tell_the_cookie() -> None:
    assert visitor_id("") == "" and "cookie" not in visitor_id("cookie") and len(visitor_id("cookie")) == 64
