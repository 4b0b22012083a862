"""The shipped policy and role for those who only look: valid for all known versions, and closed where it matters."""

from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from envctl.adapters.disk.kubernetes_schemas import list_versions, load_schemas
from envctl.domain.kubernetes.schema_check import check_object

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
