"""`envctl exec` and `doctor` with an EKS cluster of the sandbox: kubectl gets there without the aws command."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.kubernetes.rendering.tools import KUBECTL, find_tool
from tests.e2e.conftest import ACCOUNTS, REGION, Project, open_client, run_in_sandbox

pytestmark = [pytest.mark.sandbox]

PROJECT = f"""
[project]
name = "shop"

[pipeline]
order = ["dev"]

[store]
url = "s3://shop-store"
region = "{REGION}"

[environments.dev]
account_id = "{ACCOUNTS["dev"]}"
region = "{REGION}"
assume_role = "arn:aws:iam::{ACCOUNTS["dev"]}:role/envctl-deployer"

[stacks.web]
kind = "kubernetes"
path = "k/web"
cluster = "shop"
namespace = "default"
"""
WEB = "{apiVersion: v1, kind: ConfigMap, metadata: {name: web}}\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "home").mkdir()
    project = Project(folder / "project", folder / "home", {"ENVCTL_KUBECTL": find_tool(KUBECTL)})
    project.write("envctl.toml", PROJECT)
    project.write("k/web/web.yaml", WEB)
    with run_in_sandbox(project, unpacked_provider):
        project.run_checked("sandbox", "up")
        subnet = open_client(project, "dev", "ec2").describe_subnets()["Subnets"][0]["SubnetId"]
        open_client(project, "dev", "eks").create_cluster(
            name="shop",
            version="1.35",
            roleArn=f"arn:aws:iam::{ACCOUNTS['dev']}:role/eks",
            resourcesVpcConfig={"subnetIds": [subnet]},
        )
        yield project


def test_kubectl_reaches_the_cluster_as_the_role(shop: Project) -> None:
    words = ("--sandbox", "exec", "dev", "--no-outputs", "--", find_tool(KUBECTL))
    assert "default" in shop.run_checked(*words, "get", "namespaces", "-o", "name").out
    assert shop.run_checked(*words, "config", "current-context").out == "shop\n"
    who = json.loads(shop.run_checked(*words, "auth", "whoami", "-o", "json").out)["status"]["userInfo"]
    # The role made the cluster.
    assert (who["username"], "system:masters" in who["groups"]) == ("kubernetes-admin", True)
    (arn,) = who["extra"]["arn"]
    assert arn.startswith(f"arn:aws:sts::{ACCOUNTS['dev']}:assumed-role/envctl-deployer/envctl-")


def test_kubeconfig_has_no_secret(shop: Project) -> None:
    script = 'cat "$KUBECONFIG"; echo "$AWS_SECRET_ACCESS_KEY" "$AWS_SESSION_TOKEN"'
    out = shop.run_checked("--sandbox", "exec", "dev", "--no-outputs", "--", "sh", "-c", script).out
    text, _, secrets = out.rstrip("\n").rpartition("\n")
    assert json.loads(text)["current-context"] == "shop"
    assert all(each not in text for each in secrets.split())
    assert "k8s-aws-v1" not in text


def test_doctor_checks_the_cluster(shop: Project) -> None:
    sections = shop.run("--sandbox", "doctor", "--json").document["result"]["sections"]
    found = [(f["name"], f["verdict"], f["seen"]) for each in sections for f in each["findings"]]
    assert ("kubectl", "good") in {(name, verdict) for name, verdict, _ in found}
    assert ("cluster shop", "good", "version 1.35 with the rules of 1.36; you may apply in namespace default") in found
