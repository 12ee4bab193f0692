"""A loopback server that speaks as much of the Hub's protocol as loading a model needs."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

_XET_HASH = 64 * "c"


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


class Hub:
    """Repositories by id, each a mapping from revision to (commit, folder), and a log of what was asked."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, tuple[str, Path]]] = {}
        self.gated: set[str] = set()
        self.broken = False
        self.cut_off: set[str] = set()
        self.xet: int | None = None  # the status with which Xet's storage answers, where weights lie in it
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
        if "/xet-read-token/" in path:
            names = ("X-Xet-Cas-Url", "X-Xet-Access-Token", "X-Xet-Token-Expiration")
            values = (self.url, "token", str(int(time.time()) + 3600))
            return self.send(request, 200, b"", body=body, headers=dict(zip(names, values, strict=True)))
        if "/reconstructions/" in path:
            return self.send(request, self.xet or 404, b"{}", body=body)
        api = path.startswith("api/models/")
        tree = api and "/tree/" in path
        repository, revision, file = self.parse(path.removeprefix("api/models/"), api=api)
        if repository not in self.repositories:
            return self.send(request, 401, b"{}", body=body, headers={"X-Error-Code": "RepoNotFound"})
        revisions = self.repositories[repository]
        by_commit = {commit: (commit, folder) for commit, folder in revisions.values()}
        if revision not in revisions | by_commit:
            return self.send(request, 404, b"{}", body=body, headers={"X-Error-Code": "RevisionNotFound"})
        commit, folder = (revisions | by_commit)[revision]
        if tree:
            entries = [self.entry(path) for path in sorted(folder.iterdir())]
            return self.send(request, 200, json.dumps(entries).encode(), body=body)
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
        headers |= {"ETag": f'"{_sha1(content)}"'}
        if self.xet is not None and file.endswith(".safetensors"):
            route = f"{self.url}/api/models/{repository}/xet-read-token/{commit}"
            headers |= {"X-Xet-Hash": _XET_HASH, "X-Xet-Refresh-Route": route}
        if file in self.cut_off and body:
            content = content[: len(content) // 2]
        self.send(request, 200, content, body=body, headers=headers)

    def entry(self, path: Path) -> dict[str, object]:
        """A file in the listing of a commit's tree."""
        content = path.read_bytes()
        entry = {"type": "file", "path": path.name, "size": len(content), "oid": _sha1(content)}
        if self.xet is None or path.suffix != ".safetensors":
            return entry
        lfs = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        return entry | {"lfs": lfs, "xetHash": _XET_HASH}

    @staticmethod
    def parse(path: str, *, api: bool) -> tuple[str, str, str]:
        """(repository, revision, file) of `org/name[/revision/REV]`, `org/name/tree/REV` or a file's URL."""
        if api:
            repository, _, revision = path.replace("/tree/", "/revision/").partition("/revision/")
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
