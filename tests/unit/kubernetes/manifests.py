"""Objects for tests of the rules for Kubernetes."""

import copy
from collections.abc import Mapping
from typing import Any

from envctl.domain.kubernetes.secret_values import ValueHider

MANAGER = "envctl-shop-web"
HIDER = ValueHider(b"key of the run")


def build_deployment(**spec: object) -> dict[str, Any]:
    container = {"name": "web", "image": "web:1", "env": [{"name": "A", "value": "1"}]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"envctl.dev/stack": "shop-web"}},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template, **spec},
    }


def build_config_map(name: str = "app", **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop"},
        "data": dict(data),
    }


def build_object(kind: str, api_version: str = "v1", name: str = "web", **parts: object) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **parts}


def make_live(manifest: Mapping[str, Any], *entries: Mapping[str, Any], **status: object) -> dict[str, Any]:
    """Return an object as a server has it."""
    live = copy.deepcopy(dict(manifest))
    live["metadata"] |= {
        "uid": "u-1",
        "resourceVersion": "7",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [dict(each) for each in entries],
    }
    return {**live, "status": dict(status)} if status else live


def own(fields: Mapping[str, Any], manager: str = MANAGER, operation: str = "Apply", **more: str) -> dict[str, Any]:
    """Return an entry of `managedFields`."""
    time = "2026-02-03T04:05:06Z"
    return {"manager": manager, "operation": operation, "fieldsV1": fields, "time": time, **more}
