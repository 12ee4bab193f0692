"""A tokenizer with fewer tokens that splits every text of the tokens it keeps exactly as before.

* WordPiece and WordLevel look for the longest known entry. An entry that a text does not use can go.
* BPE merges pairs, the earliest learnt first. A token needs all merges that build it from its characters, so
  the kept tokens are closed under them. A text whose merges are all kept is merged as before: at each step
  the pair that was first among all pairs is still there, and is first among fewer.
* Unigram takes the pieces with the largest sum of scores. The best split of a text is still the best among
  fewer, if its pieces keep their scores.

Every tokenizer keeps its special and added tokens, and its single characters and bytes: it can spell what it
could spell before, if need be letter by letter.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from fairkd.errors import ModelError

_MARKS = "Ġ▁"  # before a single character, these do not make it two


def trim_tokenizer(
    tokenizer: PreTrainedTokenizerFast, keep: Collection[int]
) -> tuple[PreTrainedTokenizerFast, tuple[int, ...]]:
    """The tokenizer with the tokens `keep` and those that it needs, and its tokens' ids in the given one.

    Returns
    -------
    tuple
        The new tokenizer, whose ids are 0, 1, ..., and for each of them the old id.

    Raises
    ------
    ModelError
        The tokenizer is of a kind that cannot be trimmed here, or does not survive it.
    """
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    model = state["model"]
    added = {entry["content"] for entry in state["added_tokens"]}
    ids = tokenizer.get_vocab()
    tokens = {index: token for token, index in ids.items()}
    own = dict(_entries(model))
    wanted = {tokens[i] for i in keep if i in tokens} | added
    wanted |= {str(model["unk_token"])} if model.get("unk_token") else set()
    wanted |= {token for token in own if is_elementary(token, model)}
    match model.get("type"):
        case "WordPiece" | "WordLevel":
            pass
        case "BPE":
            wanted = _closed_under_merges(wanted & own.keys(), model) | added
        case "Unigram":
            if model.get("unk_id") is not None:
                wanted.add(model["vocab"][model["unk_id"]][0])
        case kind:
            raise ModelError(
                f"Expected a WordPiece, BPE or Unigram tokenizer to trim, but got one of {kind}."
            )
    # The library numbers the entries of the model first, then added tokens that are not among them.
    kept = sorted(wanted & own.keys(), key=own.__getitem__)
    kept += sorted(added - own.keys(), key=ids.__getitem__)
    new_ids = {token: number for number, token in enumerate(kept)}
    renumbered = {ids[token]: number for token, number in new_ids.items()}
    _keep_entries(model, new_ids)
    for entry in state["added_tokens"]:
        entry["id"] = new_ids[entry["content"]]
    state["post_processor"] = _renumbered(state["post_processor"], renumbered)
    state["padding"] = state["truncation"] = None
    trimmed: Any = copy.deepcopy(tokenizer)
    trimmed._tokenizer = Tokenizer.from_str(json.dumps(state))
    if trimmed.get_vocab() != new_ids:
        raise ModelError("The tokenizer numbers its tokens otherwise after trimming: train without it.")
    return trimmed, tuple(ids[token] for token in kept)


def is_elementary(token: str, model: Mapping[str, Any]) -> bool:
    """Whether an entry is a single character or byte, which keeps every text spellable.

    >>> [is_elementary(token, {"type": "WordPiece"}) for token in ("a", "##a", "ab", "##ab")]
    [True, True, False, False]
    >>> [is_elementary(token, {"type": "Unigram"}) for token in ("a", "▁a", "<0x0A>", "▁ab")]
    [True, True, True, False]
    """
    prefix = model.get("continuing_subword_prefix") or ("##" if model.get("type") == "WordPiece" else "")
    token = token.removeprefix(prefix) or token
    token = token.removesuffix(model.get("end_of_word_suffix") or "") or token
    is_byte = len(token) == 6 and token.startswith("<0x") and token.endswith(">")
    return len(token) == 1 or (len(token) == 2 and token[0] in _MARKS) or is_byte


def _entries(model: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The entries of a tokenizer's model with their ids."""
    if model.get("type") == "Unigram":
        return ((token, number) for number, (token, _) in enumerate(model["vocab"]))
    return iter(model["vocab"].items())


def _keep_entries(model: dict[str, Any], new_ids: Mapping[str, int]) -> None:
    """Leave only the entries with a new id in a tokenizer's model, and the merges among them."""
    if model["type"] == "Unigram":
        unknown = None if model.get("unk_id") is None else model["vocab"][model["unk_id"]][0]
        model["vocab"] = [[token, score] for token, score in model["vocab"] if token in new_ids]
        if unknown is not None:
            model["unk_id"] = new_ids[unknown]
        return
    model["vocab"] = {token: new_ids[token] for token in model["vocab"] if token in new_ids}
    if model["type"] == "BPE":
        model["merges"] = [
            list(pair)
            for pair in _merges(model)
            if pair[0] in new_ids and pair[1] in new_ids and _merged(pair, model) in new_ids
        ]


def _merges(model: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs = (pair.split(" ", 1) if isinstance(pair, str) else pair for pair in model["merges"])
    return [(left, right) for left, right in pairs]


def _merged(pair: Sequence[str], model: Mapping[str, Any]) -> str:
    return pair[0] + pair[1].removeprefix(model.get("continuing_subword_prefix") or "")


def _closed_under_merges(tokens: Collection[str], model: Mapping[str, Any]) -> set[str]:
    """The tokens, and all that come up while they are merged from their characters."""
    rank = {pair: number for number, pair in enumerate(_merges(model))}
    closed = set(tokens)
    for token in tokens:
        parts = _characters(token, model)
        while len(parts) > 1:
            pairs = list(zip(parts, parts[1:], strict=False))
            first = min(pairs, key=lambda pair: rank.get(pair, len(rank)))
            if first not in rank:
                break
            place = pairs.index(first)
            parts[place : place + 2] = [_merged(first, model)]
            closed.add(parts[place])
    return closed


def _characters(token: str, model: Mapping[str, Any]) -> list[str]:
    """A token's characters as the entries that BPE begins with."""
    prefix, suffix = model.get("continuing_subword_prefix") or "", model.get("end_of_word_suffix") or ""
    ends = bool(suffix) and token.endswith(suffix) and token != suffix
    characters = list(token.removesuffix(suffix) if ends else token)
    characters = [characters[0], *(prefix + character for character in characters[1:])]
    if ends:
        characters[-1] += suffix
    return characters


def _renumbered(part: Any, ids: Mapping[int, int]) -> Any:
    """A post-processor's state with the new ids of the special tokens that it adds."""
    if isinstance(part, list):
        return [_renumbered(one, ids) for one in part]
    if not isinstance(part, dict):
        return part
    found = {key: _renumbered(value, ids) for key, value in part.items()}
    if isinstance(part.get("ids"), list):
        found["ids"] = [ids[index] for index in part["ids"]]
    for name in ("cls", "sep"):  # of BERT's and RoBERTa's post-processors: the token and its id
        if isinstance(part.get(name), list):
            token, index = part[name]
            found[name] = [token, ids[index]]
    return found
