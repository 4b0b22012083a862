"""Addresses of load balancers, for Services and Ingresses whose controller is there.

EKS itself answers a Service without a class. The other controllers are stacks of the user:
https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html
"""

import hashlib
from collections.abc import Iterator

from envctl.adapters.sandbox.kubernetes.controllers.context import Context
from envctl.adapters.sandbox.kubernetes.controllers.endpoints import write_endpoints
from envctl.adapters.sandbox.kubernetes.resources import Object, Place, Resource

_NAME_LABEL = "app.kubernetes.io/name"
_AWS = "aws-load-balancer-controller"
_TYPE = "service.beta.kubernetes.io/aws-load-balancer-type"
_EXTERNAL_TYPES = ("external", "nlb-ip")
_AWS_CLASS = "service.k8s.aws/nlb"
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
# Controllers of Ingresses with the label of their Deployment; an empty one is part of EKS.
_CONTROLLERS = {
    "ingress.k8s.aws/alb": _AWS,
    "eks.amazonaws.com/alb": "",
    "k8s.io/ingress-nginx": "ingress-nginx",
    "traefik.io/ingress-controller": "traefik",
}
_RETRY_SECONDS = 1.0


def reconcile_service(context: Context, resource: Resource, item: Object) -> float | None:
    """Write the endpoints of a Service, and the address of its load balancer."""
    if item["metadata"].get("deletionTimestamp"):
        return None
    write_endpoints(context, item)
    if item["spec"].get("type") != "LoadBalancer" or (item.get("status") or {}).get("loadBalancer"):
        return None
    rest = context.ready_seconds - context.measure_age(item)
    if rest > 0:
        return rest
    wanted = item["spec"].get("loadBalancerClass")
    kind = (item["metadata"].get("annotations") or {}).get(_TYPE, "")
    if wanted or kind in _EXTERNAL_TYPES:
        if wanted not in (None, _AWS_CLASS) or not _is_running(context, _AWS):
            return _RETRY_SECONDS
        name = _name_balancer(item)
    else:
        name = f"a{item['metadata']['uid'].replace('-', '')[:31]}"
        context.report(item, "service-controller", "EnsuringLoadBalancer", "Ensuring load balancer")
    context.set_status(resource, item, {"loadBalancer": {"ingress": [{"hostname": f"{name}.elb.amazonaws.com"}]}})
    context.report(item, "service-controller", "EnsuredLoadBalancer", "Ensured load balancer")
    return None


def reconcile_ingress(context: Context, resource: Resource, item: Object) -> float | None:
    """Write the address of an Ingress once the controller of its class is ready."""
    if item["metadata"].get("deletionTimestamp") or (item.get("status") or {}).get("loadBalancer"):
        return None
    controller = _find_controller(context, item)
    label = _CONTROLLERS.get(controller)
    if label is None:
        return _RETRY_SECONDS
    if label and not _is_running(context, label):
        return _RETRY_SECONDS
    if label in ("", _AWS):
        hostname = f"{_name_balancer(item)}.elb.amazonaws.com"
        context.report(item, "ingress", "SuccessfullyReconciled", "Successfully reconciled")
    else:
        hostname = next(_list_hostnames(context, label), "")
    if not hostname:
        return _RETRY_SECONDS
    context.set_status(resource, item, {"loadBalancer": {"ingress": [{"hostname": hostname}]}})
    return None


def _find_controller(context: Context, item: Object) -> str:
    """Return the controller of the Ingress' class; empty for none."""
    classes = context.find("networking.k8s.io", "ingressclasses")
    annotated = (item["metadata"].get("annotations") or {}).get(_CLASS_ANNOTATION, "")
    name = item["spec"].get("ingressClassName") or annotated
    if name:
        found = context.cluster.store.find(Place(classes, "", name))
        if found is None and annotated == "alb":
            return "ingress.k8s.aws/alb"
        return str(found["spec"].get("controller", "")) if found else ""
    for each in context.cluster.store.list_items(classes):
        if (each["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true":
            return str(each["spec"].get("controller", ""))
    return ""


def _is_running(context: Context, label: str) -> bool:
    for plural in ("deployments", "daemonsets"):
        for item in context.cluster.store.list_items(context.find("apps", plural)):
            status = item.get("status") or {}
            is_ready = status.get("availableReplicas") or status.get("numberAvailable")
            if (item["metadata"].get("labels") or {}).get(_NAME_LABEL) == label and is_ready:
                return True
    return False


def _list_hostnames(context: Context, label: str) -> Iterator[str]:
    for service in context.cluster.store.list_items(context.find("", "services")):
        if (service["metadata"].get("labels") or {}).get(_NAME_LABEL) == label:
            for address in ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ():
                yield address.get("hostname") or address.get("ip", "")


def _name_balancer(item: Object) -> str:
    metadata = item["metadata"]
    digest = hashlib.sha256(metadata["uid"].encode()).hexdigest()[:10]
    return f"k8s-{metadata['namespace'][:8]}-{metadata['name'][:8]}-{digest}"
