"""Settings in files: a YAML or JSON file from a user, and the config.json in a run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fairkd.errors import InputError
from fairkd.utils.plain_json import parse_json
from fairkd.utils.quoting import quoted, shortened
from fairkd.utils.strict_yaml import read_yaml

MOST_BYTES = 1_000_000  # of a user's file
SETTINGS_FILE = "config.json"  # in a run's folder


def read_settings(path: Path) -> dict[str, Any]:
    """The nested settings in a user's file; none in an empty one. They are not validated.

    Raises
    ------
    InputError
        When the file cannot be read, or holds no settings.
    """
    name = shortened(path)
    try:
        text = _text(path)
    except OSError as error:
        raise InputError(f"The configuration {name} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"The configuration {name} is not UTF-8 text: byte {error.start} cannot be decoded."
        ) from None
    except ValueError as error:  # no path, such as one with a null character
        raise InputError(f"{quoted(str(path))} is no path to a configuration: {error}.") from None
    try:
        values = read_yaml(text)
    except ValueError as error:
        raise InputError(f"The configuration {name} cannot be read as YAML: {error}.") from None
    values = {} if values is None else values
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise InputError(
            f"The configuration {name} must be settings by name (key: value), but is {quoted(values)}."
        )
    return values


def read_change(change: str) -> tuple[str, Any]:
    """The key and the value of a change such as "budget.minutes=10".

    Raises
    ------
    InputError
        When it has no key or no equals sign, or its value is no YAML.
    """
    key, equals, text = change.partition("=")
    if not equals or not key.strip():
        raise InputError(f"Expected key=value, for example budget.minutes=10, but got {quoted(change)}.")
    try:
        return key.strip(), read_yaml(text)
    except ValueError as error:
        raise InputError(
            f"The value in {quoted(change)} cannot be read as YAML: check brackets and quotes ({error})."
        ) from None


def stored_values(folder: Path) -> dict[str, Any] | None:
    """What the config.json of a run's folder holds, as it is; None if there is none.

    Raises
    ------
    InputError
        When the file cannot be read, or holds no settings.
    """
    path = folder / SETTINGS_FILE
    try:
        values = parse_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(
            f"The configuration {shortened(path)} cannot be read: {error.strerror or error}."
        ) from None
    except ValueError:
        raise InputError(f"The configuration {shortened(path)} is damaged: it is not valid JSON.") from None
    if not isinstance(values, dict):
        raise InputError(
            f"The configuration {shortened(path)} is damaged: expected settings by name, got a "
            f"{type(values).__name__}."
        )
    return values


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise InputError(
            f"The configuration {shortened(path)} has more than {MOST_BYTES:,} bytes: is it another file?"
        )
    return data.decode()
