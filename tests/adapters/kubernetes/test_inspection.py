from envctl.adapters.kubernetes.inspection import KubernetesInspector
from envctl.usecases.ports.kubernetes import ClusterConnection, LookPermissions
from tests.adapters.kubernetes.scripted_cluster import says_json
from tests.adapters.registry.scripted import Says, Server
from tests.kubernetes_cluster import Fault, KubernetesCluster

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def test_missing_permissions_are_named(server: Server) -> None:
    connection = ClusterConnection(name="EKS cluster shop", url=f"http://{server.host}")
    allowed, denied = (says_json({"status": {"allowed": each}}, 201) for each in (True, False))
    server.says(REVIEWS, allowed, allowed, denied, *[allowed] * 6)
    missing = KubernetesInspector(dict).list_missing_permissions(connection, "shop")
    assert missing == ("patch deployments.apps in namespace shop",)
    server.says("/version", Says(200, b'{"major": "1", "minor": "35"}'))
    assert KubernetesInspector(dict).fetch_version(connection) == "1.35"


def test_tools_are_told_with_their_path() -> None:
    inspector = KubernetesInspector(dict)
    assert "kustomize" in inspector.describe_tools(with_helm=False)["kubectl"]
    assert inspector.read_kubectl_version().startswith("1.")


def look(cluster: KubernetesCluster, namespace: str = "shop") -> LookPermissions:
    headers = {"authorization": f"Bearer {cluster.token}"}
    connection = ClusterConnection(
        name="cluster", url=cluster.url, authority=cluster.authority, headers=lambda: headers
    )
    return KubernetesInspector(dict).check_looking(connection, namespace)


def test_dry_run_of_role_to_look_is_tried_and_not_stored(kubernetes_cluster: KubernetesCluster) -> None:
    assert look(kubernetes_cluster) == LookPermissions((), can_dry_run=True)
    assert kubernetes_cluster.get("ConfigMap", "envctl-doctor") is None


def test_refused_dry_run_has_the_words_of_the_cluster(kubernetes_cluster: KubernetesCluster) -> None:
    kubernetes_cluster.faults.add(Fault(403, method="PATCH", message="the policy look refuses it"))
    found = look(kubernetes_cluster)
    assert found.can_dry_run is False
    assert "the policy look refuses it" in found.why


def test_dry_run_in_missing_namespace_is_unknown(kubernetes_cluster: KubernetesCluster) -> None:
    assert look(kubernetes_cluster, "later") == LookPermissions((), None, "namespace later does not exist yet")
