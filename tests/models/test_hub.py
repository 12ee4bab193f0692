"""Loading from the Hub, against a loopback server that speaks as much of its protocol as is needed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
import torch
from huggingface_hub import constants

from fairkd import models
from fairkd.errors import ModelError

MAIN, OLD = "a" * 40, "b" * 40


class Hub:
    """Repositories by id, each a mapping from revision to (commit, folder), and a log of what was asked."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, tuple[str, Path]]] = {}
        self.gated: set[str] = set()
        self.broken = False
        self.cut_off: set[str] = set()
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self, body=True)

            def do_HEAD(self) -> None:
                hub.answer(self, body=False)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request: BaseHTTPRequestHandler, *, body: bool) -> None:
        path = unquote(request.path.partition("?")[0]).strip("/")
        self.asked.append(f"{request.command} {path}")
        if self.broken:
            return self.send(request, 503, b"", body=body)
        api = path.startswith("api/models/")
        repository, revision, file = self.parse(path.removeprefix("api/models/"), api=api)
        if repository not in self.repositories:
            return self.send(request, 401, b"{}", body=body, headers={"X-Error-Code": "RepoNotFound"})
        revisions = self.repositories[repository]
        by_commit = {commit: (commit, folder) for commit, folder in revisions.values()}
        if revision not in revisions | by_commit:
            return self.send(request, 404, b"{}", body=body, headers={"X-Error-Code": "RevisionNotFound"})
        commit, folder = (revisions | by_commit)[revision]
        if api:
            files = [
                {"rfilename": path.name, "size": path.stat().st_size} for path in sorted(folder.iterdir())
            ]
            info = {"id": repository, "sha": commit, "siblings": files, "private": False, "tags": []}
            return self.send(request, 200, json.dumps(info).encode(), body=body)
        headers = {"X-Repo-Commit": commit}
        if repository in self.gated:
            headers |= {"X-Error-Code": "GatedRepo"}
            return self.send(request, 403, b"{}", body=body, headers=headers)
        if not (folder / file).is_file():
            headers |= {"X-Error-Code": "EntryNotFound"}
            return self.send(request, 404, b"{}", body=body, headers=headers)
        content = (folder / file).read_bytes()
        headers |= {"ETag": f'"{hashlib.sha1(content).hexdigest()}"'}
        if file in self.cut_off and body:
            content = content[: len(content) // 2]
        self.send(request, 200, content, body=body, headers=headers)

    @staticmethod
    def parse(path: str, *, api: bool) -> tuple[str, str, str]:
        """(repository, revision, file) of `org/name[/revision/REV]` or `org/name/resolve/REV/FILE`."""
        if api:
            repository, _, revision = path.partition("/revision/")
            return repository, revision or "main", ""
        repository, _, rest = path.partition("/resolve/")
        revision, _, file = rest.rpartition("/")
        return repository, revision, file

    @staticmethod
    def send(
        request: BaseHTTPRequestHandler,
        status: int,
        content: bytes,
        *,
        body: bool,
        headers: dict[str, str] | None = None,
    ) -> None:
        request.send_response(status)
        for name, value in (headers or {}).items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if body:
            request.wfile.write(content)


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
    yield hub
    hub.stop()


def refusal(reference: str) -> str:
    with pytest.raises(ModelError) as caught:
        models.load(reference)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence
    return sentence


def test_a_model_is_downloaded_and_loaded(hub: Hub, tiny_folder: Callable[[str], Path]) -> None:
    lm = models.load("org/tiny")
    local = models.load(str(tiny_folder("bert"))).model.state_dict()
    assert all(torch.equal(tensor, local[name]) for name, tensor in lm.model.state_dict().items())
    description = models.describe(lm)
    assert (description.source, description.revision) == ("Hugging Face Hub", MAIN)
    assert lm.reference == "org/tiny"


def test_a_revision_chooses_tag_or_commit(hub: Hub) -> None:
    assert type(models.load("org/tiny@v1").model).__name__ == "DistilBertForMaskedLM"
    assert models.describe(models.load(f"org/tiny@{OLD}")).revision == OLD


def test_progress_grows_to_the_whole_while_downloading(hub: Hub) -> None:
    said: list[tuple[str, float | None]] = []
    models.load("org/tiny", progress=lambda text, fraction: said.append((text, fraction)))
    downloading = [fraction for text, fraction in said if text.startswith("Downloading org/tiny: ")]
    assert downloading[0] == 0 and downloading[-1] == 1
    assert downloading == sorted(downloading)
    assert any("model.safetensors" in text for text, _ in said)
    assert said[-1] == ("Loading org/tiny", None)


def test_loading_from_the_hub_prints_nothing(hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    models.load("org/tiny")
    assert capfd.readouterr() == ("", "")


def test_only_the_needed_files_are_fetched(
    hub: Hub, tmp_path: Path, tiny_folder: Callable[[str], Path]
) -> None:
    folder = Path(shutil.copytree(tiny_folder("bert"), tmp_path / "big"))
    for name in ("pytorch_model.bin", "tf_model.h5", "modeling_mine.py", "training_args.bin"):
        (folder / name).write_bytes(b"not wanted")
    hub.repositories["org/big"] = {"main": (MAIN, folder)}
    models.load("org/big")
    fetched = {line.rpartition("/")[2] for line in hub.asked if "/resolve/" in line}
    assert fetched == {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"}


def test_a_second_load_fetches_no_file_again(hub: Hub) -> None:
    models.load("org/tiny")
    hub.asked.clear()
    models.load("org/tiny")
    assert not [line for line in hub.asked if line.startswith("GET") and "/resolve/" in line]


@pytest.mark.parametrize("reference", ["org/tiny", "org/tiny@v1", f"org/tiny@{MAIN}"])
def test_what_was_downloaded_loads_without_a_network(hub: Hub, reference: str) -> None:
    before = models.load(reference)
    hub.stop()
    after = models.load(reference)
    assert models.describe(after) == models.describe(before)


def test_what_was_downloaded_loads_while_the_hub_is_out_of_order(hub: Hub) -> None:
    models.load("org/tiny")
    hub.broken = True
    assert models.load("org/tiny").vocabulary_size > 0


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
    assert models.load("org/tiny").vocabulary_size > 0


def test_half_a_model_in_the_cache_does_not_pass_for_a_whole_one(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.cut_off.add("model.safetensors")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    refusal("org/tiny")
    hub.stop()
    assert "cannot be reached" in refusal("org/tiny")


def test_sharded_weights_are_downloaded_whole(
    hub: Hub, tmp_path: Path, tiny_folder: Callable[[str], Path]
) -> None:
    whole = models.load(str(tiny_folder("bert")))
    folder = Path(shutil.copytree(tiny_folder("bert"), tmp_path / "parts"))
    whole.model.save_pretrained(folder, max_shard_size="10KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    hub.repositories["org/parts"] = {"main": (MAIN, folder)}
    state = models.load("org/parts").model.state_dict()
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
