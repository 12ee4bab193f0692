"""YAML from strangers: plain settings and nothing else, so that a small file cannot become a large value.

Aliases, tags, repeated keys, deep nesting and large files are refused. JSON is YAML, too.
"""

from __future__ import annotations

from typing import Any

import yaml

from fairkd.utils.quoting import quoted, shortened

MOST_CHARACTERS = 1_000_000
DEEPEST = 20  # lists and mappings inside one another


def read_yaml(text: str) -> Any:
    """The value of a YAML document; None for an empty one.

    Raises
    ------
    ValueError
        What is wrong, as a part of a sentence: "line 3: the key 'seed' is repeated".

    >>> read_yaml("budget: {steps: 9}")
    {'budget': {'steps': 9}}
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"it has {len(text):,} characters, and at most {MOST_CHARACTERS:,} are read")
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}: " if mark else ""
        raise ValueError(f"{place}{shortened(error.problem or error.context or 'invalid YAML')}") from None
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise ValueError(shortened(str(error).partition("\n")[0])) from None
    except (ValueError, OverflowError) as error:  # such as a date that does not exist
        too_large = isinstance(error, OverflowError) or "integer string" in str(error)
        raise ValueError("a number is too large" if too_large else shortened(error)) from None


class _StrictLoader(yaml.SafeLoader):
    """The safe loader without what makes values larger than their text or leaves open which value counts."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise _refusal(event, f"aliases are not allowed (*{event.anchor}): write the value again")
        if getattr(event, "tag", None) is not None:
            raise _refusal(event, f"tags are not allowed ({event.tag}): put texts into quotation marks")
        if self._depth >= DEEPEST:
            raise _refusal(event, f"more than {DEEPEST} lists and mappings are inside one another")
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if isinstance(key_node, yaml.ScalarNode):
                if key_node.value in seen:
                    raise _refusal(key_node, f"the key {quoted(key_node.value)} is repeated")
                seen.add(key_node.value)
        return super().construct_mapping(node, deep=deep)


def _refusal(place: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)
