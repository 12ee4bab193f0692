"""Errors whose messages are shown to users: what was expected, what came, what to do."""

from collections.abc import Sequence


class FairKDError(ValueError):
    """An error in the user's input; the message can be shown as it is."""


class ModelError(FairKDError):
    """A model reference that cannot be found, loaded or trusted."""


class InputError(FairKDError):
    """Text, words, templates, numbers or files that cannot be used."""


def listed(names: Sequence[str], most: int = 8) -> str:
    """The first `most` of the names, and how many more there are.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def reason(error: Exception) -> str:
    """An error of another library as the bracketed part of a sentence.

    >>> reason(KeyError("shape"))
    "KeyError: 'shape'"
    """
    words = " ".join(str(error).split()).rstrip(".:")
    return f"{type(error).__name__}: {words[:200]}" if words else type(error).__name__
