"""Pods wait for the Secrets and ConfigMaps that they need, as those of a real cluster do."""

from typing import Any

import pytest

from tests.cluster import LocalCluster

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "database"}, "stringData": {"password": "x"}}
SETTINGS = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"level": "info"}}
PASSWORD = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}}}
LEVEL = {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level"}}}
EXTERNAL = "externalsecrets.external-secrets.io"


def build_pod(container: dict[str, Any] | None = None, **spec: object) -> dict[str, Any]:
    containers = [{"name": "web", "image": "nginx:1.27", **(container or {})}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": containers, **spec},
    }


def mount(**source: object) -> dict[str, Any]:
    return build_pod({"volumeMounts": [{"name": "v", "mountPath": "/v"}]}, volumes=[{"name": "v", **source}])


def read_wait(running: LocalCluster, field: str = "containerStatuses") -> tuple[str, str]:
    pod = running.get("Pod", "web")
    states = [each["state"] for each in (pod or {}).get("status", {}).get(field, ())]
    waiting: dict[str, str] = next((each["waiting"] for each in states if "waiting" in each), {})
    return waiting.get("reason", ""), waiting.get("message", "")


def is_ready(running: LocalCluster) -> bool:
    pod = running.get("Pod", "web")
    conditions = (pod or {}).get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def list_warnings(running: LocalCluster) -> set[tuple[str, str]]:
    return {(each["reason"], each["message"]) for each in running.list("Event") if each["type"] == "Warning"}


@pytest.mark.parametrize(
    ("container", "message"),
    [
        pytest.param({"env": [PASSWORD]}, 'secret "database" not found', id="a variable from a Secret"),
        pytest.param({"env": [LEVEL]}, 'configmap "settings" not found', id="a variable from a ConfigMap"),
        pytest.param({"envFrom": [{"secretRef": {"name": "database"}}]}, 'secret "database" not found', id="a Secret"),
        pytest.param(
            {"envFrom": [{"configMapRef": {"name": "settings"}}]}, 'configmap "settings" not found', id="a ConfigMap"
        ),
    ],
)
def test_container_waits_for_its_variables(
    kubernetes_cluster: LocalCluster, container: dict[str, Any], message: str
) -> None:
    kubernetes_cluster.apply(build_pod(container))
    kubernetes_cluster.wait_for(lambda: read_wait(kubernetes_cluster) == ("CreateContainerConfigError", message))
    assert ("Failed", f"Error: {message}") in list_warnings(kubernetes_cluster)
    kubernetes_cluster.apply(SECRET)
    kubernetes_cluster.apply(SETTINGS)
    kubernetes_cluster.wait_for(lambda: is_ready(kubernetes_cluster))


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        pytest.param(
            {"secretKeyRef": {"name": "database", "key": "user"}},
            "couldn't find key user in Secret shop/database",
            id="of a Secret",
        ),
        pytest.param(
            {"configMapKeyRef": {"name": "settings", "key": "color"}},
            "couldn't find key color in ConfigMap shop/settings",
            id="of a ConfigMap",
        ),
    ],
)
def test_missing_key_is_named(kubernetes_cluster: LocalCluster, variable: dict[str, Any], message: str) -> None:
    kubernetes_cluster.apply(SECRET)
    kubernetes_cluster.apply(SETTINGS)
    kubernetes_cluster.apply(build_pod({"env": [{"name": "X", "valueFrom": variable}]}))
    kubernetes_cluster.wait_for(lambda: read_wait(kubernetes_cluster) == ("CreateContainerConfigError", message))


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        pytest.param({"secret": {"secretName": "database"}}, 'secret "database" not found', id="a Secret"),
        pytest.param({"configMap": {"name": "settings"}}, 'configmap "settings" not found', id="a ConfigMap"),
        pytest.param(
            {"projected": {"sources": [{"secret": {"name": "database"}}]}},
            'secret "database" not found',
            id="a projected Secret",
        ),
    ],
)
def test_pod_waits_for_its_volumes(kubernetes_cluster: LocalCluster, source: dict[str, Any], problem: str) -> None:
    kubernetes_cluster.apply(mount(**source))
    event = ("FailedMount", f'MountVolume.SetUp failed for volume "v" : {problem}')
    kubernetes_cluster.wait_for(lambda: event in list_warnings(kubernetes_cluster))
    assert read_wait(kubernetes_cluster) == ("ContainerCreating", "")
    kubernetes_cluster.apply(SECRET)
    kubernetes_cluster.apply(SETTINGS)
    kubernetes_cluster.wait_for(lambda: is_ready(kubernetes_cluster))


def test_key_of_a_volume_is_named(kubernetes_cluster: LocalCluster) -> None:
    kubernetes_cluster.apply(SECRET)
    kubernetes_cluster.apply(mount(secret={"secretName": "database", "items": [{"key": "user", "path": "user"}]}))
    event = ("FailedMount", 'MountVolume.SetUp failed for volume "v" : references non-existent secret key: user')
    kubernetes_cluster.wait_for(lambda: event in list_warnings(kubernetes_cluster))


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(
            build_pod({"envFrom": [{"secretRef": {"name": "database", "optional": True}}]}), id="all variables"
        ),
        pytest.param(
            build_pod(
                {"env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "d", "key": "k", "optional": True}}}]}
            ),
            id="a variable",
        ),
        pytest.param(mount(configMap={"name": "settings", "optional": True}), id="a volume"),
    ],
)
def test_optional_configuration_may_be_missing(kubernetes_cluster: LocalCluster, pod: dict[str, Any]) -> None:
    kubernetes_cluster.apply(pod)
    kubernetes_cluster.wait_for(lambda: is_ready(kubernetes_cluster))


def test_init_container_waits_too(kubernetes_cluster: LocalCluster) -> None:
    first = {"name": "first", "image": "nginx:1.27", "env": [PASSWORD]}
    kubernetes_cluster.apply(build_pod(initContainers=[first]))
    wanted = ("CreateContainerConfigError", 'secret "database" not found')
    kubernetes_cluster.wait_for(lambda: read_wait(kubernetes_cluster, "initContainerStatuses") == wanted)
    kubernetes_cluster.apply(SECRET)
    kubernetes_cluster.wait_for(lambda: is_ready(kubernetes_cluster))
    assert read_wait(kubernetes_cluster, "initContainerStatuses") == ("", "")


def test_image_is_pulled_before_variables_are_read(kubernetes_cluster: LocalCluster) -> None:
    kubernetes_cluster.apply(build_pod({"image": "no-such-image:1", "env": [PASSWORD]}))
    kubernetes_cluster.wait_for(lambda: read_wait(kubernetes_cluster)[0] == "ImagePullBackOff")


def test_other_containers_of_the_pod_run(kubernetes_cluster: LocalCluster) -> None:
    pod = build_pod({"env": [PASSWORD]})
    pod["spec"]["containers"].append({"name": "beside", "image": "nginx:1.27"})
    kubernetes_cluster.apply(pod)
    kubernetes_cluster.wait_for(lambda: read_wait(kubernetes_cluster)[0] == "CreateContainerConfigError")
    found = kubernetes_cluster.get("Pod", "web")
    assert found is not None
    states = {each["name"]: each for each in found["status"]["containerStatuses"]}
    assert (states["beside"]["ready"], states["web"]["ready"]) == (True, False)


def define_external_secrets(running: LocalCluster) -> None:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "externalsecrets", "singular": "externalsecret", "kind": "ExternalSecret"}
    spec = {"group": "external-secrets.io", "scope": "Namespaced", "names": names, "versions": [version]}
    definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    running.apply({**definition, "metadata": {"name": EXTERNAL}, "spec": spec})
    running.wait_for(lambda: running.cluster.resources.find("external-secrets.io", "v1", "externalsecrets"))


def test_secret_of_a_custom_resource_is_taken_as_made(kubernetes_cluster: LocalCluster) -> None:
    define_external_secrets(kubernetes_cluster)
    external = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "any"}}
    kubernetes_cluster.apply({**external, "spec": {"target": {"name": "database"}}})
    kubernetes_cluster.apply(build_pod({"env": [PASSWORD]}))
    kubernetes_cluster.wait_for(lambda: is_ready(kubernetes_cluster))


def test_secret_of_a_program_is_taken_as_made(kubernetes_cluster: LocalCluster) -> None:
    kubernetes_cluster.apply(
        {
            **build_pod({"args": ["create", "--secret-name=database"]}),
            "metadata": {"name": "certgen"},
        }
    )
    kubernetes_cluster.apply(build_pod({"env": [PASSWORD]}))
    kubernetes_cluster.wait_for(lambda: is_ready(kubernetes_cluster))
