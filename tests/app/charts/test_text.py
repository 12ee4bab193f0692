"""Numbers and typed text in figures."""

from __future__ import annotations

from app.charts.text import escape, exactly, percent, shorten, times
from app.shared.widgets import literal


def test_probabilities_have_two_digits() -> None:
    assert [percent(p) for p in (0.1234, 0.0995, 0.01, 0.00034, 1e-9, 0.0)] == [
        "12 %",
        "10 %",
        "1.0 %",
        "0.034 %",
        "< 0.01 %",
        "0 %",
    ]
    assert percent(None) == percent(float("nan")) == "–"
    assert exactly(3.2e-7) == "3.2 × 10⁻⁷"


def test_only_certainty_is_100_percent() -> None:
    shares = (1.0, 1 - 1e-7, 0.99994, 0.9998, 0.99949, 0.9987, 0.995, 0.994)
    shown = ["100 %", "> 99.99 %", "> 99.99 %", "99.98 %", "99.95 %", "99.9 %", "99.5 %", "99 %"]
    assert [percent(share) for share in shares] == shown
    assert percent(1.5) == "150 %", "an increase may be larger than 100 %"


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"


def test_literal_text_keeps_a_no_break_space() -> None:
    assert literal(" 95\u00a0%\n of \t 3 ") == "95\u00a0\\% of 3"


def test_markdown_html_and_directives_lose_their_meaning() -> None:
    shown = literal("**a** <b> $x$ :red[y] :smile: `c` http://x.y -> \n# z")
    assert "**" not in shown and "<b>" not in shown and "$x$" not in shown and "\n" not in shown
    plain = shown.replace("\\", "").replace("\u2060", "")
    assert plain == "**a** <b> $x$ :red[y] :smile: `c` http://x.y -> # z"
    assert ":smile:" not in shown.replace("\\", ""), "an emoji code must be taken apart"


def test_how_many_times_as_likely_has_two_digits() -> None:
    ratios = (1.04, 4.02, 9.96, 12.3, 99.6, 1250.0, 2e6)
    assert [times(ratio) for ratio in ratios] == [
        "1.0",
        "4.0",
        "10",
        "12",
        "100",
        "1,200",
        "more than a million",
    ]


def test_markup_in_a_figure_is_escaped() -> None:
    assert escape("<b>x</b> & $y$") == "&lt;b&gt;x&lt;/b&gt; &amp; &#36;y&#36;"
