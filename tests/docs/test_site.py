"""The site builds without warnings, and neither the build nor a reader fetches anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    nowhere = "http://127.0.0.1:9"  # a proxy that does not answer: a download fails
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_builds_strictly_without_a_network(site: Path) -> None:
    assert (site / "index.html").exists() and (site / "reference" / "settings.html").exists()


def test_no_page_loads_anything_from_another_server(site: Path) -> None:
    loaded = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["']?((?:https?:)?//[^"' >]+)""")
    found = {
        address
        for page in site.rglob("*.html")
        for address in loaded.findall(page.read_text(encoding="utf-8"))
    }
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    found |= {address for text in styles for address in re.findall(r"url\(\"?(https?:[^)]+)", text)}
    assert found == set()


def test_every_exported_name_has_its_place_in_the_site(site: Path) -> None:
    page = (site / "reference" / "api" / "fairkd.predictions.html").read_text(encoding="utf-8")
    assert 'id="fairkd.predictions.predict"' in page and 'id="fairkd.predictions.Prediction.top"' in page
    assert "&gt;&gt;&gt; " in page and "<blockquote>" not in page  # examples are code, not quotations
