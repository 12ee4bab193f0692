"""Write the views that the Predictions page shows before PyTorch is loaded.

    python -m tools.stored_views

Run it when the embedded models, the page's example sentences or the texts of its figure have changed.
`tests/app/predictions/test_stored.py` says so.
"""

from __future__ import annotations

import json
from typing import Any

from app.predictions.inputs import PRESETS, Settings
from app.predictions.position import Role
from app.predictions.stored import FILE
from app.predictions.view import predictions_view
from app.shared.model_options import STUDENT_DEFAULT, TEACHER_DEFAULT
from fairkd import models
from fairkd.predictions import predict

CHOSEN: dict[Role, str] = {"teacher": TEACHER_DEFAULT, "student": STUDENT_DEFAULT}


def stored_views() -> dict[str, Any]:
    """The models by role, a hash of each, and the view of every example sentence."""
    loaded = {role: models.load(reference) for role, reference in CHOSEN.items()}
    views = {}
    for text in PRESETS:
        default = Settings(text)
        found = {
            role: predict(model, text, temperature=default.temperature, mask_each=default.mask_each)
            for role, model in loaded.items()
        }
        views[text] = predictions_view(found, k=default.k, log=default.log)
    hashes = {reference: models.embedded_hash(reference) for reference in CHOSEN.values()}
    return {"models": CHOSEN, "hashes": hashes, "views": views}


def main() -> None:
    FILE.write_text(
        json.dumps(stored_views(), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
