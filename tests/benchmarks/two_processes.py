"""What each of two processes does in `test_item_shards`: `two_processes.py MODEL FILE OUT`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from fairkd.benchmarks import measure
from fairkd.models import load


def main(model: str, data: str, out: str) -> None:
    result = measure(load(model), "crows-pairs", data=data, cached=False)
    told = {**result.as_json(), "items": json.loads(result.items.to_json(orient="split"))}
    (Path(out) / f"rank-{os.environ['RANK']}.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
