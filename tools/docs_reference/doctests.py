"""An extension of griffe, which reads docstrings for the site: examples become blocks of code."""

from __future__ import annotations

import re
from typing import Any

import griffe

# A paragraph that begins with the prompt, up to the next empty line, with its indentation.
_EXAMPLE = re.compile(r"(?m)^(?P<indent> *)>>> .*(?:\n(?! *$).*)*")


def fenced(text: str) -> str:
    """The text with every example as a fenced block; Markdown would read the prompts as quotations.

    >>> print(fenced("Half of it:\\n\\n>>> half(4)\\n2"))
    Half of it:
    <BLANKLINE>
    ```pycon
    >>> half(4)
    2
    ```
    """
    return _EXAMPLE.sub(lambda match: f"{match['indent']}```pycon\n{match[0]}\n{match['indent']}```", text)


class Doctests(griffe.Extension):
    """Rewrites the docstrings of the objects that it is shown."""

    def on_object(self, *, obj: griffe.Object, **options: Any) -> None:
        if obj.docstring and ">>> " in obj.docstring.value:
            obj.docstring.value = fenced(obj.docstring.value)
