"""What only one object can hold at a time: a port of the nodes, an address, a host with its path, a volume.

An object that takes what a removed one holds comes after the deletion of that one.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from envctl.domain.kubernetes.objects import Manifest, identify

_VOLUME = "volume "


def list_claims(manifest: Manifest) -> frozenset[str]:
    """Return what the object holds or takes, in words, such as `node port 30080`."""
    spec = manifest.get("spec")
    if not isinstance(spec, Mapping):
        return frozenset()
    match identify(manifest).type:
        case "Service":
            return frozenset(_list_service_claims(spec))
        case "Ingress.networking.k8s.io":
            return frozenset(
                f"path {rule.get('host') or '*'}{each.get('path') or '/'}"
                for rule in _list_maps(spec.get("rules"))
                for each in _list_maps((rule.get("http") or {}).get("paths"))
            )
        case _:
            namespace = manifest["metadata"].get("namespace") or ""
            return frozenset(f"{_VOLUME}{namespace}/{name}" for name in _list_volumes(spec))


def find_volume(claim: str) -> tuple[str, str] | None:
    """Return the namespace and the name of the PersistentVolumeClaim, if the claim is a volume."""
    if not claim.startswith(_VOLUME):
        return None
    namespace, _, name = claim.removeprefix(_VOLUME).partition("/")
    return namespace, name


def is_shareable(volume: Manifest) -> bool:
    """Check if pods of several nodes may use a volume at once."""
    modes = (volume.get("spec") or {}).get("accessModes") or ()
    return any(str(mode).endswith("Many") for mode in modes)


def _list_service_claims(spec: Mapping[str, Any]) -> Iterator[str]:
    for port in _list_maps(spec.get("ports")):
        if port.get("nodePort"):
            yield f"node port {port['nodePort']}"
    if spec.get("healthCheckNodePort"):
        yield f"node port {spec['healthCheckNodePort']}"
    for address in (spec.get("clusterIP"), *(spec.get("clusterIPs") or ())):
        if address and address != "None":
            yield f"cluster IP {address}"


def _list_volumes(spec: Mapping[str, Any]) -> Iterator[str]:
    template = spec.get("template")
    pod = template.get("spec") if isinstance(template, Mapping) else spec
    for volume in _list_maps((pod or {}).get("volumes")):
        claim = volume.get("persistentVolumeClaim")
        if isinstance(claim, Mapping) and claim.get("claimName"):
            yield str(claim["claimName"])


def _list_maps(value: object) -> Iterator[Mapping[str, Any]]:
    yield from (each for each in (value if isinstance(value, list) else ()) if isinstance(each, Mapping))
