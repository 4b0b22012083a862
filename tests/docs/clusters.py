"""A project with a stack of Kubernetes objects, and a cluster for each environment behind one kubeconfig."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.docs.blocks import ROOT, blocks
from tests.e2e.conftest import ACCOUNTS
from tests.kubernetes_cluster import run_kubernetes_cluster

IMAGE = "example.com/shop/web@sha256:4f8b3a0e6d5c1b7f92e84d3ca6517b0e9f2d8c6a41b35e7f0d9c8b2a6e1f4d73"
PROJECT = """
[project]
name = "shop"

[pipeline]
order = ["dev", "staging", "prod"]

[environments.dev]
[environments.staging.gates]
approvals = {}
[environments.prod]
protected = true
[environments.prod.gates]
approvals = { peer = 1 }

[stacks.base]
module = "modules/base"

[stacks.web]
kind = "kubernetes"
path = "kubernetes/web"
overlay = "kubernetes/overlays/{environment}"
kubeconfig_context = "{environment}"
namespace = "shop"
inputs = { motd = "base.motd" }
wait = "30s"

[artifacts]
app_image = { variable = "image", kind = "string", stacks = ["web"] }
"""
BASE = """
variable "environment" { type = string }

resource "terraform_data" "motd" {
  input = "hello from ${var.environment}"
}

output "motd" { value = terraform_data.motd.output }
"""
OBJECTS = """
apiVersion: v1
kind: ConfigMap
metadata: { name: page }
data: { motd: x }
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
PAGE = "docs/kubernetes.md"


def list_files() -> dict[str, str]:
    """Return the files of the project. The variables and the kustomization are those that the page shows."""
    shown = {each.marks["written to"]: each.text for each in blocks(ROOT / PAGE) if "written to" in each.marks}
    overlay = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../../web]\n"
    files = {"envctl.toml": PROJECT, "modules/base/main.tf": BASE, "kubernetes/web/web.yaml": OBJECTS, **shown}
    for number, name in enumerate(ACCOUNTS):
        image = "" if number else f'image = "{IMAGE}"\n'
        files[f"environments/{name}/terraform.tfvars"] = f"replicas = {number + 1}\n{image}"
        files[f"kubernetes/overlays/{name}/kustomization.yaml"] = overlay
    return files


@contextmanager
def run_clusters(folder: Path) -> Iterator[Path]:
    """Run a cluster for each environment, and yield a kubeconfig with a context for each."""
    merged: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "current-context": "dev"}
    with ExitStack() as ends:
        for name in ACCOUNTS:
            running = ends.enter_context(run_kubernetes_cluster())
            own = json.loads(running.write_kubeconfig(folder / name, name).read_text())
            for key in ("clusters", "users", "contexts"):
                merged.setdefault(key, []).extend(own[key])
        (folder / "kubeconfig").write_text(json.dumps(merged))
        yield folder / "kubeconfig"


def scale_web(kubeconfig: str, context: str, replicas: int) -> None:
    """Scale the Deployment of the page by hand."""
    command = ["kubectl", "--kubeconfig", kubeconfig, "--context", context, "scale", "deployment", "web"]
    subprocess.run([*command, f"--replicas={replicas}"], check=True, capture_output=True, timeout=60)
