"""The application of the template `eks` on its way from dev to prod, in three embedded clusters.

By day a module of `terraform_data` stands for the EKS cluster; by night `test_template_in_sandbox.py` has the real one.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from envctl.adapters.kubernetes.rendering.tools import KUBECTL, find_tool
from tests.e2e.conftest import Project
from tests.e2e.kubernetes.conftest import ENVIRONMENTS, Shop, say
from tests.kubernetes_cluster import KubernetesCluster

pytestmark = [pytest.mark.terraform, pytest.mark.own_clusters]
# Settings of the cluster and the network, which the stand-in has not.
WEB_SETTINGS = (
    "ingress_certificate_arn",
    "inbound_cidrs",
    "database_secret",
    "developers_may",
    "host",
    "image",
    "log_level",
    "replicas_max",
    "replicas_min",
    "vpc_cidr",
)
CLUSTER = """
variable "environment" {
  type = string
}

resource "terraform_data" "roles" {
  input = yamlencode([{
    rolearn  = "arn:aws:iam::111111111111:role/shop-${var.environment}-eks-node"
    username = "system:node:{{EC2PrivateDNSName}}"
    groups   = ["system:bootstrappers", "system:nodes"]
  }])
}

output "aws_auth_map_roles" {
  value = terraform_data.roles.output
}

output "service_account_role_arns" {
  value = { web = "arn:aws:iam::111111111111:role/shop-${var.environment}-eks-web" }
}
"""
# As EKS makes it with the first node group.
AWS_AUTH = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "aws-auth", "namespace": "kube-system"},
    "data": {"mapRoles": "- groups: [system:nodes]\n"},
}
KINDS = (
    *("ConfigMap", "Service", "ServiceAccount", "Deployment.apps", "HorizontalPodAutoscaler", "PodDisruptionBudget"),
    *("NetworkPolicy", "Ingress", "Role", "RoleBinding", "ExternalSecret", "SecretStore"),
)


@dataclass(frozen=True)
class Template(Shop):
    """The new project."""

    def set_value(self, environment: str, key: str, value: str) -> None:
        path = f"environments/{environment}/terraform.tfvars"
        text = (self.root / path).read_text()
        self.write(path, re.sub(rf"(?m)^({key}\s*)=.*$", rf"\1= {value}", text))

    def deploy_everywhere(self) -> None:
        self.run_checked("apply", "dev", "--yes")
        self.run_checked("promote", "dev", "staging", "--yes")
        self.approve_everywhere("--unseen", "web,access")
        # EKS has made aws-auth, and the cluster is not new: its change is approved after it was seen.
        refused = self.run("promote", "staging", "prod", "--yes", "--json")
        assert (refused.code, refused.codes) == (4, ["G302"])
        self.approve_everywhere()
        self.run_checked("promote", "staging", "prod", "--yes")

    def approve_everywhere(self, *more: str) -> None:
        """Three people have read one plan."""
        plan = self.run_checked("why", "prod", "--plan", "--json").document["result"]["plan"]
        for gate in ("peer", "business", "quality"):
            words = ("approve", "prod", "--gate", gate, "--plan", plan, *more, "--yes")
            self.run_checked(*words, GIT_AUTHOR_EMAIL=f"{gate}@example.com")


@pytest.fixture
def template(tmp_path: Path, home: Path, clusters: dict[str, KubernetesCluster]) -> Template:
    Project(tmp_path, home).run_checked("init", "shop", "--template", "eks")
    extra = {"KUBECONFIG": str(tmp_path / "kubeconfig"), "ENVCTL_KUBECTL": find_tool(KUBECTL)}
    project = Template(tmp_path / "shop", home, extra, clusters)
    _replace_aws(project)
    for cluster in clusters.values():
        # The project brings its own.
        cluster.delete("Namespace", "shop")
        cluster.wait_for(lambda cluster=cluster: cluster.get("Namespace", "shop") is None)  # type: ignore[misc]
        path = "/api/v1/namespaces/kube-system/configmaps"
        cluster.request("POST", path, AWS_AUTH, fieldManager="vpcLambda")
    return project


def _replace_aws(project: Template) -> None:
    text = (project.root / "envctl.toml").read_text()
    text = text.replace('cluster = "cluster.cluster_name"', 'kubeconfig_context = "{environment}"')
    text = re.sub(r'\[stacks\.network\]\nmodule = "modules/vpc"\n', "", text)
    text = re.sub(r'(?m)^(inputs = \{ vpc_id.*|account_id.*|region = .*|assume_role.*|kind = "oci".*)$', "", text)
    text = text.replace('kind = "oci"', 'kind = "string"')
    text = text.replace('backend = "s3"\nbucket = "shop-tfstate-{account_id}"', 'backend = "local"')
    settings = re.search(r"may_differ = \[.*?\]", text, re.DOTALL)
    assert settings
    kept = ", ".join(f'"{name}"' for name in WEB_SETTINGS)
    project.write("envctl.toml", text.replace(settings[0], f"may_differ = [{kept}]"))
    project.write("modules/eks/main.tf", CLUSTER)
    for file in (project.root / "modules" / "eks").glob("*.tf"):
        if file.name != "main.tf":
            file.unlink()
    for file in (project.root / "environments").rglob("*.tfvars"):
        lines = [line for line in file.read_text().splitlines() if line.split(" ")[0] in WEB_SETTINGS]
        file.write_text("\n".join(lines) + '\nregion = "ap-northeast-1"\n')


def test_application_goes_from_dev_to_prod(template: Template) -> None:
    template.deploy_everywhere()
    clusters = template.clusters
    images = {template.find_image(each) for each in ENVIRONMENTS}
    assert len(images) == 1
    assert "@sha256:" in images.pop()
    sizes = {each: clusters[each].get("HorizontalPodAutoscaler", "web") for each in ENVIRONMENTS}
    assert [(size["spec"]["minReplicas"], size["spec"]["maxReplicas"]) for size in sizes.values() if size] == [
        (1, 2),
        (2, 4),
        (3, 12),
    ]
    for each in ENVIRONMENTS:
        assert {kind for kind in KINDS if not clusters[each].list(kind)} == set()
        auth = clusters[each].get("ConfigMap", "aws-auth", "kube-system")
        assert auth is not None
        assert f"shop-{each}-eks-node" in yaml.safe_load(auth["data"]["mapRoles"])[0]["rolearn"]
        secret = clusters[each].get("ExternalSecret", "web-database")
        assert secret is not None
        assert secret["spec"]["data"][0]["remoteRef"]["key"] == f"shop/{each}/database"
    bound = {each: clusters[each].get("RoleBinding", "developers") for each in ENVIRONMENTS}
    assert [found["roleRef"]["name"] for found in bound.values() if found] == ["write", "read", "read"]
    assert template.run("drift").code == 0
    assert "no changes" in template.run_checked("plan", "dev").out


@pytest.mark.night
def test_changed_setting_starts_new_pods(template: Template) -> None:
    template.run_checked("apply", "dev", "--yes")
    before = template.clusters["dev"].get("Deployment.apps", "web")
    template.set_value("dev", "log_level", '"warn"')
    assert "config/log-level" in say(template.run_checked("plan", "dev"))
    template.run_checked("apply", "dev", "--yes")
    after = template.clusters["dev"].get("Deployment.apps", "web")
    assert before is not None
    assert after is not None
    assert after["metadata"]["generation"] > before["metadata"]["generation"]
    page = template.clusters["dev"].get("ConfigMap", "web")
    assert page is not None
    assert page["data"]["LOG_LEVEL"] == "warn"


@pytest.mark.night
def test_destroyed_environment_keeps_its_nodes(template: Template) -> None:
    template.run_checked("apply", "dev", "--yes")
    template.run_checked("destroy", "dev", "--yes")
    cluster = template.clusters["dev"]
    assert cluster.get("Namespace", "shop") is None
    assert cluster.get("ConfigMap", "aws-auth", "kube-system") is not None
