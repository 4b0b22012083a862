"""The health of the components of a control plane, which nothing stores."""

from kube_api_emulator.server.resources import Object
from kube_api_emulator.server.status_errors import StatusError

_COMPONENTS = ("controller-manager", "scheduler", "etcd-0")


def list_components() -> list[Object]:
    """Return the components in the order of the server: all are healthy."""
    condition = {"type": "Healthy", "status": "True", "message": "ok"}
    return [{"metadata": {"name": name}, "conditions": [dict(condition)]} for name in _COMPONENTS]


def find_component(name: str) -> Object:
    """Return a component. Raises StatusError 404."""
    for each in list_components():
        if each["metadata"]["name"] == name:
            return {"kind": "ComponentStatus", "apiVersion": "v1", **each}
    details = {"name": name, "kind": "componentstatus"}
    raise StatusError(404, "NotFound", f'componentstatus "{name}" not found', details)
