"""Requests to a real API server with its answers, and the same requests to the emulator."""

import copy
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest
from kube_api_emulator.server.api.requests import KubernetesApi
from kube_api_emulator.server.cluster import Cluster

FOLDER = Path(__file__).parent
REQUESTS, DRY_RUNS, WRITES = "requests.jsonl.gz", "dry-runs.jsonl.gz", "writes.jsonl.gz"
READS = "reads.jsonl.gz"
APPLY = "application/apply-patch+yaml"
# Random values and times.
_VOLATILE = frozenset(
    {
        *("uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "time", "selfLink", "clusterIP"),
        *("clusterIPs", "nodePort", "startTime", "lastTransitionTime", "lastUpdateTime"),
    }
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# The real server ran with controllers.
_CONTROLLER, _REVISION = "kube-controller-manager", "deployment.kubernetes.io/revision"

Verdict = Literal["same", "code", "words", "owners", "content"]


@dataclass(frozen=True)
class Exchange:
    """One request with the answer of the real server."""

    name: str
    method: str
    target: str
    media: str
    body: Any
    code: int
    answer: dict[str, Any]
    path: str = ""
    """The target as it is recorded."""


def list_recordings() -> dict[str, Path]:
    """Return the folders with answers by the version of the real server."""
    others = {each.name: each for each in FOLDER.iterdir() if (each / REQUESTS).is_file()}
    return {"1.36": FOLDER} | others


def load_requests(folder: Path = FOLDER) -> list[Exchange]:
    return [_parse(each, "") for each in _read_lines(folder / REQUESTS)]


def load_dry_runs(folder: Path = FOLDER) -> list[Exchange]:
    query = "?fieldManager=envctl&force=false&dryRun=All"
    return [_parse({"method": "PATCH", "media": APPLY, **each}, query) for each in _read_lines(folder / DRY_RUNS)]


def load_writes(name: str = WRITES) -> dict[str, list[dict[str, Any]]]:
    """Return the recorded writes by their kind, each with the requests that make its objects before."""
    writes: dict[str, list[dict[str, Any]]] = {}
    steps: list[dict[str, Any]] = []
    for line in _read_lines(FOLDER / name):
        if line["step"] == "new":
            steps = writes.setdefault(line["name"], [])
        else:
            steps.append(line)
    return writes


def load_reads() -> dict[str, list[dict[str, Any]]]:
    """Return the recorded reads, and the requests of several users, with the requests that make their objects."""
    return load_writes(READS)


def _parse(line: dict[str, Any], query: str) -> Exchange:
    target = line["path"] + query
    content = line["media"], line["body"], line["code"], line["answer"]
    return Exchange(line["name"], line["method"], target, *content, path=line["path"])


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _list_warnings(answer: ApiAnswer) -> list[str]:
    """Return the warnings of an answer, without those about the emulator itself."""
    return [text for name, text in answer.headers if name == "Warning" and "kube-api-emulator" not in text]


class Replay:
    """Sends requests to a new cluster, and judges its answers.

    Attributes:
        warnings: of the last answer.
    """

    def __init__(self, version: str = "1.36") -> None:
        self.api = KubernetesApi(Cluster(version))
        self.warnings: list[str] = []

    def read(self, step: dict[str, Any]) -> tuple[int, str]:
        """Send a recorded request with its headers, and return code and body of the answer."""
        headers = {"user-agent": "envctl", "accept": step.get("accept", ""), "authorization": "Bearer admin"}
        if step["media"] is not None and (step["media"] or step["body"] is not None):
            headers["content-type"] = step["media"] or "application/json"
        for name, value in step.get("headers", ()):
            key = name.lower()
            headers[key] = f"{headers[key]}\n{value}" if key in headers else value
        content = b"" if step["body"] is None else json.dumps(step["body"]).encode()
        answer = self.api.answer(ApiRequest(step["method"], step["path"], headers, content))
        assert isinstance(answer, ApiAnswer)
        self.warnings = _list_warnings(answer)
        return answer.code, answer.body.decode()

    def send(self, method: str, target: str, media: str, body: object) -> tuple[int, dict[str, Any]]:
        headers = {"content-type": media or "application/json", "user-agent": "envctl"}
        content = b"" if body is None else json.dumps(body).encode()
        answer = self.api.answer(ApiRequest(method, target, headers, content))
        assert isinstance(answer, ApiAnswer)
        self.warnings = _list_warnings(answer)
        return answer.code, json.loads(answer.body)

    def judge(self, exchange: Exchange) -> tuple[Verdict, list[str]]:
        """Send a request, and return how its answer differs from the real one, and in which fields."""
        code, answer = self.send(exchange.method, exchange.target, exchange.media, exchange.body)
        code = 200 if code == 201 else code
        fields = list(list_differences(_normalize(answer), _normalize(exchange.answer)))
        if code != exchange.code:
            return "code", [f"{code} != {exchange.code}", *fields]
        if not fields:
            return "same", []
        if code >= 300:
            return "words", fields
        is_ownership = all(".managedFields" in field or field.startswith(".metadata.generation") for field in fields)
        return "owners" if is_ownership else "content", fields


def _normalize(answer: dict[str, Any]) -> Any:
    answer = copy.deepcopy(answer)
    for item in answer.get("items", [answer]):
        if item.get("kind") != "Status":
            item.pop("status", None)
        metadata = item.get("metadata") or {}
        if metadata.get("managedFields"):
            entries = [entry for entry in metadata["managedFields"] if entry["manager"] != _CONTROLLER]
            # Entries of one manager are in the order of their times.
            names = ("manager", "operation", "subresource", "apiVersion")
            metadata["managedFields"] = sorted(entries, key=lambda entry: [entry.get(name, "") for name in names])
        (metadata.get("annotations") or {}).pop(_REVISION, None)
        if metadata.get("annotations") == {}:
            del metadata["annotations"]
    if isinstance(answer.get("details"), dict) and answer["details"].get("causes"):
        # The server lists conflicts in the order of a map of Go.
        answer["details"]["causes"].sort(key=lambda cause: json.dumps(cause, sort_keys=True))
    return _hide_volatile(answer)


def _hide_volatile(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hide_volatile(inner) for name, inner in sorted(value.items()) if name not in _VOLATILE}
    if isinstance(value, list):
        return [_hide_volatile(inner) for inner in value]
    return _UUID.sub("UUID", value) if isinstance(value, str) else value


_AGE = re.compile(r"(\d+[smhdy]){1,2}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ADDRESS = re.compile(r"10\.96\.\d+\.\d+")
_PORT = re.compile(r":3\d{4}(?=/|,|$)")
_VERSION = re.compile(r"(resource version: |resourceVersion: |current: )\d+")


def normalize_read(text: str) -> Any:
    """Return an answer to a read without random values, ages and addresses. It can be other text than JSON."""
    try:
        return _hide_moments(normalize_write(json.loads(text)))
    except (ValueError, AttributeError):
        return _hide_moments(text)


def _hide_moments(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hide_moments(inner) for name, inner in value.items() if name != "continue"}
    if isinstance(value, list):
        return [_hide_moments(inner) for inner in value]
    if not isinstance(value, str):
        return value
    if _AGE.fullmatch(value):
        return "AGE"
    for pattern, shown in ((_TIME, "TIME"), (_ADDRESS, "ADDRESS"), (_PORT, ":PORT"), (_VERSION, r"\1VERSION")):
        value = pattern.sub(shown, value)
    return value


_SHOWN = re.compile(r'Invalid value: (?=")')
# The manager of what the controllers in a real server write.
_SERVER_MANAGERS = ("kube-apiserver", "api-priority-and-fairness-config-consumer-v1")


def normalize_write(answer: dict[str, Any]) -> Any:
    """Return an answer to a write without random values, also in the objects that messages show."""
    answer = _hide_shown_objects(answer)
    if isinstance(answer.get("spec"), dict):
        answer["spec"].pop("healthCheckNodePort", None)
    metadata = answer.get("metadata") or {}
    if owners := metadata.pop("managedFields", None):
        kept = [each for each in owners if each["manager"] not in _SERVER_MANAGERS]
        metadata |= {"managedFields": kept} if kept else {}
    return _normalize(answer)


def _hide_shown_objects(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hide_shown_objects(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hide_shown_objects(inner) for inner in value]
    found = _SHOWN.search(value) if isinstance(value, str) else None
    if found is None:
        return value
    try:
        text, end = json.JSONDecoder().raw_decode(value, found.end())
        shown = json.loads(text)
        for name in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
            shown["metadata"].pop(name, None)
        shown.pop("status", None)
    except (ValueError, TypeError, KeyError, AttributeError):
        return value
    return value[: found.end()] + json.dumps(shown, sort_keys=True) + value[end:]


def list_differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted({*ours, *theirs}):
            yield from list_differences(ours.get(name), theirs.get(name), f"{path}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, pair in enumerate(zip(ours, theirs, strict=True)):
            yield from list_differences(*pair, f"{path}[{index}]")
    elif ours != theirs:
        yield f"{path}: {json.dumps(ours)[:200]} != {json.dumps(theirs)[:200]}"
