"""Errors whose message is one sentence fit for a person: what was expected, what came, what to do."""


class FairKDError(ValueError):
    """Anything wrong with what the user gave; the message can be shown as it is."""


class ModelError(FairKDError):
    """A model reference that cannot be found, loaded or trusted."""


class InputError(FairKDError):
    """Text, words, patterns, numbers or files that cannot be used."""
