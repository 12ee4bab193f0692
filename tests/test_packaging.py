"""What an installation consists of: its files, its types, its command, its dashboard, its requirements."""

from __future__ import annotations

import ast
import os
import re
import socket
import subprocess
import sys
import sysconfig
import time
import tomllib
import urllib.error
import urllib.request
import venv
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OURS = {"app", "dashboard", "fairkd", "streamlit_app"}
DASHBOARD = "fairkd_dashboard"

# A consumer's code: line 4 is right, lines 5 and 6 are wrong, and a checker has to see both.
CONSUMER = """
from fairkd import MaskedLM, gaps, load, predict

lm: MaskedLM = load("embedded/teacher")
token: int = lm.mask_token
load(3)
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel in it, which finds the other packages where we do."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--disable-pip-version-check", wheel], check=True)
    # Only a folder: a `.pth` file inside it, such as that of an editable FairKD, is not followed.
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def named(requirements: list[str]) -> set[str]:
    """The distributions that lines of a requirements file name."""
    found = (re.match(r"[A-Za-z0-9][\w.-]*", line) for line in requirements)
    return {normal(match[0]) for match in found if match}


def third_party() -> dict[str, set[str]]:
    """Top-level modules that the app and the library import anywhere, each with where."""
    found: dict[str, set[str]] = {}
    for path in [*ROOT.glob("*.py"), *(ROOT / "app").rglob("*.py"), *(ROOT / "fairkd").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                found.setdefault(name.partition(".")[0], set()).add(str(path.relative_to(ROOT)))
    return {name: where for name, where in found.items() if name not in sys.stdlib_module_names | OURS}


def test_requirements_name_every_distribution_that_is_imported() -> None:
    extras = named(sum(PROJECT["project"]["optional-dependencies"].values(), []))
    listed = named((ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()) | extras
    distributions = packages_distributions()
    for module, where in third_party().items():
        owners = {normal(owner) for owner in distributions.get(module, [module])}
        assert owners & listed, f"{module}, imported by {sorted(where)}, is in no line of requirements.txt"


def test_every_dependency_of_package_and_dashboard_is_pinned() -> None:
    project = PROJECT["project"]
    wanted = named(project["dependencies"]) | named(project["optional-dependencies"]["dashboard"])
    assert wanted <= named((ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines())


def test_requirements_are_pinned() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)


def test_the_wheel_holds_every_file_of_library_and_dashboard_and_nothing_else(wheel: Path) -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("no checkout")
    lines = tracked.stdout.splitlines()
    expected = {line for line in lines if line.startswith("fairkd/")}
    expected |= {"fairkd/requirements.txt"}  # the tested versions
    expected |= {f"{DASHBOARD}/{line}" for line in lines if line.startswith("app/")}
    expected |= {
        f"{DASHBOARD}/{name}" for name in ("dashboard.py", "streamlit_app.py", ".streamlit/config.toml")
    }
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == expected


def test_an_installed_package_shows_its_types_to_a_consumers_checker(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "consumer.py").write_text(CONSUMER, encoding="utf-8")
    # FairKD's own types alone: those of torch take a minute to read.
    others = ",".join(f"{name}.*" for name in sorted(third_party()))
    settings = f"[mypy]\nignore_missing_imports = true\n[mypy-{others}]\nfollow_imports = skip\n"
    (tmp_path / "mypy.ini").write_text(settings, encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--python-executable", str(installed), "consumer.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    lines = [line for line in found.stdout.splitlines() if "error" in line]
    assert [line.split(":")[1] for line in lines[:-1]] == ["5", "6"], found.stdout + found.stderr


def test_the_installed_command_says_its_version(installed: Path, tmp_path: Path) -> None:
    said = subprocess.check_output([installed.with_name("fairkd"), "--version"], cwd=tmp_path, text=True)
    text = (ROOT / "fairkd" / "__init__.py").read_text(encoding="utf-8")
    assert said.split() == ["fairkd", re.findall(r'__version__ = "(.+)"', text)[0]]


def test_the_installed_command_starts_the_installed_dashboard(installed: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [installed.with_name("fairkd"), "dashboard", "--no-browser", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (tmp_path / "log.txt").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=tmp_path,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**environment, "FAIRKD_HOME": str(tmp_path / "home")},
        )
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until and server.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
                    assert answer.read() == b"ok"
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.3)
        pytest.fail(f"The dashboard did not start:\n{(tmp_path / 'log.txt').read_text()[-2000:]}")
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=30)
