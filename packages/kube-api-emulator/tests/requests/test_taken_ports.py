"""Addresses and ports of nodes belong to one Service: recorded answers of a kube-apiserver 1.36."""

from typing import Any

from tests.requests.sending import Sender

SERVICES = "/api/v1/namespaces/default/services"


def build_service(name: str, **spec: Any) -> dict[str, Any]:
    ports = [{"port": 80} | ({"nodePort": spec.pop("node_port")} if "node_port" in spec else {})]
    metadata = {"name": name}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports} | spec}


def test_port_of_nodes_is_given_once() -> None:
    sender = Sender()
    first = build_service("first", type="NodePort", node_port=31999)
    assert sender.send("POST", SERVICES, first).code == 201
    refusal = (
        'Service "second" is invalid: spec.ports[0].nodePort: Invalid value: 31999: provided port is already allocated'
    )
    second = build_service("second", type="NodePort", node_port=31999)
    assert sender.refuse("POST", SERVICES, second) == (422, refusal)
    assert sender.refuse("POST", f"{SERVICES}?dryRun=All", second) == (422, refusal)
    assert sender.send("PUT", f"{SERVICES}/first", first).code == 200


def test_address_is_given_once() -> None:
    sender = Sender()
    assert sender.send("POST", SERVICES, build_service("first", clusterIP="10.96.9.9")).code == 201
    second = build_service("second", clusterIP="10.96.9.9")
    refusal = (
        'Service "second" is invalid: spec.clusterIPs: Invalid value: ["10.96.9.9"]: failed to allocate IP 10.96.9.9: '
        "provided IP is already allocated"
    )
    assert sender.refuse("POST", SERVICES, second) == (422, refusal)
    # A dry run takes no address.
    assert sender.send("POST", f"{SERVICES}?dryRun=All", second).code == 201
