"""A stack of Kubernetes objects, against what somebody types who has kubectl: a dry run on the server."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kube_api_emulator.server.api.server import KubernetesServer
from kube_api_emulator.server.cluster import Cluster

from benchmarks.measure import Command, clean_environment, in_turn, walls
from benchmarks.projects import ENVCTL, Yard
from benchmarks.results import Results, tell_aim
from envctl.adapters.kubernetes.rendering.tools import KUBECTL, find_tool

OBJECTS = 30
# Of the dry run and `envctl validate` together.
PLAN, PLAN_AIM = 2.0, 1.0
_PROJECT = """
[project]
name = "bench"
[pipeline]
order = ["dev"]
[environments.dev]
[stacks.web]
kind = "kubernetes"
path = "web"
kubeconfig_context = "dev"
namespace = "shop"
"""
_IMAGE = f"example.com/web@sha256:{'1' * 64}"


def run(results: Results, yard: Yard) -> None:
    results.theme(f"One stack of {OBJECTS} Kubernetes objects, against kubectl")
    folder = yard.create_folder("workloads")
    lay_out(folder, 1)
    with run_cluster(folder):
        environment = clean_environment() | {"KUBECONFIG": str(folder / "kubeconfig")}

        def envctl(*words: str) -> Command:
            return Command([ENVCTL, *words], folder, environment)

        envctl("apply", "dev", "--yes").run()
        trial = [find_tool(KUBECTL), "apply", "--server-side", "--dry-run=server", "--namespace=shop", "-f", "web"]
        theirs = [Command([*trial, "--force-conflicts"], folder, environment), envctl("validate")]
        for what, size in (("without changes", 1), ("that changes all objects", 2)):
            lay_out(folder, size)
            ours, plain = in_turn([envctl("plan", "dev")], theirs, results.rounds(9))
            results.heed((*ours, *plain))
            row = f"plan {what} / dry run by kubectl + validate"
            results.ratio(row, walls(ours), walls(plain), PLAN, tell_aim(PLAN_AIM))


def lay_out(folder: Path, size: int) -> None:
    """Write the project: ten applications of three objects each. `size` is a value in each of them."""
    (folder / "envctl.toml").write_text(_PROJECT)
    (folder / "web").mkdir(exist_ok=True)
    for number in range(OBJECTS // 3):
        # Some versions of kubectl read a text that begins with a brace as JSON alone.
        objects = [f"---\n{json.dumps(each)}\n" for each in build_application(f"app-{number}", size)]
        (folder / "web" / f"app-{number}.yaml").write_text("".join(objects))


def build_application(name: str, size: int) -> Iterator[dict[str, object]]:
    metadata, labels = {"name": name, "annotations": {"size": str(size)}}, {"app": name}
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"size": str(size)}}
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    yield {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": labels, "ports": ports}}
    container = {"name": "web", "image": _IMAGE, "env": [{"name": "SIZE", "value": str(size)}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    yield {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


@contextmanager
def run_cluster(folder: Path) -> Iterator[None]:
    """Run the sandbox's cluster, and write a kubeconfig for it."""
    with KubernetesServer(Cluster()) as server:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "dev", "cluster": {"server": server.url}}],
            "users": [{"name": "dev", "user": {}}],
            "contexts": [{"name": "dev", "context": {"cluster": "dev", "user": "dev", "namespace": "shop"}}],
            "current-context": "dev",
        }
        (folder / "kubeconfig").write_text(json.dumps(config))
        (folder / "namespace.json").write_text(
            json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        )
        environment = clean_environment() | {"KUBECONFIG": str(folder / "kubeconfig")}
        Command([find_tool(KUBECTL), "create", "-f", "namespace.json"], folder, environment).run()
        yield
