"""Numbers as text: an interval must not lose the sign of an end that rounds to zero."""

import pytest

from fairkd.utils import correlation_interval, signed_interval


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (-0.0028, 0.0407, "−0.003 to +0.041"),
        (0.0028, 0.0407, "+0.003 to +0.041"),
        (-0.3, -1e-9, "−0.3000 to −0.0000"),
        (0.0, 0.5, "0.00 to +0.50"),
        (-0.5, 0.25, "−0.50 to +0.25"),
    ],
)
def test_the_text_of_an_interval_holds_zero_if_the_interval_does(low, high, text):
    assert signed_interval(low, high) == text


def test_the_interval_of_a_correlation_is_told_from_zero_and_from_one():
    assert correlation_interval(-0.0031, 0.4) == "−0.003 to +0.400"
    assert correlation_interval(0.95, 0.9984) == "+0.950 to +0.998"
