"""ValidatingAdmissionPolicy."""

from typing import Any

import pytest

from tests.admission.writes import send
from tests.cluster import LocalCluster, RefusedError, kubernetes_cluster

__all__ = ["kubernetes_cluster"]

GROUP = "admissionregistration.k8s.io"
MAP: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"size": "3"}}


def add_policy(cluster: LocalCluster, *actions: str, rules: Any = None, **spec: Any) -> None:
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


def test_message_can_be_an_expression(kubernetes_cluster: LocalCluster) -> None:
    variable = {"name": "size", "expression": "int(object.data.size)"}
    text = "'the size is ' + string(variables.size)"
    validation = {"expression": "variables.size < 3", "messageExpression": text}
    add_policy(kubernetes_cluster, variables=[variable], validations=[validation])
    with pytest.raises(RefusedError, match="denied request: the size is 3") as refused:
        kubernetes_cluster.apply(MAP)
    assert (refused.value.code, refused.value.status["reason"]) == (422, "Invalid")
    kubernetes_cluster.apply(MAP | {"data": {"size": "2"}})


def test_change_is_compared_with_the_object_before(kubernetes_cluster: LocalCluster) -> None:
    text = "oldObject == null || object.data.size == oldObject.data.size"
    add_policy(kubernetes_cluster, validations=[{"expression": text}])
    kubernetes_cluster.apply(MAP)
    with pytest.raises(RefusedError, match="failed expression: oldObject == null"):
        kubernetes_cluster.apply(MAP | {"data": {"size": "4"}})


def test_action_warn_lets_the_write_through(kubernetes_cluster: LocalCluster) -> None:
    add_policy(kubernetes_cluster, "Warn", validations=[{"expression": "false", "message": "never"}])
    warnings = send(kubernetes_cluster, MAP)
    assert warnings == ["Validation failed for ValidatingAdmissionPolicy 'size' with binding 'size': never"]


@pytest.mark.parametrize(("policy", "is_refused"), [("Fail", True), ("Ignore", False)])
def test_failure_policy_decides_about_errors(kubernetes_cluster: LocalCluster, policy: str, is_refused: bool) -> None:
    add_policy(kubernetes_cluster, failurePolicy=policy, validations=[{"expression": "object.data.gone == '1'"}])
    if is_refused:
        with pytest.raises(RefusedError, match="resulted in error: no such key: gone"):
            kubernetes_cluster.apply(MAP)
    else:
        kubernetes_cluster.apply(MAP)


def test_unknown_function_is_said(kubernetes_cluster: LocalCluster) -> None:
    add_policy(
        kubernetes_cluster, validations=[{"expression": "authorizer.group('').resource('pods').check('get').allowed()"}]
    )
    (warning,) = send(kubernetes_cluster, MAP)
    assert warning.startswith("kube-api-emulator cannot evaluate ValidatingAdmissionPolicy 'size'")


def test_parameters_come_from_an_object(kubernetes_cluster: LocalCluster) -> None:
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
