"""Deployments and their ReplicaSets, with the rolling update of kube-controller-manager.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/deployment/sync.go (getNewReplicaSet, scale, cleanupDeployment),
pkg/controller/deployment/rolling.go (rolloutRolling, reconcileOldReplicaSets).
"""

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from kube_api_emulator.server.controllers.context import (
    Context,
    build_condition,
    count_terminating,
    drop_zeros,
    refer_to,
)
from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.rules.schema_rules import format_time

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
_HISTORY = 10
_COMPONENT = "deployment-controller"
_SAFE_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def reconcile_deployment(context: Context, resource: Resource, item: Object) -> float | None:
    if item["metadata"].get("deletionTimestamp"):
        return None
    sets = context.find("apps", "replicasets")
    owned = context.list_owned(sets, item)
    current = _find_current(item, owned)
    is_paused = bool(item["spec"].get("paused"))
    if current is None and not is_paused:
        current = _create_set(context, sets, item, owned)
    revision = _number_revision(context, current, owned) if current else 0
    rollout = _Rollout.read(context, sets, item, current["metadata"]["name"] if current else "")
    if not is_paused:
        rollout.scale(context, sets)
    return _write_status(context, resource, item, _Rollout.read(context, sets, item, rollout.current_name), revision)


@dataclass(frozen=True)
class _Rollout:
    """The ReplicaSets of a Deployment: the current one, and the older ones."""

    item: Object
    current_name: str
    current: Object | None
    older: list[Object]

    @classmethod
    def read(cls, context: Context, sets: Resource, item: Object, current_name: str) -> "_Rollout":
        owned = context.list_owned(sets, item)
        current = next((each for each in owned if each["metadata"]["name"] == current_name), None)
        older = [each for each in owned if each["metadata"]["name"] != current_name]
        return cls(item, current_name, current, older)

    @property
    def all(self) -> list[Object]:
        return [*self.older, *([self.current] if self.current else [])]

    def count(self, name: str) -> int:
        return sum(_count(each, name) for each in self.all)

    def scale(self, context: Context, sets: Resource) -> None:
        if self.current is None:
            return
        if (self.item["spec"].get("strategy") or {}).get("type") == "Recreate":
            self._recreate(context, sets, self.current)
        else:
            self._roll(context, sets, self.current)
        self._drop_history(context, sets)

    def _recreate(self, context: Context, sets: Resource, current: Object) -> None:
        for each in self.older:
            _scale(context, sets, self.item, each, 0)
        if not any(_count(each, "replicas") for each in self.older):
            _scale(context, sets, self.item, current, _replicas(self.item))

    def _roll(self, context: Context, sets: Resource, current: Object) -> None:
        replicas = _replicas(self.item)
        surge, unavailable = _read_strategy(self.item["spec"], replicas)
        total = sum(_replicas(each) for each in self.all)
        wanted = _replicas(current)
        if wanted > replicas:
            _scale(context, sets, self.item, current, replicas)
        elif wanted < replicas:
            _scale(context, sets, self.item, current, min(replicas, wanted + max(0, replicas + surge - total)))
        # Old pods that are not ready do not delay the new ones.
        not_started = _replicas(current) - _count(current, "availableReplicas")
        removable = total - (replicas - unavailable) - max(0, not_started)
        for each in sorted(self.older, key=lambda each: _count(each, "availableReplicas")):
            unready = _replicas(each) - _count(each, "availableReplicas")
            spare = self.count("availableReplicas") - (replicas - unavailable)
            taken = min(_replicas(each), max(0, min(removable, unready + max(0, spare))))
            if taken:
                _scale(context, sets, self.item, each, _replicas(each) - taken)
                removable -= taken

    def _drop_history(self, context: Context, sets: Resource) -> None:
        limit = self.item["spec"].get("revisionHistoryLimit", _HISTORY)
        empty = sorted((each for each in self.older if not _replicas(each)), key=_revision)
        for each in empty[: max(0, len(self.older) - limit)]:
            context.delete(sets, each)


def _write_status(context: Context, resource: Resource, item: Object, rollout: _Rollout, revision: int) -> float | None:
    replicas, before = _replicas(item), item.get("status") or {}
    _, unavailable = _read_strategy(item["spec"], replicas)
    updated = _count(rollout.current, "replicas") if rollout.current else 0
    total, available = rollout.count("replicas"), rollout.count("availableReplicas")
    is_complete = updated == replicas == total and available == replicas
    has_minimum = available >= replicas - unavailable
    state = (item["metadata"].get("generation"), updated, total, available)
    limit = min(item["spec"].get("progressDeadlineSeconds", 600), context.deadline_seconds)
    rest = limit - context.measure_age(item, state)
    progressing = _describe_progress(before, rollout, is_complete=is_complete, is_late=rest <= 0)
    minimum = (
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        if has_minimum
        else ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    )
    status = drop_zeros(
        {
            "observedGeneration": item["metadata"].get("generation", 1),
            "replicas": total,
            "updatedReplicas": updated,
            "readyReplicas": rollout.count("readyReplicas"),
            "availableReplicas": available,
            "unavailableReplicas": max(0, max(replicas, total) - available),
            **count_terminating(context),
        }
    )
    annotations = {**(item["metadata"].get("annotations") or {}), **({REVISION: str(revision)} if revision else {})}
    known = _without_update_times(before)
    conditions = [build_condition(before, "Available", *minimum), progressing]
    if failure := _find_failure(rollout.current):
        conditions.append(build_condition(before, "ReplicaFailure", "True", "FailedCreate", failure))
    is_numbered = annotations == (item["metadata"].get("annotations") or {})
    if not is_numbered or known != {**status, "conditions": conditions}:
        status["conditions"] = [each | {"lastUpdateTime": format_time()} for each in conditions]
        context.set_status(resource, item, status, annotations=annotations)
    return rest if not is_complete and rest > 0 else None


def _find_failure(current: Object | None) -> str:
    """Return why the current ReplicaSet gets no pods; empty if it does."""
    conditions = ((current or {}).get("status") or {}).get("conditions") or ()
    return next((str(each["message"]) for each in conditions if each["type"] == "ReplicaFailure"), "")


def _describe_progress(before: Object, rollout: _Rollout, *, is_complete: bool, is_late: bool) -> Object:
    describe = partial(build_condition, before, "Progressing")
    name = rollout.current_name
    if is_complete:
        return describe("True", "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
    if is_late:
        return describe("False", "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.')
    return describe("True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')


def _without_update_times(status: Object) -> Object:
    conditions = [
        {name: value for name, value in each.items() if name != "lastUpdateTime"}
        for each in status.get("conditions") or ()
    ]
    return {**status, "conditions": conditions}


# -- ReplicaSets of a Deployment ------------------------------------------------------------------------------------


def _find_current(item: Object, owned: list[Object]) -> Object | None:
    digest = hash_template(item["spec"]["template"])
    return next((each for each in owned if each["metadata"]["labels"].get(HASH_LABEL) == digest), None)


def _create_set(context: Context, sets: Resource, item: Object, owned: list[Object]) -> Object:
    metadata, spec = item["metadata"], item["spec"]
    template, digest = spec["template"], hash_template(spec["template"])
    labels = {**((template.get("metadata") or {}).get("labels") or {}), HASH_LABEL: digest}
    selector = spec.get("selector") or {}
    matched = {**(selector.get("matchLabels") or {}), HASH_LABEL: digest}
    revision = max(map(_revision, owned), default=0) + 1
    new = {
        "metadata": {
            "name": f"{metadata['name']}-{digest}",
            "labels": labels,
            "annotations": {REVISION: str(revision)},
            "ownerReferences": [refer_to(item)],
        },
        "spec": {
            "replicas": 0,
            "selector": {**selector, "matchLabels": matched},
            "template": {**template, "metadata": {**(template.get("metadata") or {}), "labels": labels}},
        },
    }
    return context.create(sets, metadata["namespace"], new)


def _number_revision(context: Context, current: Object, owned: list[Object]) -> int:
    """Give the highest revision to the current ReplicaSet. Returns its number."""
    others = [_revision(each) for each in owned if each["metadata"]["name"] != current["metadata"]["name"]]
    revision, highest = _revision(current), max(others, default=0)
    if revision > highest:
        return revision
    sets = context.find("apps", "replicasets")
    context.change(sets, current, partial(_annotate, name=REVISION, value=str(highest + 1)))
    return highest + 1


def _annotate(item: Object, name: str, value: str) -> None:
    item["metadata"]["annotations"] = {**(item["metadata"].get("annotations") or {}), name: value}


def _scale(context: Context, sets: Resource, owner: Object, item: Object, replicas: int) -> None:
    before = _replicas(item)
    if before != replicas:
        context.change(sets, item, lambda changed: changed["spec"].update(replicas=replicas))
        direction = "up" if replicas > before else "down"
        text = f"Scaled {direction} replica set {item['metadata']['name']} from {before} to {replicas}"
        context.report(owner, _COMPONENT, "ScalingReplicaSet", text)


def hash_template(template: Any) -> str:  # noqa: ANN401 (JSON)
    """Return the hash of a template, with letters that form no words."""
    number = int.from_bytes(hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()[:4])
    return "".join(_SAFE_LETTERS[ord(digit) % len(_SAFE_LETTERS)] for digit in str(number))


def _revision(item: Object) -> int:
    return int((item["metadata"].get("annotations") or {}).get(REVISION, 0))


def _replicas(item: Object) -> int:
    return int(item["spec"].get("replicas", 1))


def _count(item: Object, name: str) -> int:
    return int((item.get("status") or {}).get(name, 0))


def _read_strategy(spec: Object, replicas: int) -> tuple[int, int]:
    """Return how many pods there may be too many, and too few."""
    strategy = spec.get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0, replicas
    rolling = strategy.get("rollingUpdate") or {}
    surge = _resolve(rolling.get("maxSurge", "25%"), replicas, rounds_up=True)
    unavailable = _resolve(rolling.get("maxUnavailable", "25%"), replicas, rounds_up=False)
    return surge, unavailable if surge or unavailable else 1


def _resolve(value: int | str, replicas: int, *, rounds_up: bool) -> int:
    if isinstance(value, int):
        return value
    share = replicas * int(value.rstrip("%"))
    return -(-share // 100) if rounds_up else share // 100
