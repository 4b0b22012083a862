"""`make record KUBECONFIG=FILE`: sends the recorded requests to a real API server, and writes its answers.

The cluster has to be for this alone: the requests make namespaces and objects of the whole cluster, and one that is
there already ends the recording before it begins. They are deleted at the end.
"""

import argparse
import gzip
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.golden.replay import DRY_RUNS, FOLDER, REQUESTS, Exchange, load_dry_runs, load_requests

Send = Callable[[str, str, str, object], tuple[int, bytes]]
"""Sends method, path, media type and body, and returns code and body of the answer."""

_PATIENCE = 10.0
"""Seconds until a new kind is served."""
_WRITES = ("PATCH", "POST", "PUT")
_CREATED = re.compile(r"/(?:api/v1|apis/[^/]+/[^/]+)/(?!namespaces)[^/]+/[^/]+$")
_NAMESPACES = ("/api/v1/namespaces/t", "/api/v1/namespaces/gold")
_SECONDS = 60.0


class Recorder:
    """Records the answers of one server."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def send(self, method: str, target: str, media: str = "", body: object = None) -> tuple[int, dict[str, Any]]:
        code, answer = self._send(method, target, media or "application/json", body)
        try:
            return code, json.loads(answer)
        except ValueError:
            # A path that the server does not know yet gets a line of text.
            return code, {"message": answer.decode()}

    def read_version(self) -> str:
        _, version = self.send("GET", "/version")
        return f"{version['major']}.{version['minor'].rstrip('+')}"

    def find_present(self, exchanges: Iterable[Exchange]) -> list[str]:
        """Return the paths of what the requests write beside namespaces of their own, and what is there of it."""
        paths = {each.target.partition("?")[0] for each in exchanges if each.method in _WRITES}
        shared = sorted(path for path in paths if _CREATED.fullmatch(path))
        return [path for path in (*shared, *_NAMESPACES) if self.send("GET", path)[0] == 200]

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


def record_answers(send: Send, folder: Path = FOLDER) -> Path:
    """Write the answers of a server into a folder with the name of its version, and return it.

    Raises SystemExit if the server has objects that the requests would change.
    """
    recorder = Recorder(send)
    target = folder / recorder.read_version()
    requests = load_requests()
    if present := recorder.find_present(requests):
        raise SystemExit(f"the cluster has objects that the requests would change: {', '.join(present)}")
    try:
        answers = recorder.record(requests)
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gold"}}
        recorder.send("POST", "/api/v1/namespaces", "", space)
        dry_runs = recorder.record(load_dry_runs())
    finally:
        for path in recorder.find_present(requests):
            recorder.send("DELETE", path)
    target.mkdir(exist_ok=True)
    for name, lines in ((REQUESTS, answers), (DRY_RUNS, dry_runs)):
        text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines)
        (target / name).write_bytes(gzip.compress(text.encode(), mtime=0))
    return target


def connect(kubeconfig: str, context: str) -> Send:
    """Return what sends requests to the cluster of a kubeconfig, with the official client."""
    from kubernetes import client, config

    settings = client.Configuration()
    config.load_kube_config(kubeconfig, context or None, settings)
    api = client.ApiClient(settings)

    def send(method: str, target: str, media: str, body: object) -> tuple[int, bytes]:
        headers = {"Accept": "application/json", "Content-Type": media, "User-Agent": "kube-api-emulator"}
        if token := settings.get_api_key_with_prefix("authorization"):
            headers["Authorization"] = token
        content = None if body is None else json.dumps(body).encode()
        pool = api.rest_client.pool_manager
        answer = pool.request(method, settings.host + target, body=content, headers=headers, timeout=_SECONDS)
        return answer.status, answer.data

    return send


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Record the answers of a real API server.")
    parser.add_argument("kubeconfig")
    parser.add_argument("context", nargs="?", default="", help="the current one if it is left out")
    given = parser.parse_args(arguments)
    sys.stdout.write(f"recorded in {record_answers(connect(given.kubeconfig, given.context))}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
