"""How a dashboard is shared: the settings of whoever hosts it, from the environment.

A mode says what visitors do. In `local`, the visitor is the user of the machine. In `demo`, visitors look and
predict: nobody starts or changes a run, uploads a file or names a path. In `class`, visitors start runs
within a quota and change only their own; a presenter may change all. A dashboard that is shared allows only
the models and texts that a list names (`fairkd.utils.access`). `fairkd.runs.visitors` has the rules.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import os
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from fairkd.errors import InputError
from fairkd.utils.access import Access
from fairkd.utils.quoting import quoted

Mode = Literal["local", "demo", "class"]
MODES: tuple[Mode, ...] = get_args(Mode)
MODE_VARIABLE = "FAIRKD_MODE"
TOKEN_VARIABLE = "FAIRKD_PRESENTER_TOKEN"
RUNS_VARIABLE = "FAIRKD_CLASS_RUNS"
MINUTES_VARIABLE = "FAIRKD_CLASS_MINUTES"
MEGABYTES_VARIABLE = "FAIRKD_CLASS_MEGABYTES"
SHORTEST_TOKEN = 16  # characters
MOST_MEGABYTES = 200  # of an upload, in any mode


@dataclass(frozen=True)
class Hosting:
    """The settings of whoever hosts a dashboard. The quota is a visitor's, and holds in a class alone."""

    mode: Mode = "local"
    shared: bool = False  # by several people, each of whom has uploads of their own
    access: Access = Access()
    token: str = field(default="", repr=False)
    unfinished_runs: int = 3  # queued or at work
    minutes: float = 10.0  # of training, per run
    megabytes: int = 20  # of uploads together

    @classmethod
    def from_environment(cls, *, public: bool) -> Hosting:
        """The settings in the environment; `public` says that other machines reach the server.

        Raises
        ------
        InputError
            When a variable has no such value.
        """
        mode = os.environ.get(MODE_VARIABLE, "local").strip() or "local"
        if mode not in MODES:
            raise InputError(f"{MODE_VARIABLE} must be one of {', '.join(MODES)}, got {quoted(mode)}.")
        token = os.environ.get(TOKEN_VARIABLE, "").strip()
        if token and len(token) < SHORTEST_TOKEN:
            raise InputError(
                f"{TOKEN_VARIABLE} must have {SHORTEST_TOKEN} characters or more, got {len(token)}: "
                "`openssl rand -hex 16` makes one."
            )
        listed, shared = Access.listed(), public or mode != "local"
        return cls(
            mode=cast(Mode, mode),
            shared=shared,
            access=Access(
                () if listed.models is None and shared else listed.models,
                () if listed.text is None and (shared or listed.models is not None) else listed.text,
            ),
            token=token,
            unfinished_runs=int(_number(RUNS_VARIABLE, cls.unfinished_runs, whole=True)),
            minutes=_number(MINUTES_VARIABLE, cls.minutes),
            megabytes=min(int(_number(MEGABYTES_VARIABLE, cls.megabytes, whole=True)), MOST_MEGABYTES),
        )

    def proof(self, cookie: str) -> str:
        """What shows later that a visitor with this cookie has given the presenter's token."""
        return hmac.new(self.token.encode(), cookie.encode(), hashlib.sha256).hexdigest()

    def is_presenter(self, cookie: str, proof: str) -> bool:
        """Whether a proof belongs to the cookie that it comes with. Compared in constant time."""
        known = bool(self.token and cookie)
        return known and hmac.compare_digest(self.proof(cookie).encode(), proof.encode())


def visitor_id(cookie: str) -> str:
    """The id of a visitor: a hash of their cookie, which itself is stored nowhere. Empty without one."""
    return hashlib.sha256(cookie.encode()).hexdigest() if cookie else ""


def _number(variable: str, default: float, *, whole: bool = False) -> float:
    """The value of a variable that must be above 0."""
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1e9 or (whole and value != int(value)):
        kind = "a whole number" if whole else "a number"
        raise InputError(f"{variable} must be {kind} above 0, got {quoted(text)}.")
    return value
