"""Load balancers of EKS. EKS itself answers a Service without a class; the other controllers are stacks of the user.

Source: https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_api_emulator.server.platform import HasController
    from kube_api_emulator.server.resources import Object

_CONTROLLER = "aws-load-balancer-controller"
_TYPE = "service.beta.kubernetes.io/aws-load-balancer-type"
_EXTERNAL_TYPES = ("external", "nlb-ip")
_SERVICE_CLASS = "service.k8s.aws/nlb"
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
# Controllers of Ingresses. That of EKS itself is always there.
_INGRESS_CLASS, _OWN_INGRESS_CLASS = "ingress.k8s.aws/alb", "eks.amazonaws.com/alb"
_DOMAIN = "elb.amazonaws.com"


def find_service_host(service: Object, has_controller: HasController) -> str:
    """Return the host of the load balancer of a Service; empty as long as it has none."""
    wanted = service["spec"].get("loadBalancerClass")
    kind = (service["metadata"].get("annotations") or {}).get(_TYPE, "")
    if wanted or kind in _EXTERNAL_TYPES:
        is_known = wanted in (None, _SERVICE_CLASS) and has_controller(_CONTROLLER)
        return f"{_name_balancer(service)}.{_DOMAIN}" if is_known else ""
    return f"a{service['metadata']['uid'].replace('-', '')[:31]}.{_DOMAIN}"


def find_ingress_host(ingress: Object, controller: str, has_controller: HasController) -> str | None:
    """Return the host of an Ingress; empty as long as it has none, and None for a controller of others."""
    annotated = (ingress["metadata"].get("annotations") or {}).get(_CLASS_ANNOTATION, "")
    if not controller and annotated == "alb" and not ingress["spec"].get("ingressClassName"):
        controller = _INGRESS_CLASS
    if controller == _OWN_INGRESS_CLASS or (controller == _INGRESS_CLASS and has_controller(_CONTROLLER)):
        return f"{_name_balancer(ingress)}.{_DOMAIN}"
    return "" if controller == _INGRESS_CLASS else None


def _name_balancer(item: Object) -> str:
    metadata = item["metadata"]
    digest = hashlib.sha256(metadata["uid"].encode()).hexdigest()[:10]
    return f"k8s-{metadata['namespace'][:8]}-{metadata['name'][:8]}-{digest}"
