"""Sends the recorded requests to a real cluster, and writes its answers beside the others. No tests.

The objects are in namespaces of their own, which are deleted at the end. Objects of the whole cluster must not be
there before.
"""

import gzip
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from envctl.adapters.sandbox.kubernetes.api.exchange import ApiAnswer, ApiRequest
from envctl.usecases.ports.kubernetes import ClusterConnection
from tests.adapters.sandbox.kubernetes.golden.replay import (
    DRY_RUNS,
    FOLDER,
    REQUESTS,
    Exchange,
    load_dry_runs,
    load_requests,
)
from tests.kubernetes_live import ForwardingApi, Names

_SPACES = ("t", "gold", "nowhere")
_PATIENCE = 10.0
"""Seconds until a new kind is served."""
_WRITES = ("PATCH", "POST", "PUT")
_CREATED = re.compile(r"/(?:api/v1|apis/[^/]+/[^/]+)/(?!namespaces)[^/]+/[^/]+$")


class Recorder:
    """Records the answers of one cluster."""

    def __init__(self, connection: ClusterConnection) -> None:
        self._token = secrets.token_urlsafe(24)
        mark = secrets.token_hex(4)
        names = Names({each: f"envctl-live-{mark}-{each}" for each in _SPACES})
        self._api = ForwardingApi(connection, names, self._token)

    def send(self, method: str, target: str, media: str = "", body: object = None) -> tuple[int, dict[str, Any]]:
        headers = {"authorization": f"Bearer {self._token}", "user-agent": "envctl", "accept": "application/json"}
        if body is not None:
            headers["content-type"] = media or "application/json"
        content = b"" if body is None else json.dumps(body).encode()
        answer = self._api.answer(ApiRequest(method, target, headers, content))
        assert isinstance(answer, ApiAnswer)
        # A path that the server does not know yet gets a line of text.
        is_text = answer.media.startswith("text/")
        return answer.code, {"message": answer.body.decode()} if is_text else json.loads(answer.body)

    def read_version(self) -> str:
        _, version = self.send("GET", "/version")
        return f"{version['major']}.{version['minor'].rstrip('+')}"

    def find_shared(self, exchanges: Iterable[Exchange]) -> list[str]:
        """Return the paths of objects of the whole cluster that the requests write."""
        paths = {each.target.partition("?")[0] for each in exchanges if each.method in _WRITES}
        return sorted(path for path in paths if _CREATED.fullmatch(path))

    def record(self, exchanges: Iterable[Exchange]) -> list[dict[str, Any]]:
        lines = []
        for each in exchanges:
            code, answer = self.send(each.method, each.target, each.media, each.body)
            line = {"name": each.name, "method": each.method, "path": each.path, "media": each.media}
            lines.append(line | {"body": each.body, "code": 200 if code == 201 else code, "answer": answer})
            if answer.get("kind") == "CustomResourceDefinition" and "dryRun" not in each.target:
                self._wait_for_kind(answer["spec"])
        return lines

    def _wait_for_kind(self, spec: Mapping[str, Any]) -> None:
        """Wait until a new kind is served. A definition is accepted before."""
        deadline = time.monotonic() + _PATIENCE
        path = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
        while self.send("GET", path)[0] == 404 and time.monotonic() < deadline:
            time.sleep(0.05)


def record_answers(connection: ClusterConnection, say: Callable[[str], object], folder: Path = FOLDER) -> Path:
    """Write the answers of a cluster into a folder with the name of its version. Returns that folder."""
    recorder = Recorder(connection)
    target = folder / recorder.read_version()
    requests = load_requests()
    shared = recorder.find_shared(requests)
    present = [path for path in shared if recorder.send("GET", path)[0] == 200]
    if present:
        raise SystemExit(f"the cluster has objects that the requests would change: {', '.join(present)}")
    try:
        answers = recorder.record(requests)
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gold"}}
        recorder.send("POST", "/api/v1/namespaces", "", space)
        dry_runs = recorder.record(load_dry_runs())
    finally:
        for path in (*shared, "/api/v1/namespaces/t", "/api/v1/namespaces/gold"):
            recorder.send("DELETE", path)
    target.mkdir(exist_ok=True)
    for name, lines in ((REQUESTS, answers), (DRY_RUNS, dry_runs)):
        text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines)
        (target / name).write_bytes(gzip.compress(text.encode(), mtime=0))
    say(f"recorded {len(answers)} requests and {len(dry_runs)} dry runs in {target}\n")
    return target
