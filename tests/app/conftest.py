"""Fixtures for tests of the pages: a home folder, and the Distill and Runs pages."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from fairkd.lexicon.professions import professions_of, shipped_professions
from fairkd.lexicon.templates import templates_of
from fairkd.lexicon.word_groups import contrasts
from tests import ROOT
from tests.language_models import language_model

OpenApp = Callable[..., AppTest]
OpenDistill = Callable[..., AppTest]
OpenRuns = Callable[..., AppTest]
OpenStudies = Callable[..., AppTest]


@pytest.fixture(autouse=True, scope="session")
def scanned_once() -> Iterator[None]:
    """AppTest would read the metadata of all installed packages anew in each test, which takes a second."""
    scan = functools.cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder for the test, without a runner for the queue."""
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("fairkd.runs.supervision.reconcile", lambda: None)
    monkeypatch.setattr("fairkd.runs.supervision.ensure_runner", lambda: None)
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def cookies(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the visitor's browser sends; AppTest has no browser."""
    sent: dict[str, str] = {}
    monkeypatch.setattr("app.shared.visitor._cookie", lambda name: sent.get(name, ""))
    return sent


@pytest.fixture(autouse=True)
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One entry for each time that a page asked for a standby, which the tests do without."""
    asked: list[bool] = []
    # Not in the module of the function: whoever imports it from the package then, would keep this one.
    monkeypatch.setattr("fairkd.runs.visitors.standby", SimpleNamespace(prepare=lambda: asked.append(True)))
    return asked


@pytest.fixture
def no_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Runs page without the example runs."""
    monkeypatch.setattr("fairkd.runs.examples", lambda: ())


@pytest.fixture
def open_app(tiny_folder: Callable[[str], Path]) -> OpenApp:
    """`open_app(text="he is", k="3")` runs the dashboard with these query parameters, on tiny models."""

    def open_(**parameters: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=60)
        tiny = str(tiny_folder("bert"))
        for name, value in {"teacher": tiny, "student": tiny, **parameters}.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    return open_


@pytest.fixture(scope="session")
def german(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a tiny model whose card says that it is German."""
    folder = tmp_path_factory.mktemp("german")
    pronouns = contrasts("de")["pronouns"]
    sentences = [
        template.render(profession, group.gender).text.replace("[MASK]", word)
        for profession in professions_of(shipped_professions("de"))[:4]
        for template in templates_of(pronouns.roles, language="de")
        for group in pronouns.groups
        for word in group.for_role(template.role)
    ]
    lm = language_model("BPE", [*sentences, *(one[:1].upper() + one[1:] for one in sentences)])
    lm.model.save_pretrained(folder)
    lm.tokenizer.save_pretrained(folder)
    (folder / "README.md").write_text("---\nlanguage: [de]\n---\n", encoding="utf-8")
    return str(folder)


@pytest.fixture
def open_distill(tiny_folder: Callable[[str], Path]) -> OpenDistill:
    """`open_distill(["plain"])` opens the page with a tiny teacher and chooses these variants."""

    def open_(chosen: list[str] | None = None, **parameters: str | list[str]) -> AppTest:
        app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=60)
        tiny = str(tiny_folder("bert"))
        for name, value in {"teacher": tiny, "student": tiny, **parameters}.items():
            app.query_params[name] = value
        app.run()
        app.switch_page("app/pages/distill.py").run()
        if chosen is not None:
            app.get_by_key("variants").set_value(chosen).run()
        assert not app.exception
        return app

    return open_


@pytest.fixture
def open_runs(tiny_folder: Callable[[str], Path]) -> OpenRuns:
    """`open_runs(run="ID")` opens the page by a link with these parameters."""
    return _by_link("runs", tiny_folder)


@pytest.fixture
def open_studies(tiny_folder: Callable[[str], Path]) -> OpenStudies:
    """`open_studies(study="ID")` opens the page by a link with these parameters."""
    return _by_link("studies", tiny_folder)


def _by_link(page: str, tiny_folder: Callable[[str], Path]) -> Callable[..., AppTest]:
    def open_(**parameters: str | list[str]) -> AppTest:
        app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=60)
        tiny = str(tiny_folder("bert"))
        for name, value in {"teacher": tiny, "student": tiny}.items():
            app.query_params[name] = value
        app.run()
        app.switch_page(f"app/pages/{page}.py")
        for name, value in parameters.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    return open_
