"""What the server leaves out answers 404 or is refused, and the page about its scope names all of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from kube_api_emulator.schemas.packed import load_schemas
from kube_api_emulator.server.resources import ResourceRegistry
from kube_api_emulator.server.rules.unsupported_fields import (
    OTHER_FIELDS,
    POD_FIELDS,
    find_unsupported_fields,
    list_unsupported_fields,
)
from tests.requests.sending import Sender, list_causes
from tests.scope import DROPPED_KINDS, DROPPED_PARTS

PAGE = (Path(__file__).parents[1] / "docs" / "scope.md").read_text("utf-8")
MOST_WORDS = 900
PLURALS = {
    "IPAddress": "ipaddresses",
    "DeviceClass": "deviceclasses",
    "CSIStorageCapacity": "csistoragecapacities",
    "MutatingAdmissionPolicy": "mutatingadmissionpolicies",
    "VolumeAttributesClass": "volumeattributesclasses",
}
DROPPED = [(version, kind) for version, kinds in DROPPED_KINDS.items() for kind in kinds]
TEXT = "Forbidden: kube-api-emulator does not support this field"
POD: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
CONTAINER = {"name": "a", "image": "i"}
PODS, VOLUMES = "/api/v1/namespaces/default/pods", "/api/v1/persistentvolumes"


def build_part(steps: str) -> Any:
    """Return an object that uses the field of a path."""
    path, _, value = steps.partition("=")
    part: Any = value or {"a": "b"}
    for step in reversed(path.replace("[*]", ".[]").split(".")):
        part = [part] if step == "[]" else {step: part}
    return part


def list_fields() -> list[tuple[str, str]]:
    return [("Pod", f"spec.{path}") for path in POD_FIELDS] + [
        (kind, path) for kind, paths in OTHER_FIELDS.items() for path in paths
    ]


@pytest.mark.parametrize(("version", "kind"), DROPPED)
def test_dropped_kind_is_an_unknown_path(version: str, kind: str) -> None:
    sender, root = Sender(), "/api" if version == "v1" else "/apis"
    plural = PLURALS.get(kind, f"{kind.lower()}s")
    unknown = sender.send("GET", f"{root}/{version}/unknownthings")
    for method, name in (("GET", ""), ("GET", "/a"), ("POST", ""), ("PUT", "/a"), ("PATCH", "/a"), ("DELETE", "/a")):
        body = None if method == "GET" else {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}}
        answer = sender.send(method, f"{root}/{version}/{plural}{name}", body, "merge" if method == "PATCH" else "")
        assert (answer.code, answer.body) == (404, unknown.body), (method, name)
    assert kind not in str(sender.send("GET", f"{root}/{version}").body)


@pytest.mark.parametrize("part", DROPPED_PARTS)
def test_dropped_part_of_a_pod_is_an_unknown_path(part: str) -> None:
    sender, name = Sender(), part.rpartition("/")[2]
    assert sender.send("POST", PODS, POD | {"spec": {"containers": [CONTAINER]}}).code == 201
    unknown = sender.send("PUT", f"{PODS}/a/unknown", POD)
    answer = sender.send("PUT", f"{PODS}/a/{name}", POD)
    assert (answer.code, answer.body) == (404, unknown.body)
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize(("version", "kind"), DROPPED)
def test_schemas_keep_the_types_of_dropped_kinds(version: str, kind: str) -> None:
    assert load_schemas("1.36").find(version.rpartition("/")[0], version.rpartition("/")[2], kind)


@pytest.mark.parametrize(("kind", "path"), list_fields())
def test_unsupported_field_is_found(kind: str, path: str) -> None:
    causes = find_unsupported_fields(kind, build_part(path))
    assert [(cause.field, cause.message) for cause in causes] == [(path.partition("=")[0].replace("*", "0"), TEXT)]


@pytest.mark.parametrize("value", [None, []])
@pytest.mark.parametrize("path", [path for path in POD_FIELDS if "=" not in path])
def test_unsupported_field_without_value_is_no_use(path: str, value: object) -> None:
    part = build_part(f"spec.{path}=UNSET")
    assert find_unsupported_fields("Pod", json.loads(json.dumps(part).replace('"UNSET"', json.dumps(value)))) == []


@pytest.mark.parametrize(
    ("target", "body", "field"),
    [
        (
            PODS,
            POD | {"spec": {"containers": [CONTAINER], "volumes": [{"name": "v", "gitRepo": {}}]}},
            "spec.volumes[0].gitRepo",
        ),
        (PODS, POD | {"spec": {"containers": [CONTAINER], "os": {"name": "windows"}}}, "spec.os.name"),
        (
            "/apis/batch/v1/namespaces/default/jobs",
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {"name": "a"},
                "spec": {
                    "template": {
                        "spec": {
                            "restartPolicy": "Never",
                            "containers": [CONTAINER | {"resources": {"claims": [{"name": "gpu"}]}}],
                        }
                    }
                },
            },
            "spec.template.spec.containers[0].resources.claims",
        ),
        (
            VOLUMES,
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": "a"},
                "spec": {"rbd": {"image": "i", "monitors": ["m"]}},
            },
            "spec.rbd",
        ),
    ],
)
def test_object_with_unsupported_field_is_refused(target: str, body: dict[str, Any], field: str) -> None:
    sender = Sender()
    created = sender.send("POST", target, body)
    applied = sender.send("PATCH", f"{target}/a?fieldManager=m", body, media="apply")
    for answer in (created, applied):
        assert (answer.code, list_causes(answer)) == (422, [(field, "FieldValueForbidden")])
        assert TEXT in json.loads(answer.body)["message"]


def test_update_with_unsupported_field_is_refused() -> None:
    sender = Sender()
    assert sender.send("POST", PODS, POD | {"spec": {"containers": [CONTAINER]}}).code == 201
    debug = [CONTAINER | {"name": "d", "securityContext": {"windowsOptions": {"hostProcess": True}}}]
    answer = sender.send(
        "PATCH", f"{PODS}/a/ephemeralcontainers", {"spec": {"ephemeralContainers": debug}}, "strategic"
    )
    assert list_causes(answer) == [
        ("spec.ephemeralContainers[0].securityContext.windowsOptions", "FieldValueForbidden")
    ]


def test_unsupported_fields_are_fields_of_the_schemas() -> None:
    schemas = load_schemas("1.36")
    for kind in ("Pod", "ReplicationController", "PersistentVolume"):
        for path in list_unsupported_fields(kind):
            schema = schemas.find("", "v1", kind)
            for step in path.partition("=")[0].replace("[*]", "").split("."):
                assert schema is not None, path
                schema = schemas.get_field(schemas.get_items(schema) or schema, step)
            assert schema is not None, path


def test_page_names_each_kind_that_is_served() -> None:
    rows = {
        line.split("|")[1].partition("`")[2].partition("`")[0]: line for line in PAGE.splitlines() if line[:1] == "|"
    }
    for each in ResourceRegistry(load_schemas("1.36")).list_all():
        assert each.kind in rows[each.group or "v1"].replace(",", " ").split(), each.qualified_kind


def test_page_names_what_is_left_out() -> None:
    left_out = PAGE.partition("### Kinds that are left out")[2]
    assert [kind for _, kind in DROPPED if kind not in left_out] == []
    assert [
        path for _, path in list_fields() if f"`{path.rpartition('.')[2]}`" not in left_out.replace("`os.", "`")
    ] == []


def test_page_is_short() -> None:
    assert len(PAGE.split()) <= MOST_WORDS
