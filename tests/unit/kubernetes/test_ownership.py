"""Who has written a field, what an adoption takes along, and what is foreign."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.kubernetes.fields.ownership import (
    FieldOwner,
    adopt_entries,
    find_foreign_fields,
    find_other_deployer,
    is_applied_by,
    is_controller,
    is_trusted,
    list_dropped_fields,
    list_earlier_tools,
    list_own_fields,
    parse_conflicts,
)
from envctl.domain.kubernetes.fields.paths import format_path, format_server_path, list_owned_fields, parse_field_step
from tests.unit.kubernetes.manifests import MANAGER, build_config_map, build_deployment, make_live, own

REPLICAS: dict[str, Any] = {"f:spec": {"f:replicas": {}}}
ENV_B: dict[str, Any] = {'k:{"name":"B"}': {".": {}, "f:name": {}, "f:value": {}}}
CONTAINER = {'k:{"name":"web"}': {"f:env": ENV_B}}
ENV = {"f:spec": {"f:template": {"f:spec": {"f:containers": CONTAINER}}}}


def live_with_b(*entries: dict[str, Any]) -> dict[str, Any]:
    live = make_live(build_deployment(), *entries)
    live["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "B", "value": "2"})
    return live


SERVER_PATHS = {
    ".spec.replicas": "spec.replicas",
    'spec.template.spec.containers[name="web"].image': "spec.template.spec.containers[web].image",
    'x[containerPort=80,protocol="TCP"].hostPort': "x[80,TCP].hostPort",
    '.metadata.finalizers[="a/b"]': "metadata.finalizers[a/b]",
    "spec.ports[1].name": "spec.ports[1].name",
}


@pytest.mark.parametrize(("text", "shown"), SERVER_PATHS.items())
def test_paths_of_the_server_are_shown_for_people(text: str, shown: str) -> None:
    assert format_server_path(text) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("f:spec", "spec"),
        ("f:a.b/c", '["a.b/c"]'),
        ('k:{"name":"web"}', "[web]"),
        ('k:{"containerPort":80,"protocol":"UDP"}', "[80,UDP]"),
        ('v:"a b"', '["a b"]'),
        ("i:2", "[2]"),
    ],
)
def test_steps_of_owned_fields_are_read(name: str, shown: str) -> None:
    assert format_path((parse_field_step(name),)) == shown


def test_owned_fields_are_the_leaves() -> None:
    fields = {**ENV, "f:data": {".": {}}}
    env = "spec.template.spec.containers[web].env[B]"
    assert {format_path(path) for path in list_owned_fields(fields)} == {f"{env}.name", f"{env}.value", "data"}


CONFLICTS = {
    "a manager": ('conflict with "kubectl" using apps/v1', FieldOwner("spec.replicas", "kubectl")),
    "a subresource": (
        'conflict with "kubectl" with subresource "scale" using apps/v1',
        FieldOwner("spec.replicas", "kubectl", "scale"),
    ),
    "a time": ('conflict with "hpa" using apps/v1 at 2026-01-01T00:00:00Z', FieldOwner("spec.replicas", "hpa")),
}


@pytest.mark.parametrize(("message", "owner"), CONFLICTS.values(), ids=CONFLICTS.keys())
def test_conflicts_name_the_owners(message: str, owner: FieldOwner) -> None:
    assert parse_conflicts([(".spec.replicas", message), (".spec.x", "something else")]) == (owner,)


@pytest.mark.parametrize(
    "manager",
    [
        "kube-controller-manager",
        "kubelet",
        "cert-manager-cainjector",
        "aws-load-balancer-controller",
        "vpa-autoscaler",
        "controller",
        "manager",
    ],
)
def test_controllers_write_by_their_office(manager: str) -> None:
    assert is_controller(manager)


@pytest.mark.parametrize("manager", ["kubectl", "kubectl-edit", "helm", "Mozilla", "envctl-shop-controller", "k9s"])
def test_people_and_other_stacks_are_no_controllers(manager: str) -> None:
    assert not is_controller(manager)


def test_star_in_a_trusted_name_is_any_text() -> None:
    assert is_trusted("cert-x", ("cert-*",))
    assert not is_trusted("certX", ("cert.",))


def test_fields_of_people_are_foreign() -> None:
    live = live_with_b(own(REPLICAS), own(ENV, "kubectl-edit", "Update"))
    found = find_foreign_fields(live, MANAGER)
    assert [(each.owner.path.rpartition("]")[2], each.value) for each in found] == [(".name", "B"), (".value", "2")]


NOT_FOREIGN: dict[str, list[dict[str, Any]]] = {
    "of its own": [own(REPLICAS)],
    "that are shared with it": [own(REPLICAS), own(REPLICAS, "kubectl-edit", "Update")],
    "of a controller": [own(REPLICAS, "kube-controller-manager", "Update", subresource="scale")],
    "of the status": [own({"f:status": {"f:x": {}}}, "someone", "Update", subresource="status")],
    "that are gone": [own({"f:spec": {"f:paused": {}}}, "kubectl", "Update")],
    "that hold back a deletion": [own({"f:metadata": {"f:finalizers": {'v:"a/b"': {}}}}, "someone", "Update")],
    "of a trusted manager": [own(REPLICAS, "trusted", "Update")],
}


@pytest.mark.parametrize("entries", NOT_FOREIGN.values(), ids=NOT_FOREIGN.keys())
def test_fields_that_are_not_foreign(entries: list[dict[str, Any]]) -> None:
    assert find_foreign_fields(make_live(build_deployment(), *entries), MANAGER, ("trusted",)) == ()


IN_THE_NAME_OF_ENVCTL: dict[str, tuple[dict[str, Any], str]] = {
    "an update": (own(ENV, MANAGER, "Update"), f'"{MANAGER}" (not by an apply of envctl)'),
    "an apply to a subresource": (
        own(ENV, MANAGER, "Apply", subresource="resize"),
        f'"{MANAGER}" (resize, not by an apply of envctl)',
    ),
}


@pytest.mark.parametrize(("entry", "shown"), IN_THE_NAME_OF_ENVCTL.values(), ids=IN_THE_NAME_OF_ENVCTL.keys())
def test_only_applies_of_envctl_are_own(entry: dict[str, Any], shown: str) -> None:
    live = live_with_b(own(REPLICAS), entry)
    found = find_foreign_fields(live, MANAGER)
    assert {each.owner.manager_text for each in found} == {shown}
    assert {format_path(path) for path in list_own_fields(live, MANAGER)} == {"spec.replicas"}


def test_object_of_an_update_in_the_name_of_envctl_is_not_applied() -> None:
    assert not is_applied_by(make_live(build_deployment(), own(REPLICAS, MANAGER, "Update")), MANAGER)


def test_notes_written_with_the_status_are_foreign() -> None:
    """A server takes labels and annotations with a status too."""
    notes = {"f:metadata": {"f:annotations": {"f:team": {}}}, "f:status": {"f:x": {}}}
    live = make_live(build_deployment(), own(REPLICAS), own(notes, "k9s", "Update", subresource="status"))
    live["metadata"]["annotations"] = {"team": "x"}
    live["status"] = {"x": 1}
    (found,) = find_foreign_fields(live, MANAGER)
    assert (found.owner.path, found.owner.manager_text) == ("metadata.annotations.team", '"k9s" (status)')


def test_scaling_by_hand_is_foreign() -> None:
    live = make_live(build_deployment(), own(REPLICAS, "kubectl", "Update", subresource="scale"))
    (found,) = find_foreign_fields(live, MANAGER)
    assert found.owner.manager_text == '"kubectl" (scale)'


DEPLOYED_BY_OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "the manager of Argo CD": (make_live(build_config_map(), own(REPLICAS, "argocd-controller")), "Argo CD"),
    "the manager of Flux": (make_live(build_config_map(), own(REPLICAS, "kustomize-controller")), "Flux"),
    "a person": (make_live(build_config_map(), own(REPLICAS, "kubectl")), ""),
}


@pytest.mark.parametrize(("live", "name"), DEPLOYED_BY_OTHERS.values(), ids=DEPLOYED_BY_OTHERS.keys())
def test_other_deployers_are_found_by_their_manager(live: dict[str, Any], name: str) -> None:
    assert find_other_deployer(live) == name


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("argocd.argoproj.io/instance", "Argo CD"),
        ("kustomize.toolkit.fluxcd.io/name", "Flux"),
        ("helm.toolkit.fluxcd.io/name", "Flux"),
        ("app.kubernetes.io/name", ""),
    ],
)
def test_other_deployers_are_found_by_their_labels(label: str, name: str) -> None:
    live = make_live(build_config_map())
    live["metadata"]["labels"] = {label: "x"}
    assert find_other_deployer(live) == name


def test_adoption_makes_one_entry_of_earlier_tools() -> None:
    live = make_live(
        build_deployment(),
        own(REPLICAS, "kubectl-client-side-apply", "Update"),
        own(ENV, "helm", "Update"),
        own({"f:status": {}}, "kube-controller-manager", "Update", subresource="status"),
    )
    assert list_earlier_tools(live, MANAGER) == ("kubectl-client-side-apply", "helm")
    entries = adopt_entries(live, MANAGER)
    assert entries is not None
    assert [each["manager"] for each in entries] == ["kube-controller-manager", MANAGER]
    assert entries[-1]["operation"] == "Apply"
    assert set(list_owned_fields(entries[-1]["fieldsV1"])) == {
        *list_owned_fields(REPLICAS),
        *list_owned_fields(ENV),
    }


def test_object_of_the_stack_is_not_adopted_again() -> None:
    live = make_live(build_deployment(), own(REPLICAS), own(ENV, "kubectl-edit", "Update"))
    assert list_earlier_tools(live, MANAGER) == ()
    assert adopt_entries(live, MANAGER) is None


def test_adoption_drops_what_the_release_does_not_set() -> None:
    live = live_with_b(own(REPLICAS, "kubectl"), own(ENV, "kubectl"))
    assert [format_path(path) for path in list_dropped_fields(live, build_deployment(), MANAGER)] == [
        "spec.template.spec.containers[web].env[B]"
    ]


def test_adoption_keeps_what_others_own_too() -> None:
    live = live_with_b(own(ENV, "kubectl"), own(ENV, "sidecar-injector", "Update"))
    assert list_dropped_fields(live, build_deployment(), MANAGER) == ()


def test_adoption_knows_the_default_protocol_of_a_port() -> None:
    port: dict[str, Any] = {
        "f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:protocol": {}}}}
    }
    desired = {**build_config_map(), "spec": {"ports": [{"port": 80}]}}
    live = make_live({**desired, "spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}, own(port, "kubectl"))
    dropped = {format_path(path) for path in list_dropped_fields(live, desired, MANAGER)}
    assert dropped <= {"spec.ports[80,TCP].protocol"}


names = st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', 'v:"y"'])
trees: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.just({}), lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=6
)


@given(trees, trees)
def test_adopted_entry_owns_all_fields_of_both(one: dict[str, Any], other: dict[str, Any]) -> None:
    live = make_live(build_config_map(), own(one, "kubectl"), own(other, "helm", "Update"))
    entries = adopt_entries(live, MANAGER)
    assert entries is not None
    (entry,) = entries
    owned = set(list_owned_fields(entry["fieldsV1"]))
    for path in (*list_owned_fields(one), *list_owned_fields(other)):
        assert any(each[: len(path)] == path for each in owned)
