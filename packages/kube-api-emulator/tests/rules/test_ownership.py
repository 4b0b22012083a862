"""Who owns which field after applies and updates of several managers."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube_api_emulator.schemas.packed import load_schemas
from kube_api_emulator.server.rules.content_errors import ContentError
from kube_api_emulator.server.rules.field_sets import from_fields_v1, to_fields_v1
from kube_api_emulator.server.rules.schema_rules import SchemaRules
from kube_api_emulator.server.rules.server_side_apply import LAST_APPLIED
from kube_api_emulator.server.rules.structured_merge import StructuredMerge

Object = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    group: str
    version: str
    kind: str
    is_custom: bool = False
    has_status: bool = False
    scale_paths: Mapping[str, str] = field(default_factory=dict, hash=False)


CONFIG_MAP = Facts("", "v1", "ConfigMap")
DEPLOYMENT = Facts("apps", "v1", "Deployment", has_status=True)
SERVICE = Facts("", "v1", "Service", has_status=True)
RULES = SchemaRules(load_schemas())


def apply(
    live: Object | None, config: Object, manager: str, *, force: bool = False, facts: Facts = CONFIG_MAP
) -> Object:
    item = RULES.apply(facts, live, copy.deepcopy(config), manager, "", force=force)
    item["metadata"].setdefault("uid", "1")
    owners = item["metadata"].pop("managedFields", None)
    RULES.set_defaults(facts, item, live)
    RULES.validate(facts, item, live)
    RULES.drop_empty(facts, item)
    return item | {"metadata": item["metadata"] | ({"managedFields": owners} if owners else {})}


def update(live: Object, item: Object, manager: str, *, part: str = "", facts: Facts = CONFIG_MAP) -> Object:
    item = copy.deepcopy(item)
    RULES.track_update(facts, live, item, manager, part)
    return item


def config_map(**data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data}


def owners_of(item: Object, field: str = "data") -> dict[str, set[str]]:
    return {
        f"{entry['manager']} {entry['operation']}": {
            step.removeprefix("f:") for step in entry["fieldsV1"].get(f"f:{field}", {}) if step != "."
        }
        for entry in item["metadata"].get("managedFields", ())
    }


def hide_times(item: Object) -> Object:
    entries = [{**entry, "time": ""} for entry in item["metadata"].get("managedFields", ())]
    return item | {"metadata": item["metadata"] | {"managedFields": entries}}


def find_conflict(live: Object, config: Object, manager: str, facts: Facts = CONFIG_MAP) -> str:
    with pytest.raises(ContentError) as caught:
        apply(live, config, manager, facts=facts)
    assert caught.value.code == 409
    return str(caught.value)


def test_field_that_is_no_longer_applied_goes() -> None:
    live = apply(apply(None, config_map(a="1", b="2"), "one"), config_map(a="1"), "one")
    assert live["data"] == {"a": "1"}
    assert owners_of(live) == {"one Apply": {"a"}}


def test_field_with_another_owner_stays() -> None:
    live = apply(apply(None, config_map(a="1", b="2"), "one"), config_map(b="2"), "two")
    live = apply(live, config_map(a="1"), "one")
    assert live["data"] == {"a": "1", "b": "2"}
    assert owners_of(live) == {"one Apply": {"a"}, "two Apply": {"b"}}


def test_other_value_is_a_conflict() -> None:
    live = apply(None, config_map(a="1"), "one")
    assert find_conflict(live, config_map(a="2"), "two") == 'Apply failed with 1 conflict: conflict with "one": .data.a'


def test_force_takes_the_field_over() -> None:
    live = apply(apply(None, config_map(a="1", b="2"), "one"), config_map(a="2"), "two", force=True)
    assert live["data"] == {"a": "2", "b": "2"}
    assert owners_of(live) == {"one Apply": {"b"}, "two Apply": {"a"}}


def test_conflicts_name_each_manager_with_its_version() -> None:
    live = apply(None, config_map(a="1"), "one")
    live = update(live, live | {"data": {"a": "1", "b": "2"}}, "kubectl-edit")
    assert find_conflict(live, config_map(a="9", b="9"), "two") == (
        'Apply failed with 2 conflicts: conflicts with "kubectl-edit" using v1:\n- .data.b\n'
        'conflicts with "one":\n- .data.a'
    )


def test_update_takes_what_it_changes() -> None:
    live = apply(None, config_map(a="1", b="2"), "one")
    live = update(live, live | {"data": {"a": "9", "c": "3"}}, "kubectl-edit")
    assert owners_of(live) == {"kubectl-edit Update": {"a", "c"}}


def test_update_without_change_gets_nothing() -> None:
    live = apply(None, config_map(a="1"), "one")
    assert owners_of(update(live, live, "kubectl-edit")) == {"one Apply": {"a"}}


def test_object_without_owners_is_not_tracked() -> None:
    live = config_map(a="1") | {"metadata": {"name": "c", "uid": "1"}}
    assert "managedFields" not in update(live, live | {"data": {"a": "2"}}, "x")["metadata"]


def test_first_apply_names_what_was_there_before() -> None:
    live = config_map(a="1", b="2") | {"metadata": {"name": "c", "uid": "1"}}
    assert find_conflict(live, config_map(a="2"), "one").endswith(
        'conflict with "before-first-apply" using v1: .data.a'
    )
    assert owners_of(apply(live, config_map(a="1"), "one")) == {
        "one Apply": {"a"},
        "before-first-apply Update": {"a", "b"},
    }


def test_kubectl_takes_over_what_it_applied_last() -> None:
    last = '{"data":{"a":"1"},"metadata":{"annotations":{},"name":"c"}}'
    live = config_map(a="1", b="2")
    live["metadata"] = {"name": "c", "annotations": {LAST_APPLIED: last}}
    created = copy.deepcopy(live)
    RULES.track_update(CONFIG_MAP, None, created, "kubectl-client-side-apply", "")
    assert apply(created, config_map(a="3"), "kubectl")["data"]["a"] == "3"
    assert "conflict" in find_conflict(created, config_map(b="3"), "kubectl")
    assert "conflict" in find_conflict(created, config_map(a="3"), "other")


def test_managed_fields_in_an_apply_are_refused() -> None:
    config = config_map(a="1")
    config["metadata"] |= {"managedFields": [{"manager": "x"}]}
    with pytest.raises(ContentError, match="must be nil"):
        apply(None, config, "one")


def test_renamed_manager_gives_up_fields_at_its_next_apply() -> None:
    """The adoption of objects of kubectl: a patch renames the owner, and what the next apply drops goes."""
    live = config_map(a="1", b="2")
    RULES.track_update(CONFIG_MAP, None, live, "kubectl-client-side-apply", "")
    sent = copy.deepcopy(live)
    for entry in sent["metadata"]["managedFields"]:
        entry |= {"manager": "envctl", "operation": "Apply"}
    live = update(live, sent, "envctl")
    assert owners_of(live) == {"envctl Apply": {"a", "b"}}
    assert apply(live, config_map(a="1"), "envctl")["data"] == {"a": "1"}


def test_items_of_lists_have_owners_of_their_own() -> None:
    def service(*ports: Object) -> Object:
        metadata = {"name": "web", "namespace": "n"}
        return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": list(ports)}}

    live = apply(None, service({"name": "http", "port": 80}), "one", facts=SERVICE)
    live = apply(live, service({"name": "dns", "port": 53, "protocol": "UDP"}), "two", facts=SERVICE)
    assert [port["name"] for port in live["spec"]["ports"]] == ["http", "dns"]
    assert find_conflict(live, service({"name": "other", "port": 80}), "two", SERVICE).endswith(
        'conflict with "one": .spec.ports[port=80,protocol="TCP"].name'
    )
    live = apply(live, service({"name": "dns", "port": 53, "protocol": "UDP"}), "one", facts=SERVICE)
    assert [port["name"] for port in live["spec"]["ports"]] == ["dns"]


def test_items_with_the_same_keys_have_one_owner() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}}
    first, second = ({"port": 80, "protocol": "TCP", "name": name} for name in "ab")
    live = service | {"spec": {"ports": [first]}}
    merge = StructuredMerge(RULES.schemas, RULES.schemas.find("", "v1", "Service") or {})
    changes = merge.compare(live, service | {"spec": {"ports": [first, second]}})
    port = ("f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}')
    assert changes.added == {port}
    assert {path[:3] for path in changes.removed} == {port}


def test_scale_belongs_to_who_scales() -> None:
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "a"}}}
    spec["template"] = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    config: Object = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}
    live = apply(None, config, "one", facts=DEPLOYMENT)
    scaled = update(live, live | {"spec": live["spec"] | {"replicas": 4}}, "kubectl", part="scale", facts=DEPLOYMENT)
    assert find_conflict(scaled, config, "one", DEPLOYMENT) == (
        'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas'
    )
    # The selector has one owner as a whole.
    assert live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:selector"] == {}


def test_status_does_not_count_in_an_apply() -> None:
    spec = {"selector": {"a": "b"}, "ports": [{"port": 80}]}
    config = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec, "status": {"x": 1}}
    with pytest.raises(ContentError, match=r"\.status\.x: field not declared in schema"):
        apply(None, config, "one", facts=SERVICE)
    item = apply(None, config | {"status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}, "one", facts=SERVICE)
    assert "f:status" not in item["metadata"]["managedFields"][0]["fieldsV1"]


def test_old_updates_are_joined() -> None:
    live = apply(None, config_map(a="1"), "one")
    for number in range(15):
        live = update(live, live | {"data": live["data"] | {f"k{number}": "1"}}, f"m{number:02}")
    owners = owners_of(live)
    assert len(owners) == 11
    assert owners["ancient-changes Update"] == {f"k{number}" for number in range(6)}


KEYS = st.sampled_from(["a", "b", "c", "d"])
DATA = st.dictionaries(KEYS, st.sampled_from(["1", "2"]), max_size=3)
STEPS = st.lists(st.tuples(st.sampled_from(["one", "two"]), DATA, st.booleans()), min_size=1, max_size=6)


@given(STEPS)
def test_applied_fields_are_there_and_owned(steps: list[tuple[str, dict[str, str], bool]]) -> None:
    live: Object | None = None
    for manager, data, is_update in steps:
        if live is not None and is_update:
            live = update(live, live | {"data": dict(data)}, manager)
            continue
        live = apply(live, config_map(**data), manager, force=True)
        assert data.items() <= live.get("data", {}).items()
        assert owners_of(live).get(f"{manager} Apply", set()) >= data.keys()
        # The same again changes nothing but perhaps the time, which the server then does not store. But an empty map is
        # not stored: it is a conflict with another owner of it, as on a real server.
        if data:
            assert hide_times(apply(live, config_map(**data), manager)) == hide_times(live)
    assert live is not None
    for fields in owners_of(live).values():
        assert fields <= live.get("data", {}).keys()


PATHS = st.lists(st.sampled_from(["f:a", "f:b.c", 'k:{"name":"x"}', 'v:"y"', "i:0"]), min_size=1, max_size=4).map(tuple)


@given(st.frozensets(PATHS, max_size=8))
def test_field_sets_survive_writing_and_reading(fields: frozenset[tuple[str, ...]]) -> None:
    assert from_fields_v1(to_fields_v1(fields)) == fields
