"""Which refusals of the server a replacement answers. The messages are those of a real one."""

import pytest

from envctl.domain.kubernetes.server_words import (
    is_immutable_refusal,
    is_unreadable_object,
    list_immutable_fields,
    shorten_refusal,
)

IMMUTABLE = {
    "a ConfigMap": ("data", "Forbidden: field is immutable when `immutable` is set"),
    "the type of a Secret": ("type", 'Invalid value: "kubernetes.io/tls": field is immutable'),
    "the address of a Service": ("spec.clusterIPs[0]", 'Invalid value: ["10.9.9.9"]: may not change once set'),
    "a StatefulSet": (
        "spec",
        "Forbidden: updates to statefulset spec for fields other than 'replicas', 'template' are forbidden",
    ),
    "the role of a binding": ("roleRef", 'Invalid value: {"Name":"z"}: cannot change roleRef'),
    "a Pod": ("spec", "Forbidden: pod updates may not change fields other than `spec.containers[*].image`\n@@ -1"),
    "a claim": ("spec", "Forbidden: spec is immutable after creation except resources.requests"),
    "a StorageClass": ("parameters", "Forbidden: updates to parameters are forbidden."),
}
OTHER = {
    "a value": ("spec.x", 'Unsupported value: "Sometimes": supported values: "Always"'),
    "a missing value": ("spec.ports[0].name", "Required value"),
    "a value that is there twice": ("spec.ports[1].name", 'Duplicate value: "http"'),
}


@pytest.mark.parametrize("cause", IMMUTABLE.values(), ids=IMMUTABLE.keys())
def test_immutable_field_is_recognized(cause: tuple[str, str]) -> None:
    assert is_immutable_refusal("", [cause])
    assert list_immutable_fields([cause]) == (cause[0],)


@pytest.mark.parametrize("cause", OTHER.values(), ids=OTHER.keys())
def test_another_fault_beside_it_is_no_replacement(cause: tuple[str, str]) -> None:
    assert not is_immutable_refusal("", [cause])
    assert not is_immutable_refusal("", [next(iter(IMMUTABLE.values())), cause])


def test_dump_of_an_object_is_left_out() -> None:
    dump = 'Job.batch "m" is invalid: spec.template: Invalid value: {"Spec":{"Volumes":null}}: field is immutable'
    assert shorten_refusal(dump) == 'Job.batch "m" is invalid: spec.template: Invalid value: field is immutable'


def test_words_between_two_dumps_are_kept() -> None:
    said = '[spec.x: Invalid value: {"a":{"}":1}}: `selector` is wrong, spec.y: Invalid value: v1.X{A:1}: immutable]'
    assert shorten_refusal(said) == "[spec.x: Invalid value: `selector` is wrong, spec.y: Invalid value: immutable]"


def test_unreadable_object_is_no_fault_of_the_server() -> None:
    message = "failed to create typed patch object (/bad; apps/v1, Kind=Deployment): .spec.foo: field not declared"
    assert is_unreadable_object(message)
    assert shorten_refusal(message) == ".spec.foo: field not declared"
    assert not is_unreadable_object("etcdserver: request timed out")
