"""The colours of the dashboard."""

from __future__ import annotations

import tomllib

from app.shared import theme
from tests import ROOT


def test_the_configured_colours_are_those_of_the_theme() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    hues = (theme.TEACHER, theme.STUDENT, theme.GROUP_A, theme.GROUP_B)
    for mode in ("light", "dark"):
        section = config["theme"][mode]
        assert section["chartCategoricalColors"][:4] == [hue.on(mode == "dark") for hue in hues]
        assert section["chartCategoricalColors"][5] == theme.STUDENT2.on(mode == "dark")
        assert section["backgroundColor"] == theme.PAGE.on(mode == "dark")
        assert section["textColor"] == theme.TEXT.on(mode == "dark")
