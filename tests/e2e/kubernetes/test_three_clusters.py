"""Objects of Kubernetes through three clusters of a kubeconfig: promotion, drift, rollback, kill -9, destruction."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from envctl.adapters.kubernetes.rendering.tools import KUBECTL, find_tool
from tests.e2e.conftest import Project
from tests.kubernetes_cluster import KubernetesCluster
from tests.kubernetes_live import run_test_cluster

ENVIRONMENTS = ("dev", "staging", "prod")
PROJECT = """
[project]
name = "shop"

[store]
url = "file://.envctl/store"

[state]
backend = "local"

[pipeline]
order = ["dev", "staging", "prod"]

[environments.dev]
[environments.staging]
gates = { approvals = {} }
[environments.prod]
protected = true
gates = { approvals = {} }

[stacks.web]
kind = "kubernetes"
path = "kubernetes/web"
kubeconfig_context = "shop-{environment}"
namespace = "shop"
wait = "20s"
"""
WEB = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: app}}
data: {{greeting: {greeting}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 1
  progressDeadlineSeconds: 1
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers: [{{name: web, image: "{image}@sha256:{digest}"}}]
"""
SERVICE = """
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
"""


@dataclass(frozen=True)
class Shop(Project):
    """The project, and its clusters by environment."""

    clusters: dict[str, KubernetesCluster] = field(default_factory=dict)

    def write_web(self, greeting: str, image: str = "web", *, service: bool = False) -> None:
        text = WEB.format(greeting=greeting, image=image, digest=greeting[0] * 64)
        self.write("kubernetes/web/web.yaml", text + (SERVICE if service else ""))

    def read_greeting(self, environment: str) -> str:
        found = self.clusters[environment].get("ConfigMap", "app")
        return str(found["data"]["greeting"]) if found else ""

    def read_image(self, environment: str) -> str:
        found = self.clusters[environment].get("Deployment", "web")
        return str(found["spec"]["template"]["spec"]["containers"][0]["image"]) if found else ""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    (tmp_path / "home").mkdir()
    with ExitStack() as stack:
        clusters = {name: stack.enter_context(run_test_cluster()) for name in ENVIRONMENTS}
        files = [
            each.write_kubeconfig(tmp_path / f"{name}.kubeconfig", f"shop-{name}") for name, each in clusters.items()
        ]
        variables = {"ENVCTL_KUBECTL": find_tool(KUBECTL), "KUBECONFIG": ":".join(map(str, files))}
        project = Shop(tmp_path / "project", tmp_path / "home", variables, clusters)
        project.write("envctl.toml", PROJECT)
        project.write_web("aaa")
        yield project


def promote_everywhere(shop: Shop) -> None:
    shop.run_checked("apply", "dev", "--yes")
    shop.run_checked("promote", "dev", "staging", "--yes")
    shop.run_checked("promote", "staging", "prod", "--yes")


@pytest.mark.night
def test_release_reaches_three_clusters_while_one_drifts(shop: Shop) -> None:
    promote_everywhere(shop)
    assert [shop.read_greeting(each) for each in ENVIRONMENTS] == ["aaa"] * 3
    assert "no changes" in shop.run_checked("plan", "dev").out
    shop.clusters["staging"].patch("Deployment", "web", {"spec": {"replicas": 3}})
    shop.clusters["staging"].delete("ConfigMap", "app")
    drift = shop.run("drift", "--json")
    assert drift.code == 2
    found = {each["environment"]: each["condition"] for each in drift.document["result"]["environments"]}
    assert found == {"dev": "clean", "staging": "drifted", "prod": "clean"}
    assert 'changed by \\"kubectl-edit' in drift.out
    shop.write_web("bbb", service=True)
    shop.run_checked("apply", "dev", "--yes")
    promoted = shop.run_checked("promote", "dev", "staging", "--yes")
    assert "takes over spec.replicas" in promoted.err
    shop.run_checked("promote", "staging", "prod", "--yes")
    assert [shop.read_greeting(each) for each in ENVIRONMENTS] == ["bbb"] * 3
    assert all(each.get("Service", "web") for each in shop.clusters.values())
    assert shop.run("drift").code == 0


@pytest.mark.night
def test_failed_rollout_is_not_verified_and_can_be_rolled_back(shop: Shop) -> None:
    promote_everywhere(shop)
    shop.write_web("bbb", "no-such-image")
    failed = shop.run("apply", "dev", "--yes")
    assert failed.code == 1
    assert "ImagePullBackOff" in failed.err
    refused = shop.run("promote", "dev", "staging", "--yes")
    assert (refused.code, "G103" in refused.out + refused.err) == (3, True)
    shop.run_checked("rollback", "dev", "--yes")
    assert shop.read_image("dev") == f"web@sha256:{'a' * 64}"
    assert shop.run("drift", "dev").code == 0


def test_drift_is_fixed_as_far_as_the_code_has_it(shop: Shop) -> None:
    promote_everywhere(shop)
    cluster = shop.clusters["staging"]
    cluster.patch("Deployment", "web", {"spec": {"replicas": 3, "revisionHistoryLimit": 3}})
    fixed = shop.run("drift", "staging", "--fix", "--yes")
    assert fixed.code == 1
    assert "E330" in fixed.out + fixed.err
    live = cluster.get("Deployment", "web")
    assert live is not None
    assert live["spec"]["replicas"] == 1
    shop.write("envctl.toml", PROJECT.replace("[environments.staging]", "[environments.staging]\n" + IGNORE))
    shop.run_checked("apply", "staging", "--yes")
    assert shop.run("drift", "staging").code == 0


IGNORE = 'drift = { ignore = ["Deployment.apps/shop/*.spec.revisionHistoryLimit"] }'


@pytest.mark.night
@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.6, 1.0, 1.4])
def test_killed_apply_is_ended_by_the_next_one(shop: Shop, seconds: float) -> None:
    shop.run_checked("apply", "dev", "--yes")
    shop.write_web("bbb", service=True)
    killed = shop.start("apply", "dev", "--yes")
    time.sleep(seconds)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    shop.run("recover", "dev", "--yes")
    shop.run_checked("apply", "dev", "--yes")
    assert shop.read_greeting("dev") == "bbb"
    assert shop.clusters["dev"].get("Service", "web")
    assert shop.run("drift", "dev").code == 0


@pytest.mark.night
def test_destroyed_environment_is_empty(shop: Shop) -> None:
    promote_everywhere(shop)
    shop.run_checked("destroy", "staging", "--yes")
    names = {each["metadata"]["name"] for each in shop.clusters["staging"].list("ConfigMap")}
    assert names <= {"kube-root-ca.crt"}
    assert shop.clusters["staging"].get("Deployment", "web") is None
    protected = shop.run("destroy", "prod", "--yes")
    assert "G301" in protected.out + protected.err
