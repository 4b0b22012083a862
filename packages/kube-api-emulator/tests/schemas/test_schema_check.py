"""What the schema of a kind does not allow is found, with its place."""

from typing import Any

import pytest

from kube_api_emulator.schemas.packed import load_schemas
from kube_api_emulator.schemas.schema_check import SchemaProblem, check_object

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "nginx",
                        "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}],
                        "resources": {"limits": {"memory": "1Gi", "cpu": 0.5}},
                        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}},
                    }
                ]
            },
        },
    },
}
CRD: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "stores.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Store", "plural": "stores"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["kind"],
                                "properties": {
                                    "kind": {"type": "string", "enum": ["a", "b"]},
                                    "name": {"type": "string", "pattern": "^x", "maxLength": 3},
                                    "count": {"type": "integer", "minimum": 1, "maximum": 3},
                                    "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 1},
                                    "size": {"x-kubernetes-int-or-string": True},
                                    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                                    "shut": {"type": "object"},
                                },
                            }
                        },
                    }
                },
            }
        ],
    },
}


def change(path: str, value: object, manifest: dict[str, Any] = DEPLOYMENT) -> dict[str, Any]:
    """Return the manifest with another value at a path such as `spec.template.0.name`."""
    step, _, rest = path.partition(".")
    if isinstance(manifest, list):
        return [change(rest, value, each) if str(i) == step else each for i, each in enumerate(manifest)]
    return {**manifest, step: change(rest, value, manifest[step]) if rest else value}


def find(manifest: dict[str, Any]) -> list[str]:
    problems: tuple[SchemaProblem, ...] | None = check_object(load_schemas().add_custom_kinds([CRD]), manifest)
    assert problems is not None
    return [str(each) for each in problems]


def test_valid_objects_have_no_problems() -> None:
    assert find(DEPLOYMENT) == []
    assert find(CRD) == []


CONTAINER = "spec.template.spec.containers.0"
SHOWN = "spec.template.spec.containers[0]"


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("spec.replica", 2, "spec.replica: unknown field; did you mean replicas?"),
        ("spec.replicas", "2", "spec.replicas: must be an integer, not a text"),
        ("spec.replicas", True, "spec.replicas: must be an integer, not true or false"),
        ("spec.replicas", 2**31, "spec.replicas: is too large for int32"),
        ("spec.selector", None, "spec.selector: is required"),
        ("metadata.labels.app", 1, "metadata.labels.app: must be a text, not an integer"),
        ("metadata.labels", ["a"], "metadata.labels: must be a map, not a list"),
        (f"{CONTAINER}.args", "x", f"{SHOWN}.args: must be a list, not a text"),
        (f"{CONTAINER}.imagePullPolicy", "Sometimes",
         f'{SHOWN}.imagePullPolicy: "Sometimes" is not one of Always, IfNotPresent, Never'),
        (f"{CONTAINER}.resources.limits.memory", "1 Gi",
         f"{SHOWN}.resources.limits.memory: must be an amount like 500m or 1Gi"),
        (f"{CONTAINER}.readinessProbe.httpGet.port", [],
         f"{SHOWN}.readinessProbe.httpGet.port: must be an integer or a text, not a list"),
        (f"{CONTAINER}.ports", [{"containerPort": 80}, {"containerPort": 80, "protocol": "TCP"}],
         f"{SHOWN}.ports[1]: has the same containerPort and protocol as another item of the list"),
        ("kind", "Deploymnt", "kind: Kubernetes 1.37 has no Deploymnt in apps/v1; did you mean Deployment?"),
        ("apiVersion", "extensions/v1beta1",
         "apiVersion: Kubernetes 1.37 has no Deployment in extensions/v1beta1; it has it in apps/v1"),
    ],
)  # fmt: skip
def test_problem_is_found_with_its_place(path: str, value: object, problem: str) -> None:
    assert find(change(path, value)) == [problem]


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"kind": "a", "size": "5%", "free": {"x": 1}, "name": "x", "count": 3}, None),
        ({"kind": "c"}, "spec.kind: must be one of a, b"),
        ({}, "spec.kind: is required"),
        ({"kind": "a", "name": "y"}, "spec.name: must match ^x"),
        ({"kind": "a", "name": "xxxx"}, "spec.name: must have at most 3 characters"),
        ({"kind": "a", "count": 0}, "spec.count: must be at least 1"),
        ({"kind": "a", "count": 4}, "spec.count: must be at most 3"),
        ({"kind": "a", "tags": ["x", "y"]}, "spec.tags: must have at most 1 items"),
        ({"kind": "a", "shut": {"x": 1}}, "spec.shut.x: unknown field"),
        ({"kind": "a", "other": 1}, "spec.other: unknown field"),
    ],
)
def test_custom_resource_is_checked_by_its_definition(spec: dict[str, Any], problem: str | None) -> None:
    store = {"apiVersion": "example.com/v1", "kind": "Store", "metadata": {"name": "a"}, "spec": spec}
    assert find(store) == ([problem] if problem else [])


def test_unknown_custom_kind_is_not_checked() -> None:
    assert check_object(load_schemas(), {"apiVersion": "example.com/v1", "kind": "Store", "spec": 1}) is None
