"""Shapes and text of an SVG file, in the dashboard's colours for light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from app.shared.theme import FONT, GROUP_A, GROUP_B, MUTED, PAGE, STUDENT, TEACHER, TEXT, Hue

WIDTH = 480  # pixels: readable on a phone, where it is scaled down by a quarter
LEFT, RIGHT = 12, WIDTH - 12
REST = Hue("#cfd6e1", "#475164")
PANEL = Hue("#f3f5f9", "#262d3a")
INVERSE = PAGE  # on a coloured ground
LETTER = 7.2  # the width of an average letter of 14 pixels

__all__ = ["GROUP_A", "GROUP_B", "MUTED", "STUDENT", "TEACHER", "TEXT", "Drawing", "Hue"]


@dataclass
class Drawing:
    """A figure WIDTH pixels wide; `title` is what screen readers say."""

    title: str
    dark: bool
    height: float = 0.0
    _shapes: list[str] = field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        hue: Hue = TEXT,
        size: int = 14,
        bold: bool = False,
        anchor: str = "start",
    ) -> None:
        """Text whose baseline is at `y`."""
        style = ' font-weight="600"' if bold else ""
        self._text(x, y, escape(words), f'font-size="{size}" text-anchor="{anchor}"{style}', hue)

    def marked(self, x: float, y: float, words: Sequence[tuple[str, bool]]) -> None:
        """A sentence, word by word; those that are marked stand out."""
        mark = f'<tspan font-weight="700" fill="{STUDENT.on(self.dark)}">'
        parts = [f"{mark}{escape(word)}</tspan>" if on else escape(word) for word, on in words]
        self._text(x, y, " ".join(parts), 'font-size="14"', TEXT)

    def _text(self, x: float, y: float, content: str, style: str, hue: Hue) -> None:
        self._reach(y + 6)
        self._shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" {style} fill="{hue.on(self.dark)}">{content}</text>'
        )

    def box(
        self, x: float, y: float, width: float, height: float, hue: Hue, *, opacity: float = 1, round: int = 3
    ) -> None:
        """A filled rectangle."""
        self._reach(y + height)
        self._shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" '
            f'rx="{round}" fill="{hue.on(self.dark)}" fill-opacity="{opacity:g}"/>'
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, hue: Hue = MUTED, *, arrow: bool = False
    ) -> None:
        """A line, with an arrow head at its end if asked for."""
        self._reach(max(y1, y2))
        head = ' marker-end="url(#head)"' if arrow else ""
        self._shapes.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{hue.on(self.dark)}" stroke-width="1.5"{head}/>'
        )

    def dot(self, x: float, y: float, hue: Hue) -> None:
        self._reach(y + 7)
        self._shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{hue.on(self.dark)}"/>')

    def stacked(
        self, y: float, parts: Sequence[tuple[float, Hue, float]], *, height: float = 26, places: int = 2
    ) -> None:
        """One bar from LEFT to RIGHT that is cut in parts: (share, hue, opacity), with the share written in.

        A share that has no room for its number is left bare.
        """
        for (start, share), (_, hue, opacity) in zip(_spans(parts), parts, strict=True):
            x, width = LEFT + start * (RIGHT - LEFT), share * (RIGHT - LEFT)
            self.box(x, y, width - 1, height, hue, opacity=opacity)
            if width > 34:
                ink = TEXT if hue is REST else INVERSE
                number = written(share, places)
                self.text(x + width / 2, y + height / 2 + 5, number, hue=ink, anchor="middle", bold=True)

    def svg(self) -> str:
        """The file."""
        head = MUTED.on(self.dark)
        height = self.height + 8
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
            f'viewBox="0 0 {WIDTH} {height:.0f}" role="img" font-family="{escape(FONT)}">\n'
            f"<title>{escape(self.title)}</title>\n"
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'orient="auto"><path d="M0 0L8 4L0 8z" fill="{head}"/></marker></defs>\n'
            + "\n".join(self._shapes)
            + "\n</svg>\n"
        )

    def _reach(self, y: float) -> None:
        self.height = max(self.height, y)


def _spans(parts: Sequence[tuple[float, Hue, float]]) -> Iterator[tuple[float, float]]:
    start = 0.0
    for share, *_ in parts:
        yield start, share
        start += share


def written(probability: float, places: int = 2) -> str:
    """A probability with two decimals, or up to `places`, and without the zero before the point."""
    text = f"{probability:.{places}f}"
    return (text[:-1] if places > 2 and text.endswith("0") else text).removeprefix("0")


def signed(nats: float) -> str:
    """A gap with its sign and two decimals."""
    return f"{nats:+.2f}".replace("-", "−")


def legend(figure: Drawing, y: float, entries: Sequence[tuple[str, Hue]]) -> None:
    """Coloured squares with their names, in one row."""
    x: float = LEFT
    for name, hue in entries:
        figure.box(x, y - 11, 12, 12, hue)
        figure.text(x + 18, y, name, hue=MUTED)
        x += 18 + len(name) * LETTER + 18
