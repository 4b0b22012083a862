"""The kubeconfig that `envctl exec` hands out: a context for each cluster of an environment, and no secret."""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from envctl.domain.errors import EnvctlError
from envctl.usecases.inspect.cluster_places import ClusterPlace
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.kubernetes import ClusterConnection

EXEC_VERSION = "client.authentication.k8s.io/v1"


@dataclass(frozen=True)
class Kubeconfig:
    """A kubeconfig as JSON. `needs_own` says that some of its contexts are in the caller's own files."""

    text: str
    needs_own: bool = False


def build_kubeconfig(
    ports: Ports, environment: str, places: Iterable[ClusterPlace], token_command: Sequence[str]
) -> Kubeconfig | None:
    """Return the kubeconfig for the places; None for an environment without any. The first context is the current one.

    `token_command` is followed by the name and the region of a cluster, and prints a token for it. A cluster that
    can't be found is left out, and the observer is told.
    """
    found: dict[str, dict[str, Any]] = {}
    contexts: list[str] = []
    needs_own = is_wanted = False
    for place in places:
        is_wanted = True
        if place.context:
            needs_own = True
            contexts.append(place.context)
            continue
        # With its region where another cluster has that name.
        known = found.get(place.name)
        name = place.name if known is None or known["region"] == place.region else f"{place.name}@{place.region}"
        if name in found:
            continue
        if connection := _find_connection(ports, environment, place):
            found[name] = _build_entries(name, place, connection, token_command)
            contexts.append(name)
    # Without any, its context is not there: a kubectl that fails is better than one that reaches another cluster.
    current = contexts[0] if contexts else f"no-cluster-of-{environment}"
    return Kubeconfig(_format_document(found, current), needs_own) if is_wanted else None


def _find_connection(ports: Ports, environment: str, place: ClusterPlace) -> ClusterConnection | None:
    why = f"{place.output} is not known" if place.output else "it has no name"
    if place.name:
        try:
            return ports.kubernetes_clusters.find_cluster(environment, place.region, place.name)
        except EnvctlError as error:
            why = error.problems[0].message
    ports.observer.on_message(f"the kubeconfig is without the cluster of {place.stack}: {why}")
    return None


def _build_entries(
    name: str, place: ClusterPlace, connection: ClusterConnection, token_command: Sequence[str]
) -> dict[str, Any]:
    command, *arguments = [*token_command, place.name, place.region]
    authority = base64.b64encode(connection.authority.encode()).decode()
    exec_entry = {"apiVersion": EXEC_VERSION, "command": command, "args": arguments, "interactiveMode": "Never"}
    return {
        "region": place.region,
        "cluster": {"server": connection.url, "certificate-authority-data": authority},
        "user": {"exec": exec_entry},
        "context": {"cluster": name, "user": name, "namespace": place.namespace},
    }


def _format_document(found: dict[str, dict[str, Any]], current: str) -> str:
    sections = {
        f"{part}s": [{"name": name, part: each[part]} for name, each in found.items()]
        for part in ("cluster", "user", "context")
    }
    document = {"apiVersion": "v1", "kind": "Config", "current-context": current, **sections}
    return json.dumps(document, indent=2) + "\n"
