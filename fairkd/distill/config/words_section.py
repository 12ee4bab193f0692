"""Settings that choose word groups: shipped ones by name, or the user's own."""

from __future__ import annotations

from fairkd.lexicon import ENGLISH, OWN, Contrast, all_contrasts, make_contrast
from fairkd.utils import Section, quoted

MOST_WORDS = 2_000  # of all groups together


class WordsSection(Section):
    """Settings that choose word groups: shipped ones by the name `contrast`, or the user's own `words`.

    The language of `contrast` is that of the templates and professions, for the user's own words as well.
    """

    contrast: str
    words: dict[str, tuple[str, ...]] | None

    def groups(self) -> Contrast:
        """The word groups. ValueError for an unknown name, or if the words do not make groups."""
        if self.words is not None:
            if (count := sum(map(len, self.words.values()))) > MOST_WORDS:
                raise ValueError(f"expected at most {MOST_WORDS:,} words in all groups, but got {count:,}")
            chosen = all_contrasts().get(self.contrast)
            return make_contrast(OWN, self.words, chosen.language if chosen else ENGLISH)
        known = all_contrasts()
        if self.contrast not in known:
            raise ValueError(
                f"there are no word groups {quoted(self.contrast)}, choose one of {', '.join(known)}"
            )
        return known[self.contrast]
