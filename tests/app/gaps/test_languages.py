"""The Gaps page in other languages, and of three groups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fairkd.lexicon.language_packs import languages
from fairkd.lexicon.professions import professions_of, shipped_professions
from fairkd.lexicon.templates import templates_of
from fairkd.lexicon.word_groups import contrasts
from tests.language_models import language_model
