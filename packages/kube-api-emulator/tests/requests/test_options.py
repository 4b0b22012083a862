"""Wrong options of requests. The rules stand in k8s.io/apimachinery and k8s.io/apiserver."""

# ruff: noqa: E501 (the words of the server)

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.requests.sending import Sender

MAPS, PODS, JOBS = "/api/v1/namespaces/default/configmaps", "/api/v1/pods", "/apis/batch/v1/jobs"
DEPLOYMENTS = "/apis/apps/v1/deployments"
LABEL = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
# method, target, media and body, code, message
WRITES: list[tuple[str, str, str, Any, int, str]] = [
    # apimachinery/pkg/apis/meta/v1/validation/validation.go: ValidatePatchOptions and others
    (
        "PATCH",
        f"{MAPS}/a?force=true",
        "merge",
        {},
        422,
        'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    ),
    (
        "PATCH",
        f"{MAPS}/a?fieldManager={'m' * 129}",
        "merge",
        {},
        422,
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes',
    ),
    (
        "PUT",
        f"{MAPS}/a?fieldManager=a%0Ab",
        "",
        {},
        422,
        'UpdateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "a\\nb": invalid character U+000A (at position 1)',
    ),
    (
        "POST",
        f"{MAPS}?dryRun=Some",
        "",
        {},
        422,
        'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
    ),
    (
        "POST",
        f"{MAPS}?fieldValidation=Some",
        "",
        {},
        422,
        'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Some": supported values: "", "Ignore", "Strict", "Warn"',
    ),
    (
        "PATCH",
        f"{MAPS}/a",
        "apply",
        {},
        422,
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ),
    # ValidateDeleteOptions
    (
        "DELETE",
        f"{MAPS}/a?propagationPolicy=Some",
        "",
        None,
        422,
        'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Some": supported values: "Foreground", "Background", "Orphan", "nil"',
    ),
    (
        "DELETE",
        f"{MAPS}/a",
        "",
        {"dryRun": ["Some"]},
        422,
        'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
    ),
    (
        "DELETE",
        f"{MAPS}/a",
        "",
        {"orphanDependents": True, "propagationPolicy": "Orphan"},
        422,
        'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    ),
    (
        "DELETE",
        f"{MAPS}?dryRun=Some",
        "",
        None,
        422,
        'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
    ),
    # apimachinery/pkg/apis/meta/internalversion/validation/validation.go
    (
        "GET",
        f"{MAPS}?resourceVersionMatch=Exact",
        "",
        None,
        422,
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    ),
    (
        "GET",
        f"{MAPS}?resourceVersionMatch=Some&resourceVersion=1",
        "",
        None,
        422,
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Some": supported values: "Exact", "NotOlderThan", ""',
    ),
    (
        "GET",
        f"{MAPS}?resourceVersionMatch=Exact&resourceVersion=0",
        "",
        None,
        422,
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ),
    (
        "GET",
        f"{MAPS}?resourceVersionMatch=Exact&resourceVersion=1&continue=x",
        "",
        None,
        422,
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided',
    ),
    (
        "GET",
        f"{MAPS}?sendInitialEvents=true",
        "",
        None,
        422,
        'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
    ),
    (
        "GET",
        f"{MAPS}?watch=1&resourceVersionMatch=NotOlderThan",
        "",
        None,
        422,
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ),
    (
        "GET",
        f"{MAPS}?watch=1&sendInitialEvents=true",
        "",
        None,
        422,
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ),
    ("GET", f"{MAPS}?limit=many", "", None, 400, 'strconv.ParseInt: parsing "many": invalid syntax'),
    # apiserver/pkg/storage/continue.go
    (
        "GET",
        f"{MAPS}?limit=1&continue=a.b",
        "",
        None,
        400,
        "invalid continue token: continue key is not valid: illegal base64 data at input byte 1",
    ),
    (
        "GET",
        f"{MAPS}?labelSelector=a&resourceVersion=99999",
        "",
        None,
        504,
        "Timeout: Too large resource version: 99999, current: ",
    ),
]
# selector, message
LABELS = [
    # apimachinery/pkg/labels/selector.go
    ("a in", "unable to parse requirement: found '' expected: '('"),
    ("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
    ("a in (x", "unable to parse requirement: found '', expected: ',' or ')'"),
    ("a in x", "unable to parse requirement: found 'x' expected: '('"),
    ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
    ("a,", "found '', expected: identifier after ','"),
    ("a,,b", "found ',', expected: identifier after ','"),
    ("a=b c", "found 'c', expected: ',' or 'end of string'"),
    ("=b", "found '=', expected: !, identifier, or 'end of string'"),
    ("!", "unable to parse requirement: found '', expected: identifier"),
    ("a==(", "unable to parse requirement: found '(', expected: identifier"),
    ("a=-b", f'unable to parse requirement: values[0][a]: Invalid value: "-b": {LABEL}'),
    (
        "a>b",
        "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
    ),
]
# target, fields, message
FIELDS = [
    # apimachinery/pkg/fields/selector.go, pkg/apis/*/v1/conversion.go
    (PODS, "spec.x=1", "field label not supported: spec.x"),
    (JOBS, "spec.x=1", 'field label "spec.x" not supported for Job'),
    (DEPLOYMENTS, "spec.x=1", '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'),
    (PODS, "status.phase", "invalid selector: 'status.phase'; can't understand 'status.phase'"),
    (PODS, "metadata.name=a,status", "invalid selector: 'metadata.name=a,status'; can't understand 'status'"),
]


@pytest.fixture(scope="module")
def sender() -> Sender:
    sender = Sender()
    sender.send("POST", MAPS, {"metadata": {"name": "a", "labels": {"n": "5", "in": "in"}}})
    return sender


@pytest.mark.parametrize("case", WRITES, ids=lambda case: f"{case[0]} {case[1]} {case[2]}"[:90])
def test_a_wrong_option_is_refused(sender: Sender, case: tuple[str, str, str, Any, int, str]) -> None:
    method, target, media, body, code, message = case
    found, words = sender.refuse(method, target, body, media)
    assert found == code
    assert words.startswith(message)


@pytest.mark.parametrize(("selector", "message"), LABELS)
def test_a_wrong_label_selector_is_refused(sender: Sender, selector: str, message: str) -> None:
    assert sender.refuse("GET", f"{MAPS}?labelSelector={quote(selector)}") == (400, message)


@pytest.mark.parametrize(("target", "fields", "message"), FIELDS)
def test_an_unknown_field_is_refused(sender: Sender, target: str, fields: str, message: str) -> None:
    assert sender.refuse("GET", f"{target}?fieldSelector={fields}") == (400, message)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("labelSelector=n%3E4", 1),
        ("labelSelector=n%3C5", 0),
        ("labelSelector=in%20in%20(in)", 1),
        ("labelSelector=n%20notin%20(5)", 0),
        ("labelSelector=!n", 0),
        ("labelSelector=x%20in%20()", 0),
        ("labelSelector=n!=5,in", 0),
        ("fieldSelector=metadata.name!=a", 0),
        ("limit=-1", 1),
    ],
)
def test_a_selector_finds_objects(sender: Sender, query: str, count: int) -> None:
    assert len(json.loads(sender.send("GET", f"{MAPS}?{query}").body)["items"]) == count


@pytest.mark.parametrize(("name", "cause"), [("uid", "deleted and then recreated"), ("resourceVersion", "modified")])
def test_a_precondition_is_refused(sender: Sender, name: str, cause: str) -> None:
    """apiserver/pkg/registry/rest/delete.go."""
    code, message = sender.refuse("DELETE", f"{MAPS}/a", {"preconditions": {name: "x"}})
    assert code == 409
    assert message.endswith(f"The object might have been {cause}")
