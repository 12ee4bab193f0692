"""Write the hashes of the embedded models, with which `fairkd doctor` compares an installation.

python -m tools.embedded_hashes
"""

from __future__ import annotations

import json

from fairkd.models import EMBEDDED, embedded, embedded_hash

FILE = EMBEDDED / "sha256.json"


def main() -> None:
    found = {reference: embedded_hash(reference) for reference in embedded()}
    FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
