"""Masks as people type them."""

from __future__ import annotations

import pytest

from fairkd.models.mask_syntax import complete_masks, half_masks


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[MASK is a nurse", ("[MASK",)),
        ("MASK] is a nurse", ("MASK]",)),
        ("[mask is <mask", ("[mask", "<mask")),
        ("the {mask} and the MASK", ("{mask}", "MASK")),
        ("[MASK] is <mask> or _", ()),
        ("She (the nurse with a mask) wore a mask.", ()),
    ],
)
def test_half_a_mask_is_found(text: str, found: tuple[str, ...]) -> None:
    assert half_masks(text) == found
    assert not half_masks(complete_masks(text))
    assert (complete_masks(text) == text) is not bool(found)
