"""ResourceSlices: the devices that a driver offers on nodes."""

import re
from collections.abc import Sequence

from kube_api_emulator.server.rules.go.go_structs import show_go
from kube_api_emulator.server.rules.validation.affinity import check_node_selector
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.devices.capacities import check_capacity
from kube_api_emulator.server.rules.validation.devices.parts import (
    Part,
    check_binding,
    check_items,
    check_label,
    check_map,
    check_pool_name,
    check_qualified_name,
    check_taint,
)
from kube_api_emulator.server.rules.validation.names import list_subdomain_problems
from kube_api_emulator.server.rules.validation.system.nodes import check_driver_name

_MOST_DEVICES, _MOST_ADVANCED_DEVICES = 128, 64
_MOST_SETS, _MOST_COUNTERS, _MOST_USES, _MOST_TAINTS = 8, 32, 2, 16
_MOST_PROPERTIES, _MOST_VALUES, _LONGEST_VALUE = 32, 48, 64
_LONGEST_LABEL, _LONGEST_NAME = 63, 63 + 1 + 32
_LISTS = ("bools", "ints", "strings", "versions")
_VALUES = ("bool", "int", "string", "version")
_PLACES = ("nodeName", "nodeSelector", "allNodes")
_ONE_PLACE = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
_DEVICE_PLACE = (
    "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true "
    "in the ResourceSlice spec"
)
_NO_DEVICE_PLACE = (
    "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the "
    "ResourceSlice spec"
)
_NUMBER = r"(0|[1-9]\d*)"
_BEFORE = r"(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_BUILD = "[0-9a-zA-Z-]+"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_BEFORE}(\.{_BEFORE})*)?(\+{_BUILD}(\.{_BUILD})*)?", re.ASCII
)


def check_slice(item: Part, before: Part | None, causes: Causes) -> None:
    """Check a slice, and that its pool, driver and node stay the same."""
    spec, old = item.get("spec") or {}, (before or {}).get("spec") or {}
    pool = spec.get("pool") or {}
    check_driver_name(spec.get("driver") or "", "spec.driver", causes)
    _check_pool(pool, causes)
    if before is not None:
        causes.check_unchanged("spec.pool.name", pool.get("name"), (old.get("pool") or {}).get("name"))
        for name in ("driver", "nodeName"):
            causes.check_unchanged(f"spec.{name}", spec.get(name), old.get(name))
    _check_places(spec, causes)
    if spec.get("sharedCounters") is not None and spec.get("devices") is not None:
        causes.refuse("spec", "", "only one of `sharedCounters` or `devices` is allowed")
    devices = spec.get("devices") or ()
    former = {each.get("name") or "": each.get("taints") or [] for each in old.get("devices") or ()}

    def check(device: Part, field: str) -> None:
        same_taints = former.get(device.get("name") or "") == (device.get("taints") or [])
        _check_device(
            device, field, causes, has_place=bool(spec.get("perDeviceNodeSelection")), same_taints=same_taints
        )

    most = _MOST_ADVANCED_DEVICES if any(_is_advanced(each) for each in devices) else _MOST_DEVICES
    check_items(devices, "spec.devices", causes, check, most=most, read_key=lambda device: device.get("name") or "")
    check_items(
        spec.get("sharedCounters") or (),
        "spec.sharedCounters",
        causes,
        lambda counters, field: _check_counters(counters, "name", field, causes),
        most=_MOST_SETS,
        read_key=lambda counters: counters.get("name") or "",
    )


def _check_pool(pool: Part, causes: Causes) -> None:
    count, generation = pool.get("resourceSliceCount") or 0, pool.get("generation") or 0
    check_pool_name(pool.get("name") or "", "spec.pool.name", causes)
    if count <= 0:
        causes.refuse("spec.pool.resourceSliceCount", count, "must be greater than zero")
    if generation < 0:
        causes.refuse("spec.pool.generation", generation, "must be greater than or equal to zero")


def _check_places(spec: Part, causes: Causes) -> None:
    """Check that a slice says in one way on which nodes its devices are."""
    node, selector = spec.get("nodeName"), spec.get("nodeSelector")
    if node == "":
        causes.refuse("spec.nodeName", node, "must be either unset or set to a non-empty string")
    for text in list_subdomain_problems(node) if node else ():
        causes.refuse("spec.nodeName", node, text)
    if selector is not None:
        check_node_selector(selector, "spec.nodeSelector", causes)
        terms = selector.get("nodeSelectorTerms")
        if len(terms or ()) != 1:
            shown = show_go("[]@core.NodeSelectorTerm", terms)
            causes.refuse("spec.nodeSelector.nodeSelectorTerms", shown, "must have exactly one node selector term")
    for name in ("allNodes", "perDeviceNodeSelection"):
        if spec.get(name) is False:
            causes.refuse(f"spec.{name}", False, "must be either unset or set to true")
    chosen = _list_chosen(spec, (*_PLACES, "perDeviceNodeSelection"))
    if not chosen:
        causes.require("spec", _ONE_PLACE)
    elif len(chosen) > 1:
        causes.refuse("spec", f"{{{', '.join(chosen)}}}", f"{_ONE_PLACE}, but multiple fields are set")


def _list_chosen(part: Part, names: Sequence[str]) -> list[str]:
    return [f"`{name}`" for name in names if part.get(name) not in (None, "", False)]


def _is_advanced(device: Part) -> bool:
    """Return whether a slice may have fewer devices because of this one."""
    has_lists = any(value.get(name) is not None for value in _read_attributes(device).values() for name in _LISTS)
    return bool(device.get("taints") or device.get("consumesCounters")) or has_lists


def _read_attributes(device: Part) -> Part:
    return device.get("attributes") or {}


def _check_device(device: Part, field: str, causes: Causes, *, has_place: bool, same_taints: bool) -> None:
    check_label(device.get("name") or "", f"{field}.name", causes)
    _check_properties(device, field, causes)
    if not same_taints:
        check_items(
            device.get("taints") or (),
            f"{field}.taints",
            causes,
            lambda taint, place: check_taint(taint, place, causes),
            most=_MOST_TAINTS,
        )
    check_items(
        device.get("consumesCounters") or (),
        f"{field}.consumesCounters",
        causes,
        lambda counters, place: _check_counters(counters, "counterSet", place, causes),
        most=_MOST_USES,
        read_key=lambda counters: counters.get("counterSet") or "",
    )
    _check_device_place(device, field, causes, has_place=has_place)
    check_binding(device, field, causes)


def _check_properties(device: Part, field: str, causes: Causes) -> None:
    """Check attributes and capacities."""
    attributes, capacity = _read_attributes(device), device.get("capacity") or {}
    count = len(attributes) + len(capacity)
    if count > _MOST_PROPERTIES:
        text = f"the total number of attributes and capacities must not exceed {_MOST_PROPERTIES}"
        causes.refuse(field, count, text)
    values = sum(sum(len(value.get(name) or ()) for name in _LISTS) or 1 for value in attributes.values())
    if values > _MOST_VALUES:
        causes.refuse(field, values, f"the total number of attribute values must not exceed {_MOST_VALUES}")

    def check_key(key: str, place: str) -> None:
        check_qualified_name(key, place, causes)

    def check_amount(amount: Part, place: str) -> None:
        check_capacity(amount, place, causes, is_shared=bool(device.get("allowMultipleAllocations")))

    def check_value(value: Part, place: str) -> None:
        _check_attribute(value, place, causes)

    check_map(attributes, f"{field}.attributes", causes, check_key, check_value, longest_key=_LONGEST_NAME)
    check_map(capacity, f"{field}.capacity", causes, check_key, check_amount, longest_key=_LONGEST_NAME)


def _check_attribute(value: Part, field: str, causes: Causes) -> None:
    for name in ("string", "version"):
        if value.get(name) is not None:
            _check_text(value[name], f"{field}.{name}", causes, is_version=name == "version")
    for name in _LISTS:
        if value.get(name) == []:
            causes.refuse(f"{field}.{name}", [], "must not be empty if specified")
        for index, text in enumerate(value.get(name) or ()) if name in ("strings", "versions") else ():
            _check_text(text, f"{field}.{name}[{index}]", causes, is_version=name == "versions")
    count = sum(value.get(name) is not None for name in (*_VALUES, *_LISTS))
    if not count:
        causes.refuse(field, "", "exactly one value must be specified")
    elif count > 1:
        causes.refuse(field, value, "exactly one value must be specified", "@resource.DeviceAttribute")


def _check_text(text: str, field: str, causes: Causes, *, is_version: bool) -> None:
    if is_version and not _VERSION.fullmatch(text):
        causes.refuse(field, text, "must be a string compatible with semver.org spec 2.0.0")
    if len(text.encode()) > _LONGEST_VALUE:
        causes.report_length(field, _LONGEST_VALUE)


def _check_counters(part: Part, name: str, field: str, causes: Causes) -> None:
    """Check a set of counters, or what a device uses of one."""
    if not part.get(name):
        causes.require(f"{field}.{name}")
    else:
        check_label(part[name], f"{field}.{name}", causes)
    if not part.get("counters"):
        causes.require(f"{field}.counters")
        return
    check_map(
        part["counters"],
        f"{field}.counters",
        causes,
        lambda key, place: check_label(key, place, causes),
        _accept,
        most=_MOST_COUNTERS,
        longest_key=_LONGEST_LABEL,
    )


def _accept(amount: object, field: str) -> None:
    """Accept any amount of a counter."""


def _check_device_place(device: Part, field: str, causes: Causes, *, has_place: bool) -> None:
    if not has_place:
        if any(device.get(name) is not None for name in _PLACES):
            causes.refuse(field, None, _NO_DEVICE_PLACE)
        return
    node = device.get("nodeName")
    if node == "":
        causes.refuse(f"{field}.nodeName", node, "must not be empty")
    for text in list_subdomain_problems(node) if node else ():
        causes.refuse(f"{field}.nodeName", node, text)
    if device.get("nodeSelector") is not None:
        check_node_selector(device["nodeSelector"], f"{field}.nodeSelector", causes)
    if device.get("allNodes") is False:
        causes.refuse(f"{field}.allNodes", False, "must be either unset or set to true")
    chosen = _list_chosen(device, _PLACES)
    if not chosen:
        causes.require(field, _DEVICE_PLACE)
    elif len(chosen) > 1:
        causes.refuse(field, f"{{{', '.join(chosen)}}}", _DEVICE_PLACE)
