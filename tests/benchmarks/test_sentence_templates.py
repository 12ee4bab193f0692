"""What holds for every benchmark of sentence templates: neighbours in a batch change no number."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fairkd.benchmarks import BENCHMARKS
from fairkd.benchmarks.measuring import score_items
from fairkd.benchmarks.scorer import Scorer
from fairkd.models import MaskedLM
from tests.benchmarks import test_bec_pro, test_disco, test_winobias, test_winogender

FILES = {
    "bec-pro": test_bec_pro.FILES,
    "disco": test_disco.FILES,
    "winobias": test_winobias.FILES,
    "winogender": test_winogender.FILES,
}


@pytest.mark.parametrize(("name", "files"), FILES.items())
def test_order_and_padding_change_nothing(
    name: str, files: Mapping[str, bytes], tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = BENCHMARKS[name]
    items = benchmark.read(files)
    together, unscored = score_items(benchmark, items, Scorer(tiny_bert))
    monkeypatch.setattr("fairkd.models.token_batching.BATCH_TOKENS", 1)  # one sentence a batch
    alone, again = score_items(benchmark, items[::-1], Scorer(tiny_bert))
    assert {one.id for one in unscored} == {one.id for one in again}
    for row, other in zip(together.to_dict("records"), alone[::-1].to_dict("records"), strict=True):
        assert row == pytest.approx(other, abs=1e-5)
