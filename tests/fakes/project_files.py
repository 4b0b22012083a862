"""The project of the tests: two stacks in three environments."""

from pathlib import Path

PROJECT = b"""
[project]
name = "shop"

[pipeline]
order = ["dev", "staging", "prod"]

[environments.dev]
[environments.staging]
[environments.staging.gates]
approvals = {}
[environments.prod]

[environments.prod.gates]
approvals = { peer = 1, business = 2 }

[stacks.network]
module = "modules/network"

[stacks.web]
module = "modules/web"
inputs = { subnet = "network.subnet" }

[artifacts]
app = { variable = "image", kind = "oci" }
"""


NETWORK = b"""
variable "cidr" { type = string }
variable "environment" { type = string }
output "subnet" { value = var.cidr }
"""


WEB = b"""
variable "subnet" { type = string }
variable "size" { type = number }
variable "image" { type = string }
"""


IMAGE = "registry.example.com/shop@sha256:" + "a" * 64


def project_files() -> dict[str, bytes]:
    return {
        "envctl.toml": PROJECT,
        "modules/network/main.tf": NETWORK,
        "modules/web/main.tf": WEB,
        "environments/common.tfvars": b"size = 1\n",
        "environments/dev/terraform.tfvars": f'cidr = "10.10.0.0/16"\nimage = "{IMAGE}"\n'.encode(),
        "environments/staging/terraform.tfvars": b'cidr = "10.20.0.0/16"\n',
        "environments/prod/terraform.tfvars": b'cidr = "10.30.0.0/16"\nsize = 3\n',
    }


def write_project(root: Path) -> None:
    for name, data in project_files().items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
