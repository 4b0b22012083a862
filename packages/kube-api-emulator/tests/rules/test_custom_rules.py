"""Rules in CEL of custom resources."""

from typing import Any

import pytest

from tests.cluster import LocalCluster, RefusedError, kubernetes_cluster

__all__ = ["kubernetes_cluster"]

RULES = "x-kubernetes-validations"


def define(cluster: LocalCluster, *rules: dict[str, Any], **fields: Any) -> None:
    properties = {
        "least": {"type": "integer"},
        "most": {"type": "integer"},
        "ratio": {"type": "number"},
        "class-name": {"type": "string", "maxLength": 8},
        "ports": {"type": "array", "items": {"type": "object", "properties": {"number": {"type": "integer"}}}},
    } | fields
    spec = {"type": "object", "properties": properties, RULES: list(rules)}
    root = {"type": "object", "properties": {"spec": spec}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": root}}
    names = {"plural": "things", "kind": "Thing"}
    content = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    metadata = {"name": "things.example.com"}
    cluster.apply({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": metadata,
                   "spec": content})  # fmt: skip
    cluster.wait_for(lambda: cluster.cluster.resources.find("example.com", "v1", "things"))


def apply(cluster: LocalCluster, **spec: Any) -> dict[str, Any]:
    thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": spec}
    return cluster.apply(thing, force="true")


def test_rule_refuses_in_the_words_of_kubernetes(kubernetes_cluster: LocalCluster) -> None:
    define(kubernetes_cluster, {"rule": "self.least <= self.most"})
    apply(kubernetes_cluster, least=1, most=2)
    with pytest.raises(RefusedError) as refused:
        apply(kubernetes_cluster, least=3, most=2)
    assert refused.value.status["message"] == (
        'Thing.example.com "a" is invalid: spec: Invalid value: failed rule: self.least <= self.most'
    )


def test_message_reason_and_field_come_from_the_rule(kubernetes_cluster: LocalCluster) -> None:
    rule = {"rule": "self.most < 9", "reason": "FieldValueForbidden", "fieldPath": ".most"}
    define(kubernetes_cluster, rule | {"messageExpression": "'too many: ' + string(self.most)"})
    with pytest.raises(RefusedError) as refused:
        apply(kubernetes_cluster, most=9)
    (cause,) = refused.value.status["details"]["causes"]
    assert cause == {"field": "spec.most", "reason": "FieldValueForbidden", "message": "Forbidden: too many: 9"}


@pytest.mark.parametrize(
    ("rule", "is_refused"),
    [
        ({"rule": "self.most >= oldSelf.most"}, True),
        ({"rule": "!oldSelf.hasValue() || self.most >= oldSelf.value().most", "optionalOldSelf": True}, True),
        ({"rule": "oldSelf.hasValue() || self.most == 5", "optionalOldSelf": True}, False),
    ],
)
def test_transition_compares_with_the_value_before(
    kubernetes_cluster: LocalCluster, rule: dict[str, Any], is_refused: bool
) -> None:
    define(kubernetes_cluster, rule)
    apply(kubernetes_cluster, most=5)
    if is_refused:
        with pytest.raises(RefusedError, match="failed rule"):
            apply(kubernetes_cluster, most=4)
    else:
        apply(kubernetes_cluster, most=4)


def test_field_that_is_missing_is_an_error(kubernetes_cluster: LocalCluster) -> None:
    define(kubernetes_cluster, {"rule": "self.least > 0", "message": "needs least"})
    with pytest.raises(RefusedError, match="no such key: least evaluating rule: needs least"):
        apply(kubernetes_cluster, most=4)


def test_rules_hold_in_lists_and_for_odd_names(kubernetes_cluster: LocalCluster) -> None:
    ports = {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"number": {"type": "integer"}},
            RULES: [{"rule": "self.number < 9"}],
        },
    }
    define(kubernetes_cluster, {"rule": "self.class__dash__name == 'a' && self.ratio * 2.0 == 4.0"}, ports=ports)
    good = {"class-name": "a", "ratio": 2}
    apply(kubernetes_cluster, **good, ports=[{"number": 1}])
    with pytest.raises(RefusedError, match=r"spec.ports\[1\]: Invalid value"):
        apply(kubernetes_cluster, **good, ports=[{"number": 1}, {"number": 9}])


def test_wrong_content_comes_before_rules(kubernetes_cluster: LocalCluster) -> None:
    define(kubernetes_cluster, {"rule": "self.most > 1"})
    with pytest.raises(RefusedError, match="some validation rules were not checked because the object was invalid"):
        apply(kubernetes_cluster, most=1, **{"class-name": "much too long"})


def test_rule_that_is_not_known_here_refuses_nothing(kubernetes_cluster: LocalCluster) -> None:
    define(kubernetes_cluster, {"rule": "ip('10.0.0.' + string(self.most)).family() == 4"})
    apply(kubernetes_cluster, most=1)
