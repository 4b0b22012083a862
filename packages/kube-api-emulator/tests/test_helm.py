"""The real helm installs charts into a cluster."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.cluster import LocalCluster

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "values.yaml": "color: green\n",
    "templates/page.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: page }\ndata: { color: {{ .Values.color }} }\n---\n"
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\n"
        "spec:\n  selector: { matchLabels: { app: web } }\n"
        "  template:\n    metadata: { labels: { app: web } }\n    spec: { containers: [{ name: web, image: nginx }] }\n"
    ),
}


@pytest.mark.slow
def test_helm_installs_upgrades_and_rolls_back(
    kubernetes_cluster: LocalCluster, tmp_path: Path, helm_path: Path
) -> None:
    for name, text in CHART.items():
        path = tmp_path / "chart" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    kubeconfig = kubernetes_cluster.write_kubeconfig(tmp_path / "kubeconfig")
    variables = {"KUBECONFIG": str(kubeconfig), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}

    def run(*arguments: str) -> str:
        command = [str(helm_path), *arguments]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def read_color() -> str:
        page = kubernetes_cluster.get("ConfigMap", "page")
        return str(page["data"]["color"]) if page else ""

    chart = str(tmp_path / "chart")
    run("install", "web", chart, "--wait", "--timeout=20s")
    run("upgrade", "web", chart, "--set=color=blue", "--wait", "--timeout=20s")
    assert read_color() == "blue"
    run("rollback", "web", "1", "--wait", "--timeout=20s")
    assert read_color() == "green"
    assert [each["revision"] for each in json.loads(run("history", "web", "--output=json"))] == [1, 2, 3]
    run("uninstall", "web", "--wait", "--timeout=20s")
    assert (read_color(), json.loads(run("list", "--output=json"))) == ("", [])
