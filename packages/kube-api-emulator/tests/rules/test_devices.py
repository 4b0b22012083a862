"""Slices, requests and classes of devices, and attached volumes (pkg/apis/resource and storage/validation)."""

from typing import Any

import pytest

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.devices.claims import (
    check_claim_template,
    check_device_claim,
    check_device_class,
)
from kube_api_emulator.server.rules.validation.devices.slices import check_slice
from kube_api_emulator.server.rules.validation.storage import check_attachment

Part = dict[str, Any]
PLACE = "spec.devices[0]"


def list_slice_causes(device: Part, **spec: object) -> list[tuple[str, str]]:
    causes = Causes()
    pool = {"name": "p", "generation": 1, "resourceSliceCount": 1}
    whole = {"driver": "a.io", "pool": pool, "nodeName": "n", "devices": [{"name": "d", **device}], **spec}
    check_slice({"spec": whole}, None, causes)
    return [(cause.field, cause.message) for cause in causes]


@pytest.mark.parametrize(
    ("device", "field", "message"),
    [
        ({"attributes": {"a": {}}}, ".attributes[a]", 'Invalid value: "": exactly one value must be specified'),
        (
            {"attributes": {"a": {"version": "1.0"}}},
            ".attributes[a].version",
            'Invalid value: "1.0": must be a string compatible with semver.org spec 2.0.0',
        ),
        ({"attributes": {"a.io/": {"int": 1}}}, ".attributes", 'Invalid value: "": the name must not be empty'),
        ({"allNodes": True}, "", "Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if"),
        (
            {"taints": [{"key": "a", "effect": "No"}]},
            ".taints[0].effect",
            'Unsupported value: "No": supported values: "NoExecute", "NoSchedule", "None"',
        ),
        (
            {"bindingFailureConditions": ["a"]},
            ".bindingConditions",
            "Invalid value: null: bindingConditions are required to use bindingFailureConditions",
        ),
        ({"consumesCounters": [{"counterSet": "c"}]}, ".consumesCounters[0].counters", "Required value"),
        (
            {"capacity": {"c": {"value": "1", "requestPolicy": {}}}},
            ".capacity[c].requestPolicy",
            "Forbidden: allowMultipleAllocations must be true",
        ),
    ],
)
def test_slice_is_refused_with_field_and_reason(device: Part, field: str, message: str) -> None:
    ((found, text),) = list_slice_causes(device)
    assert (found, text[: len(message)]) == (PLACE + field, message)


def test_slice_says_once_where_its_devices_are() -> None:
    ((field, text),) = list_slice_causes({}, allNodes=True)
    assert (field, text[:47]) == ("spec", 'Invalid value: "{`nodeName`, `allNodes`}": exac')
    assert list_slice_causes({"allNodes": True}, nodeName=None, perDeviceNodeSelection=True) == []


def test_number_of_devices_depends_on_their_features() -> None:
    many = [{"name": f"d{number}"} for number in range(65)]
    assert list_slice_causes({}, devices=many) == []
    many[0]["taints"] = [{"key": "a", "effect": "None"}]  # type: ignore[assignment]
    assert list_slice_causes({}, devices=many) == [("spec.devices", "Too many: 65: must have at most 64 items")]


def list_policy_causes(policy: Part) -> list[str]:
    capacity = {"c": {"value": "10Gi", "requestPolicy": policy}}
    found = list_slice_causes({"allowMultipleAllocations": True, "capacity": capacity})
    return [f"{field.rpartition('requestPolicy')[2]} {text}" for field, text in found]


def test_policy_of_capacity_is_within_capacity() -> None:
    assert list_policy_causes({"default": "1Gi", "validRange": {"min": "1Gi", "max": "9Gi", "step": "2Gi"}}) == []
    assert list_policy_causes({"default": "1Gi", "validRange": {"min": "2Gi", "max": "11Gi", "step": "9Gi"}}) == [
        '.validRange.min Invalid value: "1Gi": default is less than min: 2Gi',
        '.validRange.max Invalid value: "11Gi": max is larger than capacity value: 10Gi',
        '.validRange.step Invalid value: "9Gi": one step 11Gi is larger than capacity value: 10Gi',
        '.validRange.step Invalid value: "1Gi": value is not a multiple of a given step (9Gi) from (2Gi)',
    ]
    assert list_policy_causes({"default": "3", "validValues": ["2", "1"]}) == [
        '.validValues[1] Invalid value: "1": values must be sorted in ascending order',
        '.validValues Invalid value: "3": default value is not valid according to the requestPolicy',
    ]


def test_claim_names_requests_of_its_own() -> None:
    causes = Causes()
    exactly = {"deviceClassName": "c", "allocationMode": "ExactCount", "count": 1}
    first = {"name": "b", "firstAvailable": [{"name": "x", **exactly}]}
    constraints = [{"requests": ["a", "b/x", "b/y"], "matchAttribute": "a.io/m"}, {"requests": ["a"]}]
    devices = {"requests": [{"name": "a", "exactly": exactly}, first], "constraints": constraints}
    check_device_claim({"spec": {"devices": devices}}, None, causes)
    fields = [cause.field for cause in causes]
    assert fields == ["spec.devices.constraints[0].requests[2]", "spec.devices.constraints[1]"]


def test_template_has_labels_and_annotations_only() -> None:
    causes = Causes()
    check_claim_template({"spec": {"metadata": {"name": "n", "labels": {"a": "b"}}, "spec": {}}}, None, causes)
    assert [(cause.field, cause.message) for cause in causes] == [("spec.metadata.name", "Forbidden: cannot be set")]


def test_class_replaces_only_extended_resources() -> None:
    for name, count in (("a.io/gpu", 0), ("gpu", 1), ("x.kubernetes.io/gpu", 1)):
        causes = Causes()
        check_device_class({"spec": {"extendedResourceName": name}}, None, causes)
        assert len(causes) == count, name


def test_attached_volume_is_of_csi_and_has_no_claim() -> None:
    causes = Causes()
    inline = {"claimRef": {}, "accessModes": ["ReadWriteOnce"], "nfs": {"server": "s", "path": "/p"}}
    spec = {"attacher": "a.io", "nodeName": "n", "source": {"inlineVolumeSpec": inline}}
    check_attachment({"spec": spec}, None, causes)
    assert [cause.field for cause in causes] == [
        "spec.source.inlineVolumeSpec.claimRef",
        "spec.source.inlineVolumeSpec.csi",
    ]
