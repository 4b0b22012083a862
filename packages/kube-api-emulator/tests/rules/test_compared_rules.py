"""Rules that were compared with the Go sources of Kubernetes 1.36.2 and have no recorded answer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from kube_api_emulator.server.rules.validation.addresses import (
    check_public_address,
    find_address_problem,
    find_form_problem,
    find_range_problem,
)
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.changes import check_pod_changes
from kube_api_emulator.server.rules.validation.classes import (
    check_controller_revision,
)
from kube_api_emulator.server.rules.validation.custom.definitions import check_definition
from kube_api_emulator.server.rules.validation.limits import check_limit_range
from kube_api_emulator.server.rules.validation.names import list_name_problems
from kube_api_emulator.server.rules.validation.networking import check_network_policy
from kube_api_emulator.server.rules.validation.pods.volumes import check_volumes
from kube_api_emulator.server.rules.validation.statuses import check_status
from kube_api_emulator.server.rules.validation.storage import check_storage_class
from kube_api_emulator.server.rules.validation.system.nodes import check_node
from kube_api_emulator.server.rules.validation.system.policies import check_policy
from kube_api_emulator.server.rules.validation.system.services import check_api_service
from kube_api_emulator.server.rules.validation.webhooks import check_client

Part = Mapping[str, Any]

NO_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
NO_RANGE = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
ZEROS, ZEROS_IN_RANGE = "must not have leading 0s", "must not have leading 0s in IP or prefix length"
BITS = "must not have bits set beyond the prefix length"


def list_texts(causes: Causes) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in causes]


def check(rule: Callable[[Part, Part | None, Causes], None], item: Part, before: Part | None = None) -> list[str]:
    causes = Causes()
    rule({"metadata": {"name": "a"}, **item}, before, causes)
    return list_texts(causes)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("10.9.8.7", ""), ("2001:db8::1", ""), ("2001:DB8:0::1", ""), ("web", NO_ADDRESS), ("", NO_ADDRESS),
        ("010.9.8.7", ZEROS), ("10.9.8.07", ZEROS), ("::ffff:010.9.8.7", ZEROS), ("fe80::1%eth0", NO_ADDRESS),
        ("00001::1", NO_ADDRESS), ("10.9.8", NO_ADDRESS),
        ("::ffff:10.9.8.7", "must not be an IPv4-mapped IPv6 address"),
    ],
)  # fmt: skip
def test_address_is_read_strictly(text: str, problem: str) -> None:
    assert find_address_problem(text) == problem


def test_new_fields_want_the_usual_form_of_addresses() -> None:
    assert find_form_problem("2001:DB8:0::1") == 'must be in canonical form ("2001:db8::1")'
    assert [find_form_problem(text) for text in ("2001:db8::1", "10.1.2.3", "10.01.2.3")] == ["", "", ZEROS]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("10.9.8.0/24", ""), ("2001:db8::/64", ""), ("10.9.8.0", NO_RANGE), ("10.9.8.0/33", NO_RANGE),
        ("10.9.8.0/255.0.0.0", NO_RANGE), ("10.09.8.0/24", ZEROS_IN_RANGE), ("10.9.8.0/024", ZEROS_IN_RANGE),
        ("10.9.8.1/24", BITS), ("2001:db8::1/64", BITS),
        ("::ffff:10.0.0.0/104", "must not have an IPv4-mapped IPv6 address"),
    ],
)  # fmt: skip
def test_range_is_read_strictly(text: str, problem: str) -> None:
    assert find_range_problem(text) == problem


def test_ranges_of_policies_and_nodes_are_strict() -> None:
    block = {"cidr": "10.0.0.0/8", "except": ["10.1.2.3/16", "11.0.0.0/16"]}
    assert check(check_network_policy, {"spec": {"ingress": [{"from": [{"ipBlock": block}]}]}}) == [
        f'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.1.2.3/16": {BITS}',
        'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
    ]
    assert check(check_node, {"spec": {"podCIDRs": ["10.1.2.3/16"]}}) == [
        f'spec.podCIDRs[0]: Invalid value: "10.1.2.3/16": {BITS}'
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("224.0.0.7", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
        ("ff02::7", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
        ("::ffff:127.0.0.1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        ("127.0.0.01", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
    ],
)
def test_endpoint_is_no_local_address(text: str, words: str) -> None:
    causes = Causes()
    check_public_address(text, "ip", causes)
    assert list_texts(causes) == [f'ip: Invalid value: "{text}": {words}']


def test_name_of_service_may_begin_with_digit() -> None:
    assert list_name_problems("Service", "1web", is_custom=False) == []
    assert list_name_problems("Service", "web.one", is_custom=False) == ["must not contain dots"]


def test_address_of_webhook_has_no_user() -> None:
    causes = Causes()
    check_client({"url": "https://me:secret@a.io/b"}, "c", causes)
    assert list_texts(causes) == [
        'c.url: Invalid value: "me:secret": user information is not permitted in the URL',
    ]


def test_local_api_service_has_no_authority() -> None:
    spec = {"version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1, "caBundle": "YWJj"}
    assert check(check_api_service, {"metadata": {"name": "v1."}, "spec": spec}) == [
        'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle'
    ]


@pytest.mark.parametrize(
    ("parameters", "texts"),
    [
        ({"": "a"}, ['parameters: Invalid value: "": field can not be empty.']),
        ({"a": "b" * 256 * 1024}, ["parameters: Too long: may not be more than 262144 bytes"]),
        ({str(number): "" for number in range(513)}, ["parameters: Too long: may not be more than 512 bytes"]),
    ],
)
def test_parameters_of_classes_have_bounds(parameters: Part, texts: Sequence[str]) -> None:
    assert check(check_storage_class, {"provisioner": "a.io/b", "parameters": parameters}) == texts


def test_revision_holds_an_object() -> None:
    assert check(check_controller_revision, {"data": [1]}) == ["data: Required value: data must be a valid JSON object"]


def test_new_gate_of_pod_is_named() -> None:
    causes = Causes()
    gates = [{"name": "a.io/old"}, {"name": "a.io/new"}]
    check_pod_changes({"schedulingGates": gates}, {"schedulingGates": gates[:1]}, causes)
    assert list_texts(causes) == [
        "spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a.io/new'"
    ]


def test_file_of_pod_has_one_source() -> None:
    causes = Causes()
    amount = {"resource": "limits.cpu", "containerName": "c"}
    item = {"path": "p", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}, "resourceFieldRef": amount}
    check_volumes([{"name": "v", "downwardAPI": {"items": [item]}}], "v", causes)
    assert list_texts(causes) == [
        'v[0].downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously'
    ]


def test_note_of_policy_is_short() -> None:
    note = {"key": "a", "valueExpression": f"'{'a' * 5120}'"}
    spec = {"matchConstraints": {"resourceRules": [{}]}, "auditAnnotations": [note]}
    text = "spec.auditAnnotations[0].valueExpression: Required value: must not exceed 5120 bytes in length"
    assert text in check(check_policy, {"spec": spec})


def test_default_of_device_is_its_request() -> None:
    limit = {"type": "Container", "default": {"a.io/x": "2", "cpu": "2"}, "defaultRequest": {"a.io/x": "1", "cpu": "1"}}
    assert check(check_limit_range, {"spec": {"limits": [limit]}}) == [
        (
            'spec.limits[0].defaultRequest[a.io/x]: Invalid value: "1": '
            "default value 2 must equal to defaultRequest value 1 in a.io/x"
        )
    ]


def test_count_of_collisions_only_grows() -> None:
    causes = Causes()
    before = {"status": {"collisionCount": 2}}
    check_status("Deployment", {"status": {"collisionCount": 1}}, before, causes)
    check_status("ReplicaSet", {"status": {"collisionCount": 1}}, before, causes)
    assert list_texts(causes) == ["status.collisionCount: Invalid value: 1: cannot be decremented"]


def test_load_balancer_has_no_address_as_host() -> None:
    causes = Causes()
    status = {"loadBalancer": {"ingress": [{"hostname": "10.1.2.3"}]}}
    check_status("Ingress", {"kind": "Ingress", "status": status}, {}, causes)
    assert list_texts(causes) == [
        'status.loadBalancer.ingress[0].hostname: Invalid value: "10.1.2.3": must be a DNS name, not an IP address'
    ]


def test_address_of_load_balancer_has_a_mode() -> None:
    causes = Causes()
    entries = [{"ip": "10.1.2.3"}, {"hostname": "a.io", "ipMode": "VIP"}, {"ip": "10.1.2.3", "ipMode": "Proxy"}]
    item = {"kind": "Service", "spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": entries}}}
    check_status("Service", item, {}, causes)
    place = "status.loadBalancer.ingress"
    assert list_texts(causes) == [
        f"{place}[0].ipMode: Required value: must be specified when `ip` is set",
        f"{place}[1].ipMode: Forbidden: may not be specified when `ip` is not set",
    ]


@pytest.mark.parametrize(
    ("annotation", "is_approved"),
    [
        ("https://github.com/kubernetes/enhancements/pull/1", True),
        ("unapproved, a trial", True),
        ("yes", False),
        ("", False),
    ],
)
def test_kind_in_group_of_kubernetes_needs_approval(annotation: str, is_approved: bool) -> None:
    names = {"plural": "tests", "singular": "test", "kind": "Test", "listKind": "TestList"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    spec = {"group": "x.k8s.io", "scope": "Cluster", "names": names, "versions": [version]}
    notes = {"api-approved.kubernetes.io": annotation} if annotation else {}
    item = {"metadata": {"name": "tests.x.k8s.io", "annotations": notes}, "spec": spec}
    found = [each for each in check(check_definition, item) if "api-approved.kubernetes.io" in each]
    assert (not found) is is_approved
