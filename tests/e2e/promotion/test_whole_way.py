"""From the working tree to dev, staging and prod, on real Terraform, the real AWS provider and an embedded AWS.

What counts is what lies in each account afterwards, asked with boto3 through the sandbox's proxy.
"""

import base64
import json
import os
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.by_day import keep_by_day
from tests.e2e.conftest import ACCOUNTS, Project, open_client

pytestmark = pytest.mark.terraform

RANGES = {"dev": "10.10.0.0/16", "staging": "10.20.0.0/16", "prod": "10.30.0.0/16"}


def networks(shop: Project, environment: str) -> list[dict[str, Any]]:
    found = open_client(shop, environment, "ec2").describe_vpcs()["Vpcs"]
    return [vpc for vpc in found if not vpc.get("IsDefault")]


def user_data(shop: Project, environment: str) -> str:
    ec2 = open_client(shop, environment, "ec2")
    templates = ec2.describe_launch_templates()["LaunchTemplates"]
    assert len(templates) == 1
    versions = ec2.describe_launch_template_versions(
        LaunchTemplateId=templates[0]["LaunchTemplateId"], Versions=["$Latest"]
    )["LaunchTemplateVersions"]
    return base64.b64decode(versions[0]["LaunchTemplateData"]["UserData"]).decode()


def approve_everything(shop: Project) -> None:
    """One plan, which each of three people has read."""
    plan = shop.run_checked("--sandbox", "why", "prod", "--plan", "--json").document["result"]["plan"]
    for gate in ("peer", "business", "quality"):
        words = ("approve", "prod", "--gate", gate, "--plan", plan, "--unseen", "web", "--yes")
        shop.run_checked("--sandbox", *words, GIT_AUTHOR_EMAIL=f"{gate}@example.com")


def use_one_zone(shop: Project) -> None:
    """A third of the subnets, no NAT and no flow logs: the provider waits for each of them."""
    common = shop.root / "environments" / "common.tfvars"
    text = re.sub(r"(?m)^az_count .*$", "az_count = 1", common.read_text())
    common.write_text(re.sub(r"(?m)^flow_logs .*$", "flow_logs = false", text))
    for environment in ACCOUNTS:
        file = shop.root / "environments" / environment / "terraform.tfvars"
        file.write_text(re.sub(r"(?m)^nat .*$", 'nat = "none"', file.read_text()))


SIZES = {"in one zone": use_one_zone, "as the template has it": lambda _: None}


@pytest.mark.parametrize("resize", keep_by_day(SIZES, "in one zone"))
def test_verified_dev_release_reaches_prod_unchanged(shop: Project, resize: Callable[[Project], None]) -> None:
    resize(shop)
    before = shop.read_files()

    shop.run_checked("--sandbox", "apply", "dev", "--yes")
    assert [vpc["CidrBlock"] for vpc in networks(shop, "dev")] == [RANGES["dev"]]
    assert networks(shop, "staging") == networks(shop, "prod") == []

    jumped = shop.run("--sandbox", "promote", "dev", "prod", "--yes", "--json")
    assert jumped.code == 3
    assert "G101" in jumped.codes
    assert networks(shop, "prod") == []

    # The working tree moves on: neither the code nor the image may follow dev's release to staging.
    module = shop.root / "modules" / "vpc" / "main.tf"
    module.write_text(module.read_text() + '\nresource "aws_vpc" "later" {\n  cidr_block = "10.99.0.0/16"\n}\n')
    settings = shop.root / "environments" / "dev" / "terraform.tfvars"
    settings.write_text(re.sub(r"@sha256:[0-9a-f]+", "@sha256:" + "f" * 64, settings.read_text()))

    shop.run_checked("--sandbox", "promote", "dev", "staging", "--yes")
    assert [vpc["CidrBlock"] for vpc in networks(shop, "staging")] == [RANGES["staging"]]

    refused = shop.run("--sandbox", "promote", "staging", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (4, ["G106"])
    approve_everything(shop)
    shop.run_checked("--sandbox", "promote", "staging", "prod", "--yes")

    for environment, account in ACCOUNTS.items():
        found = networks(shop, environment)
        assert [vpc["CidrBlock"] for vpc in found] == [RANGES[environment]]
        tags = {tag["Key"]: tag["Value"] for tag in found[0]["Tags"]}
        assert (tags["environment"], tags["project"], tags["stack"]) == (environment, "shop", "network")
        groups = open_client(shop, environment, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        assert len(groups) == 1
        assert len(groups[0]["Instances"]) == groups[0]["DesiredCapacity"]
        buckets = [bucket["Name"] for bucket in open_client(shop, environment, "s3").list_buckets()["Buckets"]]
        assert buckets == [f"shop-tfstate-{account}"]
    images = {environment: image_of(user_data(shop, environment)) for environment in ACCOUNTS}
    assert len(set(images.values())) == 1

    assert not any("f" * 64 in image for image in images.values())
    module.write_bytes(before["modules/vpc/main.tf"])
    settings.write_bytes(before["environments/dev/terraform.tfvars"])
    # The credentials of a user lead nowhere in the sandbox: they are in the environment of no child.
    own: dict[str, Any] = {
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_PROFILE": "real",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    clean = shop.run("--sandbox", "plan", "prod", "--detailed-exitcode", **own)
    assert clean.code == 0, clean.out

    releases = {there["present"]["current"]["release"] for there in status(shop)}
    assert len(releases) == 1
    assert shop.run_checked("--sandbox", "ledger", "verify").code == 0
    check_rendered_bytes(shop)
    assert shop.read_files() == before, "something was written outside of .envctl"
    assert [*shop.home.rglob("*")][:2] == [shop.home / ".cache", shop.home / ".cache" / "envctl"]
    assert [*shop.home.iterdir()] == [shop.home / ".cache"], "something was written to the home folder"


def image_of(script: str) -> str:
    return next(word.strip("\"'") for word in script.split() if "@sha256:" in word)


def status(shop: Project) -> list[dict[str, Any]]:
    return list(shop.run_checked("--sandbox", "status", "--json").document["result"]["environments"])


def check_rendered_bytes(shop: Project) -> None:
    """The sandbox renders what AWS gets. Here, as its sandbox runs already."""
    real = shop.run_checked("render", "prod", "--json").document["result"]
    assert shop.run_checked("--sandbox", "render", "prod", "--json").document["result"] == real


@pytest.mark.night
def test_dead_sandbox_is_noticed_and_restarted_empty(small: Project) -> None:
    (small.root / ".envctl" / "sandbox" / "mirror").mkdir(parents=True)
    try:
        small.run_checked("--sandbox", "plan", "dev")
        pid = json.loads((small.root / ".envctl" / "sandbox" / "state.json").read_text())["pid"]
        os.kill(pid, 9)
        assert small.run_checked("sandbox", "status", "--json").document["result"]["state"] == "died"
        again = small.run_checked("--sandbox", "plan", "dev")
    finally:
        small.run("sandbox", "down")
    assert "the earlier sandbox has stopped" in again.err
    assert "starting the sandbox" in again.err
