"""The shipped policy and role for those who only look: valid for all known versions, and closed where it matters."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from kube_api_emulator.schemas.packed import list_versions, load_schemas
from kube_api_emulator.schemas.schema_check import check_object

from tests.kubernetes_cluster import TOKEN, KubernetesCluster, RefusedError, User, run_kubernetes_cluster

MAP: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"size": "3"}}
FOLDER = Path(__file__).parents[3] / "docs" / "assets" / "kubernetes"
GROUP = "envctl:look"


def load(name: str) -> dict[str, dict[str, Any]]:
    found = list(yaml.safe_load_all((FOLDER / name).read_text()))
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in found}


@pytest.mark.parametrize("version", list_versions())
@pytest.mark.parametrize("name", ["look-policy.yaml", "look-role.yaml"])
def test_objects_are_valid(name: str, version: str) -> None:
    assert {key: check_object(load_schemas(version), each) for key, each in load(name).items()} == dict.fromkeys(
        load(name), ()
    )


def test_policy_covers_every_write_of_the_group() -> None:
    found = load("look-policy.yaml")
    spec = found["ValidatingAdmissionPolicy/envctl-look-dry-run-only"]["spec"]
    [rule] = spec["matchConstraints"]["resourceRules"]
    assert rule["resources"] == ["*/*"]
    assert set(rule["operations"]) == {"CREATE", "UPDATE", "DELETE", "CONNECT"}
    assert f"'{GROUP}' in request.userInfo.groups" in spec["matchConditions"][0]["expression"]
    assert spec["failurePolicy"] == "Fail"
    binding = found["ValidatingAdmissionPolicyBinding/envctl-look-dry-run-only"]["spec"]
    assert (binding["policyName"], binding["validationActions"]) == ("envctl-look-dry-run-only", ["Deny"])


def test_role_reaches_nothing_that_the_policy_does_not_stop() -> None:
    found = load("look-role.yaml")
    rules = [rule for each in found.values() for rule in each.get("rules", ())]
    assert not {"*", "impersonate", "bind", "escalate", "update", "deletecollection"} & {
        verb for rule in rules for verb in rule["verbs"]
    }
    assert "admissionregistration.k8s.io" not in {group for rule in rules for group in rule["apiGroups"]}
    resources = {each for rule in rules for each in rule["resources"]}
    assert not {each for each in resources if "/" in each or each in {"*", "secrets"}}
    subjects = [each for key in found for each in found[key].get("subjects", ())]
    assert {each["name"] for each in subjects} == {GROUP}


@pytest.fixture
def looker() -> Iterator[KubernetesCluster]:
    """A member of the group that only looks, with both shipped files."""
    with run_kubernetes_cluster(is_secured=True) as secured:
        for name in ("look-policy.yaml", "look-role.yaml"):
            for manifest in load(name).values():
                secured.apply(manifest)
        secured.tokens["look"] = User("maria", (GROUP, "system:authenticated"))
        secured.token = "look"
        yield secured


def test_looker_makes_dry_runs(looker: KubernetesCluster) -> None:
    assert looker.apply(MAP, dryRun="All")["metadata"]["uid"]
    assert looker.get("ConfigMap", "a") is None
    looker.token = TOKEN
    looker.apply(MAP)
    looker.token = "look"
    assert looker.apply(MAP | {"data": {"size": "4"}}, dryRun="All", force="true")["data"] == {"size": "4"}
    looker.request("DELETE", looker.find_path(MAP), dryRun="All")
    assert looker.get("ConfigMap", "a")


def test_looker_writes_nothing(looker: KubernetesCluster) -> None:
    looker.token = TOKEN
    looker.apply(MAP)
    looker.token = "look"
    writes = (
        lambda: looker.apply(MAP | {"metadata": {"name": "b"}}),
        lambda: looker.patch("ConfigMap", "a", {"data": {"size": "4"}}),
        lambda: looker.delete("ConfigMap", "a"),
    )
    for write in writes:
        with pytest.raises(RefusedError, match="members of envctl:look may write with dryRun alone") as refused:
            write()
        assert (refused.value.code, refused.value.status["reason"]) == (403, "Forbidden")
    assert refused.value.status["message"] == (
        "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'envctl-look-dry-run-only' with binding "
        "'envctl-look-dry-run-only' denied request: members of envctl:look may write with dryRun alone"
    )


def test_looker_is_refused_what_its_role_lacks(looker: KubernetesCluster) -> None:
    with pytest.raises(RefusedError, match='User "maria" cannot get resource "secrets"'):
        looker.get("Secret", "a")


def test_policy_is_for_its_members_alone(looker: KubernetesCluster) -> None:
    looker.token = TOKEN
    looker.apply(MAP)
    looker.delete("ConfigMap", "a")
