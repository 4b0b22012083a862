"""The real Prometheus finds its targets in a cluster."""

import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3

from kube_api_emulator.local_cluster import LocalCluster, run_cluster
from tests.programs import PROMETHEUS
from tests.test_controllers import GOOD, build_deployment
from tests.test_readme import find_files

ROLES = ("pod", "node", "service", "endpointslice", "ingress")
SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80}]},
}
INGRESS: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "web"},
    "spec": {
        "rules": [{"host": "shop.example.com"}],
        "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}},
    },
}
TARGETS = {
    "pod": ["web:80", "web:80"],
    "node": ["node-1:10250", "node-2:10250"],
    "service": ["kubernetes:443", "web:80"],
    "endpointslice": ["kubernetes:443", "web:80", "web:80"],
    "ingress": ["shop.example.com:80"],
}


def build_config(kubeconfig: Path) -> str:
    """Return a configuration with each role, and without a target that is scraped."""
    # No pod answers at its address, and another program could.
    drop = {"action": "drop", "source_labels": ["__address__"], "regex": ".*"}
    discoveries = [[{"role": role, "kubeconfig_file": str(kubeconfig)}] for role in ROLES]
    jobs = [
        {"job_name": role, "kubernetes_sd_configs": found, "relabel_configs": [drop]}
        for role, found in zip(ROLES, discoveries, strict=True)
    ]
    return json.dumps({"scrape_configs": jobs})


@contextmanager
def run_prometheus(folder: Path, text: str) -> Iterator[tuple[str, Path]]:
    """Run it in a folder. Yields its URL and its log."""
    config, log = folder / "prometheus.yml", folder / "log"
    config.write_text(text)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    options = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}"]
    environment = {"PATH": os.defpath, "HOME": str(folder)}
    with (
        log.open("w") as output,
        subprocess.Popen([PROMETHEUS, *options], cwd=folder, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            yield f"http://{address}", log
        finally:
            process.kill()


def find_targets(url: str) -> dict[str, list[str]]:
    """Return the name and the port of each dropped target by its role; nothing before Prometheus answers."""
    try:
        answer = urllib3.request("GET", f"{url}/api/v1/targets", timeout=5, retries=False).json()["data"]
    except (urllib3.exceptions.HTTPError, ValueError):
        return {}
    assert answer["activeTargets"] == []
    found: dict[str, list[str]] = {}
    for target in answer["droppedTargets"]:
        labels = target["discoveredLabels"]
        role = labels["job"]
        found.setdefault(role, []).append(name_target(role, labels))
    return {role: sorted(names) for role, names in found.items()}


def name_target(role: str, labels: dict[str, str]) -> str:
    """Return the name of the workload, Service or node of a target, and its port."""
    host, _, port = labels["__address__"].partition(":")
    name = labels.get("__meta_kubernetes_pod_label_app") or labels.get(f"__meta_kubernetes_{role}_name", host)
    if role == "ingress":
        return f"{host}:{port or 80}"
    return f"{labels.get('__meta_kubernetes_service_name') or name}:{port}"


@pytest.mark.prometheus
@pytest.mark.slow
def test_prometheus_finds_the_targets_of_each_role(tmp_path: Path) -> None:
    deployment = build_deployment(GOOD, replicas=2)
    deployment["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 80}]
    with run_cluster() as cluster:
        for manifest in (deployment, SERVICE, INGRESS):
            cluster.apply(manifest)
        kubeconfig = cluster.write_kubeconfig(tmp_path / "kubeconfig")
        with run_prometheus(tmp_path, build_config(kubeconfig)) as (url, log):
            cluster.wait_for(lambda: find_targets(url) == TARGETS, seconds=40)
            change_targets(cluster, url)
        assert re.findall(r"^.*level=(?:warn|error).*$|^[EWF]\d{4} .*$", log.read_text(), re.MULTILINE) == []


@pytest.mark.prometheus
@pytest.mark.slow
def test_configuration_of_the_readme_finds_pods(tmp_path: Path) -> None:
    with run_cluster() as cluster:
        cluster.apply(build_deployment(GOOD, replicas=2))
        cluster.write_kubeconfig(tmp_path / "kubeconfig")
        with run_prometheus(tmp_path, find_files()["prometheus.yml"]) as (url, _):
            cluster.wait_for(lambda: find_targets(url) == {"pods": ["web:", "web:"]}, seconds=40)


def change_targets(cluster: LocalCluster, url: str) -> None:
    """Check that Prometheus follows its watches."""
    cluster.patch("Deployment", "web", {"spec": {"replicas": 1}})
    cluster.wait_for(lambda: find_targets(url).get("pod") == ["web:80"], seconds=20)
