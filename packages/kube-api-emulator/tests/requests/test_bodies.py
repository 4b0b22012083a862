"""Wrong bodies. The rules stand in k8s.io/apiserver/pkg/endpoints/handlers and in k8s.io/apimachinery."""

# ruff: noqa: E501 (the words of the server)

import json
from typing import Any

import pytest

from tests.requests.sending import Sender, list_causes

MAP, MAPS = "/api/v1/namespaces/default/configmaps/m", "/api/v1/namespaces/default/configmaps"
SCALE = "/apis/apps/v1/namespaces/default/deployments/d/scale"
DEPLOYMENT = "/apis/apps/v1/namespaces/default/deployments/d"
CONTAINERS = [{"name": "a", "image": "a"}]
TEMPLATE = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": CONTAINERS}}
HOOKS, POLICIES, BINDINGS = (
    f"/apis/admissionregistration.k8s.io/v1/{each}"
    for each in ("validatingwebhookconfigurations", "validatingadmissionpolicies", "validatingadmissionpolicybindings")
)
RULE = {"apiGroups": ["a.io"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["things"]}
HOOK = {
    "name": "a.b.io",
    "admissionReviewVersions": ["v1"],
    "sideEffects": "None",
    "clientConfig": {"url": "https://a.io"},
    "rules": [RULE],
}
REFUSED = "the server rejected our request due to an error in our request"
NO_NAME = "the name of the object (m based on URL) was undeterminable: name must be provided"
SCHEME = 'in scheme "pkg/api/legacyscheme/scheme.go:30"'
# method, target, media, body, code, message
CASES: list[tuple[str, str, str, Any, int, str]] = [
    # handlers/create.go, handlers/update.go, handlers/rest.go
    ("POST", MAPS, "", {"kind": "Secret", "apiVersion": "v1"}, 400, 'Secret in version "v1" cannot be handled as a ConfigMap: '),
    ("POST", MAPS, "", {"kind": "ConfigMap", "apiVersion": "v2"}, 400, f'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" {SCHEME}'),
    ("POST", MAPS, "text/plain", {}, 415, "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"),
    ("POST", MAPS, "", b"{", 400, "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({)"),
    ("POST", MAPS, "", b"", 400, "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"),
    ("POST", MAPS, "", b"kind: x", 400, "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character 'k' looking for beginning of value (6b696e643a2078)"),
    ("POST", MAPS, "", b"[]", 400, "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion "),
    ("POST", MAPS, "", {"kind": 5}, 400, "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string"),
    ("POST", MAPS, "", {"apiVersion": "a/b/c", "kind": "ConfigMap"}, 400, "the object provided is unrecognized (must be of type ConfigMap): unexpected GroupVersion string: a/b/c ("),
    ("POST", MAPS, "", {"kind": "Nope", "apiVersion": "v1"}, 400, f'Nope in version "v1" cannot be handled as a ConfigMap: no kind "Nope" is registered for version "v1" {SCHEME}'),
    ("POST", MAPS, "", {"kind": "List", "apiVersion": "v1"}, 400, 'List in version "v1" cannot be handled as a ConfigMap: converting (v1.List) to (core.ConfigMap): unknown conversion'),
    ("POST", MAPS, "merge", {}, 415, "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"),
    ("POST", MAPS, "", {"data": {"a": 1}}, 400, 'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string'),
    ("POST", MAPS, "", {"binaryData": {"a": "%%"}}, 400, 'ConfigMap in version "v1" cannot be handled as a ConfigMap: illegal base64 data at input byte 0'),
    ("POST", MAPS, "", {"metadata": {"name": "z", "creationTimestamp": "x"}}, 400, 'ConfigMap in version "v1" cannot be handled as a ConfigMap: parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'),
    ("POST", MAPS, "", {"metadata": {"name": "z", "finalizers": ["foo"]}}, 422, 'ConfigMap "z" is invalid: metadata.finalizers[0]: Invalid value: "foo": name is neither a standard finalizer name nor is it fully qualified'),
    ("PUT", f"{MAPS}/none", "", {"metadata": {"name": "none"}}, 404, 'configmaps "none" not found'),
    ("PATCH", f"{MAPS}/none", "merge", b"{", 404, 'configmaps "none" not found'),
    ("PATCH", MAP, "merge", b"{", 400, "error decoding patch: unexpected end of JSON input"),
    ("PATCH", MAP, "strategic", b"", 400, "unexpected end of JSON input"),
    ("PATCH", f"{MAP}?fieldManager=x", "apply", b"a: [", 400, "error decoding YAML: error converting YAML to JSON: yaml: line 1: did not find expected node content"),
    ("DELETE", MAP, "", b"[]", 400, "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct {"),
    ("DELETE", MAP, "", {"kind": "Foo", "apiVersion": "v1"}, 400, 'no kind "Foo" is registered for version "v1" in scheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"'),
    ("DELETE", MAP, "", {"gracePeriodSeconds": "x"}, 400, "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64"),
    ("DELETE", f"{MAP}?uid=x", "", None, 409, "Operation cannot be fulfilled on ConfigMap \"m\": the UID in the precondition (x) does not match the UID in record ("),
    ("DELETE", "/api/v1/configmaps", "", None, 405, "the server does not allow this method on the requested resource"),
    ("GET", "/api/v1/namespaces/default/nodes", "", None, 404, "the server could not find the requested resource"),
    ("GET", "/apis/apps/v1/deployments/d", "", None, 404, "the server could not find the requested resource"),
    ("PUT", MAP, "", {"metadata": {}}, 400, NO_NAME),
    ("PUT", MAP, "", {"metadata": {"name": "n"}}, 400, "the name of the object (n) does not match the name on the URL (m)"),
    ("PUT", MAP, "", {"metadata": {"name": "m", "uid": "x"}}, 409, 'Operation cannot be fulfilled on configmaps "m": StorageError: invalid object, Code: 4, Key: /configmaps/default/m, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: x, UID in object meta: '),
    # pkg/apis/admissionregistration/validation/validation.go
    ("POST", HOOKS, "", {"metadata": {"name": "h"}, "webhooks": [{**HOOK, "clientConfig": {}}]}, 422, 'ValidatingWebhookConfiguration.admissionregistration.k8s.io "h" is invalid: webhooks[0].clientConfig: Required value: exactly one of url or service is required'),
    ("POST", HOOKS, "", {"metadata": {"name": "h"}, "webhooks": [{**HOOK, "admissionReviewVersions": []}]}, 422, 'ValidatingWebhookConfiguration.admissionregistration.k8s.io "h" is invalid: webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1'),
    ("POST", HOOKS, "", {"metadata": {"name": "h"}, "webhooks": [{**HOOK, "rules": [{**RULE, "operations": ["READ"]}]}]}, 422, 'ValidatingWebhookConfiguration.admissionregistration.k8s.io "h" is invalid: webhooks[0].rules[0].operations[0]: Unsupported value: "READ": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"'),
    ("POST", HOOKS, "", {"metadata": {"name": "h"}, "webhooks": [{**HOOK, "clientConfig": {"service": {"namespace": "a"}}}]}, 422, 'ValidatingWebhookConfiguration.admissionregistration.k8s.io "h" is invalid: webhooks[0].clientConfig.service.namespace: Required value'),
    ("POST", POLICIES, "", {"metadata": {"name": "p"}, "spec": {"matchConstraints": {"resourceRules": [RULE]}, "validations": [{"expression": "true", "reason": "Else"}]}}, 422, 'ValidatingAdmissionPolicy.admissionregistration.k8s.io "p" is invalid: spec.validations[0].reason: Unsupported value: "Else": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"'),
    ("POST", BINDINGS, "", {"metadata": {"name": "b"}, "spec": {"policyName": "p", "validationActions": ["Stop"]}}, 422, 'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io "b" is invalid: spec.validationActions[0]: Unsupported value: "Stop": supported values: "Audit", "Deny", "Warn"'),
    # handlers/patch.go
    ("PATCH", MAP, "merge", b"[1]", 400, "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ("PATCH", MAP, "strategic", b"[1]", 400, "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ("PATCH", MAP, "json", {}, 400, "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
    ("PATCH", MAP, "json", [1], 400, "error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp"),
    ("PATCH", MAP, "json", [{"op": "replace", "path": "/data/a", "value": 1}], 422, ' "" is invalid: patch: Invalid value: "{'),
    ("PATCH", MAP, "merge", {"metadata": None}, 400, NO_NAME),
    ("PATCH", MAP, "merge", {"metadata": {"uid": "q"}}, 422, 'ConfigMap "m" is invalid: metadata.uid: Invalid value: "q": field is immutable'),
    ("PATCH", MAP, "merge", {"kind": "Secret"}, 422, ' "" is invalid: patch: Invalid value: '),
    ("PATCH", DEPLOYMENT, "merge", {"spec": {"replicas": "x"}}, 422, ' "" is invalid: patch: Invalid value: '),
    ("PATCH", f"{DEPLOYMENT}?fieldValidation=Strict", "merge", {"spec": {"x": 1}}, 422, ' "" is invalid: patch: Invalid value: '),
    # apimachinery/pkg/util/strategicpatch/patch.go
    ("PATCH", DEPLOYMENT, "strategic", {"spec": {"replicas": "x"}}, 422, ' "" is invalid: patch: Invalid value: "map[spec:map[replicas:x]]": unrecognized type: int32'),
    ("PATCH", DEPLOYMENT, "strategic", {"metadata": {"labels": {"a": 5}}}, 422, ' "" is invalid: patch: Invalid value: "map[metadata:map[labels:map[a:5]]]": cannot convert int64 to string'),
    ("PATCH", DEPLOYMENT, "strategic", {"$patch": "merge"}, 500, "unknown patch type: merge in map: map[$patch:merge]"),
    ("PATCH", DEPLOYMENT, "strategic", {"$patch": 5}, 500, "unknown patch type: %!s(int64=5) in map: map[$patch:5]"),
    ("PATCH", DEPLOYMENT, "strategic", {"metadata": {"finalizers": ["a.io/b"], "$setElementOrder/finalizers": ["c"]}}, 500, "The order in patch list:\n[a.io/b]\n doesn't match $setElementOrder list:\n[c]\n"),
    ("PATCH", DEPLOYMENT, "strategic", {"spec": {"template": {"spec": {"$setElementOrder/containers": "x"}}}}, 500, "expected a []interface {}, but received a string"),
    ("PATCH", DEPLOYMENT, "strategic", {"$patch": "x"}, 500, "unknown patch type: x in map: map[$patch:x]"),
    ("PATCH", DEPLOYMENT, "strategic", {"spec": {"template": {"spec": {"containers": [{"image": "z"}]}}}}, 500, "map: map[image:z] does not contain declared merge key: name"),
    ("PATCH", DEPLOYMENT, "strategic", {"metadata": {"$deleteFromPrimitiveList/finalizers": "a"}}, 400, "invalid patch format of primitive list"),
    ("PATCH", DEPLOYMENT, "strategic", {"spec": {"strategy": {"$retainKeys": "x"}}}, 400, "invalid patch format of retainKeys"),
    ("PATCH", DEPLOYMENT, "strategic", {"spec": {"strategy": {"$retainKeys": ["type"], "rollingUpdate": {}}}}, 422, REFUSED),
    # apimachinery/pkg/util/managedfields/internal/versioncheck.go, structuredmerge.go
    ("PATCH", f"{MAP}?fieldManager=x", "apply", b"", 400, "invalid object type: /, Kind="),
    ("PATCH", f"{MAP}?fieldManager=x", "apply", {"apiVersion": "v1"}, 400, "invalid object type: /v1, Kind="),
    ("PATCH", f"{DEPLOYMENT}?fieldManager=x", "apply", {"apiVersion": "apps/v2", "kind": "Deployment"}, 400, "invalid object type: apps/v2, Kind=Deployment"),
    ("PATCH", f"{MAP}?fieldManager=x", "apply", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"managedFields": []}}, 400, "metadata.managedFields must be nil"),
    ("PATCH", f"{MAP}?fieldManager=x", "apply", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"uid": "q"}}, 422, 'ConfigMap "m" is invalid: metadata.uid: '),
    # pkg/registry/apps/deployment/storage/storage.go
    ("PUT", SCALE, "", {"metadata": {"name": "d"}, "spec": {"replicas": -1}}, 422, 'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'),
    ("PUT", SCALE, "", {"metadata": {"name": "z"}}, 400, "the name of the object (z) does not match the name on the URL (d)"),
    ("PUT", SCALE, "", {"metadata": {"name": "d", "namespace": "q"}}, 400, "the namespace of the provided object does not match the namespace sent on the request"),
]  # fmt: skip


@pytest.fixture(scope="module")
def sender() -> Sender:
    sender = Sender()
    sender.send("POST", MAPS, {"metadata": {"name": "m"}, "data": {"a": "b"}})
    spec = {"selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE}
    sender.send("POST", DEPLOYMENT.removesuffix("/d"), {"metadata": {"name": "d"}, "spec": spec})
    return sender


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[2]} {case[3]}"[:90])
def test_a_wrong_body_is_refused(sender: Sender, case: tuple[str, str, str, Any, int, str]) -> None:
    method, target, media, body, code, message = case
    found, words = sender.refuse(method, target, body, media)
    assert (found, words[: len(message)]) == (code, message)


def test_a_damaging_patch_has_one_cause(sender: Sender) -> None:
    answer = sender.send("PATCH", DEPLOYMENT, {"spec": {"replicas": "x"}}, "merge")
    assert list_causes(answer) == [("patch", "FieldValueInvalid")]


def test_a_doubled_field_is_a_warning(sender: Sender) -> None:
    answer = sender.send("PATCH", MAP, b'{"data": {"x": "1", "x": "2"}}', "merge")
    assert answer.headers == (("Warning", '299 - "duplicate field \\"data.x\\""'),)


@pytest.mark.parametrize(("target", "kind"), [(MAP, "PartialObjectMetadata"), (MAPS, "PartialObjectMetadataList")])
def test_metadata_can_be_asked_alone(sender: Sender, target: str, kind: str) -> None:
    """handlers/response.go."""
    answer = json.loads(sender.send("GET", target, accept=f"application/json;as={kind};v=v1;g=meta.k8s.io").body)
    item = answer.get("items", [answer])[0]
    assert (answer["kind"], set(item)) == (kind, {"kind", "apiVersion", "metadata"})


def test_an_unknown_media_type_is_not_acceptable(sender: Sender) -> None:
    """The router of a real server refuses it before the handlers do."""
    accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    message = f"406: Not Acceptable\n\nAvailable representations: {accepted}"
    assert sender.refuse("GET", MAP, accept="image/png") == (406, message)
