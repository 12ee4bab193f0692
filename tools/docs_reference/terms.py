"""The glossary as a page of the documentation."""

from __future__ import annotations

import re

from fairkd.lessons import GlossaryTerm, glossary_terms
from tools.docs_reference.paths import ROOT, page_of

INTRODUCTION = """\
What the technical terms mean in FairKD. The dashboard's page Glossary has the same list, with a search field.

"""


def page() -> str:
    """The page in Markdown."""
    return page_of("Glossary", INTRODUCTION + "\n".join(map(_entry, glossary_terms())))


def _entry(one: GlossaryTerm) -> str:
    also = f" ({', '.join(one.also)})" if one.also else ""
    more = f" See [{_title(one.see)}]({one.see})." if one.see else ""
    # The anchor is HTML: the site and GitHub both keep it.
    return f'* <span id="{one.anchor}">**{one.term}**</span>{also}: {one.text}{more}'


def _title(place: str) -> str:
    """The heading to which "concepts/gaps.md#mass" leads."""
    path, _, anchor = place.partition("#")
    headings = re.findall(r"(?m)^#+ (.+)$", (ROOT / "docs" / path).read_text(encoding="utf-8"))
    return next((title for title in headings if _slug(title) == anchor), headings[0])


def _slug(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")
