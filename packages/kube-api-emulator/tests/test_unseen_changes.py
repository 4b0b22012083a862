"""Objects with one change each get the answers of the validation and the defaults of Kubernetes 1.36.

The recorded answers are those of `pkg/apis/*/validation` and `pkg/registry/*/*/strategy.go` (see golden/README.md).
"""

import copy
import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from tests.golden.replay import APPLY, Replay, list_differences

Object = dict[str, Any]

FILE = Path(__file__).parent / "golden" / "changes.jsonl.gz"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gold"}}
_QUERY = "?fieldManager=envctl&force=true&dryRun=All"
_OF_SERVER = ("managedFields", "creationTimestamp", "uid", "resourceVersion", "generation")
_ALLOCATED = ("ipFamilies", "ipFamilyPolicy", "clusterIP", "clusterIPs", "healthCheckNodePort")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def normalize(item: Object) -> Object:
    """Leave out what admission and storage add, which the recorded answers do not have."""
    item = dict(json.loads(_UUID.sub("UID", json.dumps(item))))
    item.pop("status", None)
    metadata: Object = item["metadata"]
    spec: Object = item.get("spec", {})
    for name in _OF_SERVER:
        metadata.pop(name, None)
    if item["kind"] == "Service":
        for name in _ALLOCATED:
            spec.pop(name, None)
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)
    if item["kind"] in ("PersistentVolume", "PersistentVolumeClaim", "Pod"):
        metadata.pop("finalizers", None)
    if item["kind"] == "PersistentVolumeClaim" and "dataSource" in spec:
        spec.pop("dataSourceRef", None)
    if item["kind"] == "Namespace":
        spec.pop("finalizers", None)
    if item["kind"] == "Job":
        metadata.pop("labels", None)
    if item["kind"] == "Pod":
        _normalize_pod(spec)
    return item


def _normalize_pod(spec: Object) -> None:
    kept = [each for each in spec.pop("tolerations", ()) if not each.get("key", "").startswith("node.kubernetes.io/")]
    if kept:
        spec["tolerations"] = kept
    for name in ("priority", "preemptionPolicy"):
        spec.pop(name, None)
    for name in ("serviceAccountName", "serviceAccount"):
        spec.setdefault(name, "default")


def judge(code: int, answer: Object, expected: Object) -> str:
    if code != expected["code"]:
        return f"code: {code} != {expected['code']} {expected.get('message') or answer.get('message')}"
    if code >= 300:
        causes = sorted([each["field"], each["reason"]] for each in answer["details"].get("causes", ()))
        return "" if causes == expected["causes"] else f"causes: {causes} != {expected['causes']}"
    differing = list(list_differences(normalize(answer), normalize(copy.deepcopy(expected["object"]))))
    return f"content: {differing[:3]}" if differing else ""


def test_changed_objects_get_the_answers_of_the_source() -> None:
    replay, verdicts, differing = Replay(), Counter[str](), []
    replay.send("POST", "/api/v1/namespaces", "", NAMESPACE)
    with gzip.open(FILE, "rt", encoding="utf-8") as file:
        for line in file:
            expected = json.loads(line)
            code, answer = replay.send("PATCH", expected["path"] + _QUERY, APPLY, expected["body"])
            if code == 500 and answer["message"].startswith("failed to create typed"):
                continue  # server-side apply finds it before
            if code == 403 and "Pod Overhead set" in answer["message"]:
                continue  # admission refuses it, which the recorded answers do not have
            verdict = judge(200 if code == 201 else code, answer, expected)
            verdicts[verdict.partition(":")[0] or "same"] += 1
            if verdict:
                differing.append((expected["name"], verdict))
    assert verdicts["same"] >= 454, (verdicts, differing)
    assert verdicts["code"] <= 7, (verdicts, differing)
