"""Addresses of load balancers: of Services by the platform, of Ingresses by the controller of their class.

Source: none; this is a helper in place of the controllers of a platform.
"""

from collections.abc import Iterator

from kube_api_emulator.server.controllers.context import Context
from kube_api_emulator.server.controllers.endpoints import write_endpoints
from kube_api_emulator.server.resources import Object, Place, Resource

_NAME_LABEL = "app.kubernetes.io/name"
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
# Controllers of Ingresses behind a Service, with the label of their Deployment and of that Service.
_CONTROLLERS = {"k8s.io/ingress-nginx": "ingress-nginx", "traefik.io/ingress-controller": "traefik"}
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
    host = context.platform.find_service_host(item, lambda label: _is_running(context, label))
    if not host:
        return _RETRY_SECONDS
    context.report(item, "service-controller", "EnsuringLoadBalancer", "Ensuring load balancer")
    context.set_status(resource, item, {"loadBalancer": {"ingress": [{"hostname": host}]}})
    context.report(item, "service-controller", "EnsuredLoadBalancer", "Ensured load balancer")
    return None


def reconcile_ingress(context: Context, resource: Resource, item: Object) -> float | None:
    """Write the address of an Ingress once the controller of its class is ready."""
    if item["metadata"].get("deletionTimestamp") or (item.get("status") or {}).get("loadBalancer"):
        return None
    controller = _find_controller(context, item)
    host = context.platform.find_ingress_host(item, controller, lambda label: _is_running(context, label))
    if host is None:
        label = _CONTROLLERS.get(controller)
        host = next(_list_hostnames(context, label), "") if label and _is_running(context, label) else ""
    elif host:
        context.report(item, "ingress", "SuccessfullyReconciled", "Successfully reconciled")
    if not host:
        return _RETRY_SECONDS
    context.set_status(resource, item, {"loadBalancer": {"ingress": [{"hostname": host}]}})
    return None


def _find_controller(context: Context, item: Object) -> str:
    """Return the controller of the Ingress' class; empty for none."""
    classes = context.find("networking.k8s.io", "ingressclasses")
    annotated = (item["metadata"].get("annotations") or {}).get(_CLASS_ANNOTATION, "")
    name = item["spec"].get("ingressClassName") or annotated
    if name:
        found = context.cluster.store.find(Place(classes, "", name))
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
