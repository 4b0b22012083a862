"""Warnings of objects that are taken (pkg/api/pod/warnings.go and the strategies in pkg/registry of Kubernetes)."""

from typing import Any

import pytest

from tests.requests.sending import Sender

PODS, SERVICES, MAPS = (f"/api/v1/namespaces/default/{each}" for each in ("pods", "services", "configmaps"))
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
INGRESSES = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
CONTAINER = {"name": "a", "image": "a"}
SPREAD = {"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "ScheduleAnyway"}
DNS = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [m"


def deploy(**spec: Any) -> Any:
    labels = {"app": "a"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [CONTAINER], **spec}}
    return {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": labels}, "template": template}}


AT = "spec.template.spec"
CASES: list[tuple[str, Any, str]] = [
    (PODS, {"metadata": {"name": "a.b"}, "spec": {"containers": [CONTAINER]}}, f"metadata.name: {DNS}"),
    (DEPLOYMENTS, deploy(), ""),
    (
        DEPLOYMENTS,
        deploy(containers=[{**CONTAINER, "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}]),
        f'{AT}.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    ),
    (
        DEPLOYMENTS,
        deploy(containers=[{**CONTAINER, "ports": [{"containerPort": 1}, {"containerPort": 1, "name": "b"}]}]),
        f"{AT}.containers[0].ports[1]: duplicate port definition with {AT}.containers[0].ports[0]",
    ),
    (
        DEPLOYMENTS,
        deploy(nodeSelector={"beta.kubernetes.io/os": "linux"}),
        f'{AT}.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    ),
    (
        DEPLOYMENTS,
        deploy(topologySpreadConstraints=[SPREAD]),
        f"{AT}.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod",
    ),
    (
        DEPLOYMENTS,
        deploy(containers=[{**CONTAINER, "resources": {"limits": {"memory": "100m"}}}]),
        f'{AT}.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
    ),
    (
        SERVICES,
        {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 1}], "externalIPs": ["203.0.113.1"]}},
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
    ),
    (
        INGRESSES,
        {
            "metadata": {"name": "i", "annotations": {"kubernetes.io/ingress.class": "alb"}},
            "spec": {"defaultBackend": {"service": {"name": "a", "port": {"number": 1}}}},
        },
        "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead",
    ),
    (
        "/api/v1/namespaces/default/secrets",
        {"metadata": {"name": "t"}, "type": "kubernetes.io/tls", "data": {"tls.crt": "YQ==", "tls.key": "YQ=="}},
        "tls: failed to find any PEM data in certificate input",
    ),
    (
        "/api/v1/namespaces/default/endpoints",
        {"metadata": {"name": "e"}},
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ),
    (
        MAPS,
        {
            "metadata": {
                "name": "m",
                "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "1"}] * 2,
            }
        },
        ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[2][:80] or "no warning")
def test_a_doubtful_object_is_a_warning(case: tuple[str, Any, str]) -> None:
    place, item, words = case
    answer = Sender().send("POST", place, item)
    assert answer.code == 201, answer.body
    warnings = [text.replace('\\"', '"') for name, text in answer.headers if name == "Warning"]
    assert bool(warnings) == bool(words), warnings
    assert all(text.startswith(f'299 - "{words}') for text in warnings)
