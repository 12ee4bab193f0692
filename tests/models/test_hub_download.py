"""Loading from the Hub, against a loopback server that speaks as much of its protocol as is needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants

from fairkd.errors import ModelError
from fairkd.models import loading
from tests.models.loopback import Hub

MAIN, OLD = "a" * 40, "b" * 40


@pytest.fixture
def hub(tmp_path: Path, tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with `org/tiny`: BERT at main, DistilBERT at the tag v1."""
    hub = Hub()
    hub.repositories["org/tiny"] = {
        "main": (MAIN, tiny_folder("bert")),
        "v1": (OLD, tiny_folder("distilbert")),
    }
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    yield hub
    hub.stop()


def refusal(reference: str) -> str:
    with pytest.raises(ModelError) as caught:
        loading.load(reference)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence
    return sentence


def test_a_model_is_downloaded_and_loaded(hub: Hub, tiny_folder: Callable[[str], Path]) -> None:
    lm = loading.load("org/tiny")
    local = loading.load(str(tiny_folder("bert"))).model.state_dict()
    assert all(torch.equal(tensor, local[name]) for name, tensor in lm.model.state_dict().items())
    description = loading.describe(lm)
    assert (description.source, description.revision) == ("Hugging Face Hub", MAIN)
    assert lm.reference == "org/tiny"


def test_a_revision_chooses_tag_or_commit(hub: Hub) -> None:
    assert type(loading.load("org/tiny@v1").model).__name__ == "DistilBertForMaskedLM"
    assert loading.describe(loading.load(f"org/tiny@{OLD}")).revision == OLD


def test_progress_grows_to_the_whole_while_downloading(hub: Hub) -> None:
    reports: list[tuple[str, float | None]] = []
    loading.load("org/tiny", progress=lambda text, fraction: reports.append((text, fraction)))
    downloading = [fraction for text, fraction in reports if text.startswith("Downloading org/tiny: ")]
    assert downloading[0] == 0 and downloading[-1] == 1
    assert downloading == sorted(downloading)
    _, folder = hub.repositories["org/tiny"]["main"]
    total = f"{sum(path.stat().st_size for path in folder.iterdir()) / 1e6:.1f}"
    assert reports[-2][0] == f"Downloading org/tiny: {total} of {total} MB"
    assert reports[-1] == ("Loading org/tiny", None)


def test_loading_from_the_hub_prints_nothing(hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    loading.load("org/tiny")
    assert capfd.readouterr() == ("", "")


def test_only_the_needed_files_are_fetched(
    hub: Hub, tmp_path: Path, tiny_folder: Callable[[str], Path]
) -> None:
    folder = Path(shutil.copytree(tiny_folder("bert"), tmp_path / "big"))
    for name in ("pytorch_model.bin", "tf_model.h5", "modeling_mine.py", "training_args.bin"):
        (folder / name).write_bytes(b"not wanted")
    for name in ("spm.model", "sentencepiece.model"):
        (folder / name).write_bytes(b"a tokenizer, were there no tokenizer.json")
    hub.repositories["org/big"] = {"main": (MAIN, folder)}
    loading.load("org/big")
    fetched = {line.rpartition("/")[2] for line in hub.asked if "/resolve/" in line}
    tokenizers = {"tokenizer.json", "tokenizer_config.json", "spm.model", "sentencepiece.model"}
    assert fetched == {"config.json", "model.safetensors", *tokenizers}


@pytest.mark.parametrize("moment", ["after the listing", "after the first file"])
def test_a_push_during_the_download_does_not_mix_two_commits(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    revisions = hub.repositories["org/tiny"]
    before, answer = revisions["main"], hub.answer

    def answer_and_push(request: BaseHTTPRequestHandler, *, body: bool) -> None:
        answer(request, body=body)
        if moment == "after the listing" or "/resolve/" in request.path:
            revisions.update(main=revisions["v1"], earlier=before)

    monkeypatch.setattr(hub, "answer", answer_and_push)
    lm = loading.load("org/tiny")
    commit, folder = revisions["v1"] if moment == "after the listing" else before
    assert loading.describe(lm).revision == commit
    local = loading.load(str(folder)).model.state_dict()
    assert all(torch.equal(tensor, local[name]) for name, tensor in lm.model.state_dict().items())
    fetched = [line for line in hub.asked if "/resolve/" in line]
    assert fetched and all(f"/resolve/{commit}/" in line for line in fetched)


def test_a_second_load_fetches_no_file_again(hub: Hub) -> None:
    loading.load("org/tiny")
    hub.asked.clear()
    loading.load("org/tiny")
    assert not [line for line in hub.asked if line.startswith("GET") and "/resolve/" in line]


@pytest.mark.parametrize("reference", ["org/tiny", "org/tiny@v1", f"org/tiny@{MAIN}"])
def test_what_was_downloaded_loads_without_a_network(hub: Hub, reference: str) -> None:
    before = loading.load(reference)
    hub.stop()
    after = loading.load(reference)
    assert loading.describe(after) == loading.describe(before)


def test_what_was_downloaded_loads_while_the_hub_is_out_of_order(hub: Hub) -> None:
    loading.load("org/tiny")
    hub.broken = True
    assert loading.load("org/tiny").vocabulary_size > 0


def test_without_a_network_the_sentence_says_so(hub: Hub) -> None:
    hub.stop()
    sentence = refusal("org/tiny")
    assert "cannot be reached" in sentence and "not in the local cache" in sentence


def test_in_offline_mode_the_sentence_says_so(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE" in refusal("org/tiny")
    assert not hub.asked


def test_a_hub_that_is_out_of_order_is_named_as_such(hub: Hub) -> None:
    hub.broken = True
    assert "status 503" in refusal("org/tiny")


def test_an_unknown_repository_is_refused(hub: Hub) -> None:
    assert "called org/nobody" in refusal("org/nobody")


def test_an_unknown_revision_is_refused(hub: Hub) -> None:
    assert "no revision 'v9'" in refusal("org/tiny@v9")


def test_a_gated_repository_is_refused(hub: Hub) -> None:
    hub.gated.add("org/tiny")
    assert "gated" in refusal("org/tiny")


def test_a_pickle_only_repository_is_refused_before_anything_is_downloaded(
    hub: Hub, tmp_path: Path, tiny_folder: Callable[[str], Path]
) -> None:
    folder = Path(shutil.copytree(tiny_folder("bert"), tmp_path / "old"))
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    hub.repositories["org/old"] = {"main": (MAIN, folder)}
    assert "pickled weights" in refusal("org/old")
    assert not [line for line in hub.asked if "/resolve/" in line]


def test_a_download_that_breaks_off_is_refused_and_the_next_attempt_succeeds(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.cut_off.add("model.safetensors")
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # huggingface_hub waits between its attempts
    assert "broke off at model.safetensors" in refusal("org/tiny")
    hub.cut_off.clear()
    assert loading.load("org/tiny").vocabulary_size > 0


# Xet, the storage beside the Hub that large files lie in


def test_where_xet_does_not_deliver_plain_http_does(hub: Hub, tiny_folder: Callable[[str], Path]) -> None:
    hub.xet = 403
    local = loading.load(str(tiny_folder("bert"))).model.state_dict()
    state = loading.load("org/tiny").model.state_dict()
    assert all(torch.equal(tensor, local[name]) for name, tensor in state.items())
    assert any("/reconstructions/" in line for line in hub.asked), "Xet was tried"


def test_a_download_that_fails_over_xet_and_over_http_is_refused(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.xet = 403
    hub.cut_off.add("model.safetensors")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    assert "broke off at model.safetensors" in refusal("org/tiny")


def test_without_plain_http_the_sentence_gives_the_reason_of_xet(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise ValueError("Xet headers have not been correctly set by the server.")

    hub.xet = 403
    monkeypatch.setattr("huggingface_hub.file_download.xet_get", fail)
    assert "broke off at model.safetensors (Xet headers have not" in refusal("org/tiny")


def test_progress_over_xet_only_grows_and_comes_from_the_thread_that_asked(
    hub: Hub, tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (tiny_folder("bert") / "model.safetensors").read_bytes()
    steps = 20
    part = len(content) // steps

    def xet_get(*, incomplete_path: Path, tqdm_class: Callable[..., Any], **_: object) -> None:
        bar = tqdm_class(total=len(content))

        def move() -> None:
            for step in range(steps):
                bar.update_transfer(2 * part)  # more than the file holds goes over the network
                if step > 4:
                    bar.update(part)
                reported.wait(5)  # so that each step is reported, however busy the machine is
                reported.clear()

        mover = threading.Thread(target=move)
        mover.start()
        mover.join()
        incomplete_path.write_bytes(content)

    hub.xet = 200
    monkeypatch.setattr("huggingface_hub.file_download.xet_get", xet_get)
    monkeypatch.setattr("fairkd.models.hub_download._BETWEEN_REPORTS", 0.01)
    reports: list[tuple[str, float, threading.Thread]] = []
    reported = threading.Event()

    def report(text: str, fraction: float | None) -> None:
        if fraction is not None:
            reports.append((text, fraction, threading.current_thread()))
        reported.set()

    loading.load("org/tiny", progress=report)
    fractions = [fraction for _, fraction, _ in reports]
    assert len(set(fractions)) > 4 and fractions[-1] == 1
    assert fractions == sorted(fractions)
    assert {thread for _, _, thread in reports} == {threading.current_thread()}


def test_a_download_that_nobody_waits_for_is_stopped(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()

    def xet_get(*, tqdm_class: Callable[..., Any], **_: object) -> None:
        bar = tqdm_class(total=100_000)
        try:
            for _ in range(1000):
                begun.set()
                time.sleep(0.01)
                bar.update(100)
        except InterruptedError:
            ended.set()
            raise

    class Left(BaseException):
        """As Streamlit stops a script whose visitor has left the page."""

    def report(text: str, fraction: float | None) -> None:
        if begun.is_set():
            raise Left

    hub.xet = 200
    monkeypatch.setattr("huggingface_hub.file_download.xet_get", xet_get)
    monkeypatch.setattr("fairkd.models.hub_download._BETWEEN_REPORTS", 0.01)
    with pytest.raises(Left):
        loading.load("org/tiny", progress=report)
    assert ended.wait(5)


def test_an_incomplete_model_in_the_cache_is_not_loaded(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.cut_off.add("model.safetensors")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    refusal("org/tiny")
    hub.stop()
    assert "cannot be reached" in refusal("org/tiny")


def test_sharded_weights_are_downloaded_whole(
    hub: Hub, tmp_path: Path, tiny_folder: Callable[[str], Path]
) -> None:
    whole = loading.load(str(tiny_folder("bert")))
    folder = Path(shutil.copytree(tiny_folder("bert"), tmp_path / "parts"))
    whole.model.save_pretrained(folder, max_shard_size="10KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    hub.repositories["org/parts"] = {"main": (MAIN, folder)}
    state = loading.load("org/parts").model.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in whole.model.state_dict().items())


def test_a_fresh_process_loads_through_hf_endpoint(hub: Hub, tmp_path: Path) -> None:
    program = (
        "from fairkd import models; lm = models.load('org/tiny@v1'); print(models.describe(lm).architecture)"
    )
    environment = os.environ | {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_OFFLINE": "0",
    }
    environment.pop("HF_HUB_CACHE", None)
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "DistilBertForMaskedLM\n", "")
