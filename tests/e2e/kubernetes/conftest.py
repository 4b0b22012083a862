"""A project with stacks of both kinds in three embedded clusters, by the real command, Terraform and kubectl."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.kubernetes.rendering.tools import KUBECTL, find_tool
from tests import provider_start, warm
from tests.e2e.conftest import CommandResult, Project
from tests.e2e.project_text import OPEN, PEER, render_project
from tests.kubernetes_cluster import KubernetesCluster
from tests.kubernetes_live import run_test_cluster

ENVIRONMENTS = ("dev", "staging", "prod")
FIRST, SECOND = (f"example.com/shop/web@sha256:{digit * 64}" for digit in "12")
BOB = "bob@example.com"
BASE = """
variable "environment" {
  type = string
}

variable "greeting" {
  type    = string
  default = "hello"
}

resource "terraform_data" "motd" {
  input = "${var.greeting} from ${var.environment}"
}

output "motd" {
  value = terraform_data.motd.output
}
"""
WEB_STACK = """
kind = "kubernetes"
path = "kubernetes/web"
kubeconfig_context = "{environment}"
namespace = "shop"
wait = "20s"
"""
MOTD = 'inputs = { motd = "base.motd" }\n'
ARTIFACTS = '\n[artifacts]\nimage = { variable = "image", kind = "string", stacks = ["web"] }\n'
VARIABLES = f"""
apiVersion: v1
kind: ConfigMap
metadata:
  name: envctl
  annotations: {{ config.kubernetes.io/local-config: "true" }}
data:
  image: "{FIRST}"
  replicas: "2"
  motd: an example
"""
KUSTOMIZATION = """
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop
resources: [RESOURCES]
replacements:
  - source: { kind: ConfigMap, name: envctl, fieldPath: data.image }
    targets:
      - select: { kind: Deployment, name: web }
        fieldPaths: ["spec.template.spec.containers.[name=web].image"]
  - source: { kind: ConfigMap, name: envctl, fieldPath: data.replicas }
    targets: [{ select: { kind: Deployment, name: web }, fieldPaths: [spec.replicas] }]
  - source: { kind: ConfigMap, name: envctl, fieldPath: data.motd }
    targets: [{ select: { kind: ConfigMap, name: page }, fieldPaths: [data.motd] }]
"""
WEB = """
apiVersion: v1
kind: ConfigMap
metadata: { name: page }
data: { motd: x, color: green }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ name: http, port: 80, targetPort: http }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: web, image: web, ports: [{ name: http, containerPort: 8080 }] }]
"""
INVENTORY = "envctl-shop.dev.web"


@dataclass(frozen=True)
class Shop(Project):
    """The project, and its cluster in each environment."""

    clusters: Mapping[str, KubernetesCluster] = field(default_factory=dict)

    def write_project(
        self,
        stacks: Mapping[str, str],
        order: Sequence[str] = ENVIRONMENTS,
        *,
        prod: str = "",
        more: str = ARTIFACTS,
    ) -> None:
        """Write the project file. Nobody is asked before staging, and one person before prod."""
        gates = {"staging": OPEN, "prod": PEER}
        self.write("envctl.toml", render_project("shop", stacks, order, rules={"prod": prod}, gates=gates, more=more))

    def write_web(self, *, manifests: str = WEB, **more: str) -> None:
        """Write the manifests, with more files beside; each of `more` is the text of the file with its name."""
        self.write("kubernetes/web/envctl.yaml", VARIABLES)
        self.write("kubernetes/web/web.yaml", manifests)
        for name, text in more.items():
            self.write(f"kubernetes/web/{name}.yaml", text)
        names = ["envctl.yaml", "web.yaml", *(f"{name}.yaml" for name in more)]
        self.write("kubernetes/web/kustomization.yaml", KUSTOMIZATION.replace("RESOURCES", ", ".join(names)))

    def set_image(self, image: str, environment: str = "dev") -> None:
        self.write(f"environments/{environment}/terraform.tfvars", f'replicas = 1\nimage    = "{image}"\n')

    def deploy(self, *more: str) -> None:
        """Bring the working tree to dev, and from there to the environments after it."""
        self.run_checked("apply", "dev", "--yes")
        for source, target in pairwise(("dev", *more)):
            if target == "prod":
                self.approve("--unseen", "web")
            self.run_checked("promote", source, target, "--yes")

    def approve(self, *more: str) -> None:
        self.run_checked("approve", "prod", "--gate", "peer", *more, "--yes", GIT_AUTHOR_EMAIL=BOB)

    def find_image(self, environment: str) -> str:
        web = self.clusters[environment].get("Deployment.apps", "web")
        return str(web["spec"]["template"]["spec"]["containers"][0]["image"]) if web else ""

    def list_objects(self, environment: str) -> set[str]:
        """Return what envctl has made in the namespace, as `Kind/name`."""
        cluster = self.clusters[environment]
        kinds = ("ConfigMap", "Service", "Deployment.apps", "PersistentVolumeClaim", "Job.batch")
        return {
            f"{kind.partition('.')[0]}/{each['metadata']['name']}"
            for kind in kinds
            for each in cluster.list(kind)
            if any(entry["manager"].startswith("envctl-") for entry in each["metadata"].get("managedFields", ()))
        }

    def list_inventory(self, environment: str, name: str = INVENTORY) -> Any:
        found = self.clusters[environment].get("ConfigMap", name)
        return found and found.get("data")


def run_code(shop: Shop, code: str, arguments: Sequence[object], *words: str) -> "subprocess.CompletedProcess[str]":
    """Run Python code around a command: its arguments first, and then the words of the command."""
    every = [*map(str, arguments), *provider_start.add_options(words)]
    return warm.run_code(code, every, shop.root, shop.build_environment(), 120)


def say(result: CommandResult) -> str:
    """Return all words of a result in one line."""
    return " ".join(f"{result.out} {result.err}".split())


@pytest.fixture
def clusters(tmp_path: Path) -> Iterator[dict[str, KubernetesCluster]]:
    """Three clusters behind the contexts `dev`, `staging` and `prod` of one kubeconfig."""
    with ExitStack() as ends:
        found = {each: ends.enter_context(run_test_cluster()) for each in ENVIRONMENTS}
        write_kubeconfig(found, tmp_path)
        yield found


def write_kubeconfig(clusters: Mapping[str, KubernetesCluster], folder: Path) -> None:
    config: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": []}
    for name, cluster in clusters.items():
        one = json.loads(cluster.write_kubeconfig(folder / f"{name}.kubeconfig", name).read_text())
        for key in ("clusters", "users", "contexts"):
            config[key] += one[key]
    (folder / "kubeconfig").write_text(json.dumps(config))


@pytest.fixture
def shop(tmp_path: Path, home: Path, clusters: dict[str, KubernetesCluster]) -> Shop:
    """Stacks of both kinds: `web` has a value of `base`."""
    project = create_shop(tmp_path, home, clusters)
    project.write_project({"base": "", "web": WEB_STACK + MOTD})
    project.write("modules/base/main.tf", BASE)
    return project


@pytest.fixture
def web(tmp_path: Path, home: Path, clusters: dict[str, KubernetesCluster]) -> Shop:
    """The objects alone, in dev and prod."""
    project = create_shop(tmp_path, home, clusters)
    project.write_project({"web": WEB_STACK}, ("dev", "prod"))
    for each in ("dev", "prod"):
        project.write(f"environments/{each}/web.tfvars", f'motd = "hello from {each}"\n')
    return project


def create_shop(folder: Path, home: Path, clusters: dict[str, KubernetesCluster]) -> Shop:
    extra = {"KUBECONFIG": str(folder / "kubeconfig"), "ENVCTL_KUBECTL": find_tool(KUBECTL)}
    project = Shop(folder / "shop", home, extra, clusters)
    project.write_web()
    project.set_image(FIRST)
    for each in ENVIRONMENTS[1:]:
        project.write(f"environments/{each}/terraform.tfvars", "replicas = 2\n")
    return project
