"""ValidatingAdmissionPolicy: the one for the role that only looks, and others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.sandbox.kubernetes.admission.writes import send
from tests.kubernetes_cluster import TOKEN, KubernetesCluster, RefusedError, User, kubernetes_cluster

__all__ = ["kubernetes_cluster"]

ASSETS = Path(__file__).parents[5] / "docs" / "assets" / "kubernetes"
GROUP = "admissionregistration.k8s.io"
MAP: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"size": "3"}}


def load(name: str) -> Iterator[dict[str, Any]]:
    import yaml  # type: ignore[import-untyped]

    yield from yaml.safe_load_all((ASSETS / name).read_text())


@pytest.fixture
def looker(secured: KubernetesCluster) -> KubernetesCluster:
    """A member of the group that only looks, with both shipped files."""
    for manifest in (*load("look-policy.yaml"), *load("look-role.yaml")):
        secured.apply(manifest)
    secured.tokens["look"] = User("maria", ("envctl:look", "system:authenticated"))
    secured.token = "look"
    return secured


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


def add_policy(cluster: KubernetesCluster, *actions: str, rules: Any = None, **spec: Any) -> None:
    resource = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["configmaps"],
    }
    constraints = {"resourceRules": rules or [resource]}
    named = {"apiVersion": f"{GROUP}/v1", "metadata": {"name": "size"}}
    cluster.apply(named | {"kind": "ValidatingAdmissionPolicy", "spec": {"matchConstraints": constraints} | spec})
    bound = {"policyName": "size", "validationActions": list(actions or ("Deny",))}
    cluster.apply(named | {"kind": "ValidatingAdmissionPolicyBinding", "spec": bound})


def test_message_can_be_an_expression(kubernetes_cluster: KubernetesCluster) -> None:
    variable = {"name": "size", "expression": "int(object.data.size)"}
    text = "'the size is ' + string(variables.size)"
    validation = {"expression": "variables.size < 3", "messageExpression": text}
    add_policy(kubernetes_cluster, variables=[variable], validations=[validation])
    with pytest.raises(RefusedError, match="denied request: the size is 3") as refused:
        kubernetes_cluster.apply(MAP)
    assert (refused.value.code, refused.value.status["reason"]) == (422, "Invalid")
    kubernetes_cluster.apply(MAP | {"data": {"size": "2"}})


def test_change_is_compared_with_the_object_before(kubernetes_cluster: KubernetesCluster) -> None:
    text = "oldObject == null || object.data.size == oldObject.data.size"
    add_policy(kubernetes_cluster, validations=[{"expression": text}])
    kubernetes_cluster.apply(MAP)
    with pytest.raises(RefusedError, match="failed expression: oldObject == null"):
        kubernetes_cluster.apply(MAP | {"data": {"size": "4"}})


def test_action_warn_lets_the_write_through(kubernetes_cluster: KubernetesCluster) -> None:
    add_policy(kubernetes_cluster, "Warn", validations=[{"expression": "false", "message": "never"}])
    warnings = send(kubernetes_cluster, MAP)
    assert warnings == ["Validation failed for ValidatingAdmissionPolicy 'size' with binding 'size': never"]


@pytest.mark.parametrize(("policy", "is_refused"), [("Fail", True), ("Ignore", False)])
def test_failure_policy_decides_about_errors(
    kubernetes_cluster: KubernetesCluster, policy: str, is_refused: bool
) -> None:
    add_policy(kubernetes_cluster, failurePolicy=policy, validations=[{"expression": "object.data.gone == '1'"}])
    if is_refused:
        with pytest.raises(RefusedError, match="resulted in error: no such key: gone"):
            kubernetes_cluster.apply(MAP)
    else:
        kubernetes_cluster.apply(MAP)


def test_unknown_function_is_said(kubernetes_cluster: KubernetesCluster) -> None:
    add_policy(
        kubernetes_cluster, validations=[{"expression": "authorizer.group('').resource('pods').check('get').allowed()"}]
    )
    (warning,) = send(kubernetes_cluster, MAP)
    assert warning.startswith("the envctl sandbox cannot evaluate ValidatingAdmissionPolicy 'size'")


def test_parameters_come_from_an_object(kubernetes_cluster: KubernetesCluster) -> None:
    kind = {"apiVersion": "v1", "kind": "ConfigMap"}
    add_policy(kubernetes_cluster, paramKind=kind, validations=[{"expression": "object.data.size <= params.data.most"}])
    reference = {"name": "limits", "namespace": "default", "parameterNotFoundAction": "Deny"}
    spec = {"policyName": "size", "validationActions": ["Deny"], "paramRef": reference}
    named = {"apiVersion": f"{GROUP}/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "size"}}
    kubernetes_cluster.apply(named | {"spec": spec})
    with pytest.raises(RefusedError, match="no params found for policy binding"):
        kubernetes_cluster.apply(MAP)
    limits = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "limits"},
        "data": {"most": "5", "size": "1"},
    }
    kubernetes_cluster.delete("ValidatingAdmissionPolicyBinding", "size")
    kubernetes_cluster.apply(limits | {"metadata": {"name": "limits", "namespace": "default"}})
    kubernetes_cluster.apply(named | {"spec": spec})
    kubernetes_cluster.apply(MAP)
    with pytest.raises(RefusedError, match="denied request"):
        kubernetes_cluster.apply(MAP | {"data": {"size": "7"}})
