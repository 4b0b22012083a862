"""What the server has allocated for a Service when its type changes."""

from typing import Any

from tests.golden.replay import APPLY, Replay

Object = dict[str, Any]

PATH = "/api/v1/namespaces/default/services/web"


def build_service(**spec: object) -> Object:
    ports = [{"name": "http", "port": 80}]
    metadata = {"name": "web"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports, **spec}}


def apply(replay: Replay, **spec: object) -> Object:
    code, item = replay.send("PATCH", f"{PATH}?fieldManager=test", APPLY, build_service(**spec))
    assert code < 300, item
    found: Object = item["spec"]
    return found


def test_former_type_leaves_nothing() -> None:
    replay = Replay()
    balanced = apply(replay, type="LoadBalancer", selector={"app": "web"})
    assert balanced["ports"][0]["nodePort"] >= 30000
    plain = apply(replay, type="ClusterIP", selector={"app": "web"})
    assert plain["clusterIP"] == balanced["clusterIP"]
    assert not {"externalTrafficPolicy", "allocateLoadBalancerNodePorts"} & plain.keys()
    assert "nodePort" not in plain["ports"][0]


def test_external_name_has_no_address() -> None:
    replay = Replay()
    apply(replay, type="ClusterIP")
    spec = apply(replay, type="ExternalName", externalName="db.example.com")
    assert not {"clusterIP", "clusterIPs", "ipFamilies"} & spec.keys()


def test_update_without_address_keeps_it() -> None:
    replay = Replay()
    before = apply(replay, type="NodePort")
    code, item = replay.send("PUT", PATH, "", build_service(type="NodePort"))
    assert code == 200, item
    assert item["spec"]["clusterIP"] == before["clusterIP"]
    assert item["spec"]["ports"] == before["ports"]
