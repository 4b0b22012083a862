"""The whole platform, as this repository has it: all stacks in all environments, one after the other, in one sandbox.

It takes a quarter of an hour, in which it mostly waits: `make nightly` has it, and `make test` does not.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.toml import load_project
from tests.e2e.conftest import ACCOUNTS, REGION, REPOSITORY, Project, open_client

pytestmark = [pytest.mark.night, pytest.mark.terraform, pytest.mark.slow]

HOUR = 3600.0
FOUNDATION = ("management", "tools-account", "dev-account", "staging-account", "prod-account")
GATES = ("peer", "business", "quality")
STACKS = tuple(load_project((REPOSITORY / "envctl.toml").read_bytes()).stacks)
RECOVERY = "ap-northeast-3"


# Where nothing is there yet, what reads another stack can't be planned.
WAITING = ("data", "edge", "service", "web", "observability", "cost", "recovery", "data_replica")
UNSEEN = ("--unseen", ",".join(WAITING))


class Platform(Project):
    def deploy(self, *words: str) -> str:
        """The name of the release that was deployed."""
        done = self.run_checked("--sandbox", "--json", *words, "--yes", timeout=HOUR)
        return str(done.document["result"]["release"])

    def through_all(self) -> list[str]:
        """What the working tree is, by way of dev and staging, to prod: the release in each."""
        releases = [self.deploy("apply", "dev"), self.deploy("promote", "dev", "staging")]
        for gate in GATES:
            words = ("approve", "prod", "--gate", gate, *UNSEEN, "--yes")
            self.run_checked("--sandbox", *words, timeout=HOUR, GIT_AUTHOR_EMAIL=f"{gate}@x.jp")
        return [*releases, self.deploy("promote", "staging", "prod")]

    def outputs(self, environment: str) -> dict[str, dict[str, Any]]:
        told = self.run_checked("--sandbox", "--json", "output", environment, timeout=HOUR).document["result"]["stacks"]
        return {stack["stack"]: stack["outputs"] for stack in told}

    def addresses(self, environment: str) -> dict[str, list[str]]:
        """Every resource in the states of an environment."""
        s3 = open_client(self, environment, "s3")
        bucket = f"shop-tfstate-{ACCOUNTS[environment]}"
        found = {}
        for stack in STACKS:
            state = json.loads(s3.get_object(Bucket=bucket, Key=f"{environment}/{stack}.tfstate")["Body"].read())
            found[stack] = sorted(
                f"{each.get('module', '')} {each['type']}.{each['name']} {one.get('index_key', '')}"
                for each in state["resources"]
                if each["mode"] == "managed"
                for one in each["instances"]
            )
        return found


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[Platform]:
    root = tmp_path_factory.mktemp("platform")
    project = Platform(root / "shop", root)
    shutil.copytree(REPOSITORY / "modules", project.root / "modules", ignore=shutil.ignore_patterns(".terraform*"))
    shutil.copytree(REPOSITORY / "environments", project.root / "environments")
    shutil.copy(REPOSITORY / "envctl.toml", project.root / "envctl.toml")
    (project.root / ".envctl" / "sandbox").mkdir(parents=True)
    (project.root / ".envctl" / "sandbox" / "mirror").symlink_to(unpacked_provider)
    yield project
    project.run("sandbox", "down")


def test_1_the_foundation_stands_before_the_pipeline(platform: Platform) -> None:
    for environment in FOUNDATION:
        platform.deploy("apply", environment)
    for environment in ACCOUNTS:
        roles = {role["RoleName"] for role in open_client(platform, environment, "iam").list_roles()["Roles"]}
        assert {"envctl-deployer", "envctl-look"} <= roles
        urls = [
            each["repositoryUri"]
            for each in open_client(platform, environment, "ecr").describe_repositories()["repositories"]
        ]
        assert urls == [f"{ACCOUNTS[environment]}.dkr.ecr.{REGION}.amazonaws.com/shop/web"]


def test_2_release_reaches_all_environments(platform: Platform) -> None:
    assert len(set(platform.through_all())) == 1


def test_3_second_plan_is_empty_without_drift(platform: Platform) -> None:
    for environment in ACCOUNTS:
        assert platform.run("--sandbox", "plan", environment, "--detailed-exitcode", timeout=HOUR).code == 0
    drift = platform.run_checked("--sandbox", "--json", "drift", timeout=HOUR).document["result"]["environments"]
    assert {each["environment"]: each["condition"] for each in drift} == dict.fromkeys(
        (*ACCOUNTS, *FOUNDATION), "clean"
    )


@pytest.mark.parametrize("environment", ACCOUNTS)
def test_4_each_account_has_the_promised_resources(platform: Platform, environment: str) -> None:
    ec2, rds, ecs = (open_client(platform, environment, service) for service in ("ec2", "rds", "ecs"))
    strict = environment != "dev"

    (vpc,) = [each for each in ec2.describe_vpcs()["Vpcs"] if not each["IsDefault"]]
    mine = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    (log,) = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc["VpcId"]]}])["FlowLogs"]
    assert (log["TrafficType"], log["FlowLogStatus"]) == ("ALL", "ACTIVE")
    zones = {subnet["AvailabilityZone"] for subnet in ec2.describe_subnets(Filters=mine)["Subnets"]}
    gateways = ec2.describe_nat_gateways(Filter=[*mine, {"Name": "state", "Values": ["available"]}])["NatGateways"]
    assert (len(zones), len(gateways)) == (3, 3 if strict else 1)
    (default,) = ec2.describe_security_groups(Filters=[*mine, {"Name": "group-name", "Values": ["default"]}])[
        "SecurityGroups"
    ]
    assert default["IpPermissions"] == default["IpPermissionsEgress"] == []

    (database,) = rds.describe_db_instances()["DBInstances"]
    assert not database["PubliclyAccessible"]
    assert database["StorageEncrypted"]
    assert (database["MultiAZ"], database["DeletionProtection"]) == (strict, strict)

    (cluster,) = ecs.list_clusters()["clusterArns"]
    (service,) = ecs.list_services(cluster=cluster)["serviceArns"]
    (found,) = ecs.describe_services(cluster=cluster, services=[service])["services"]
    task = ecs.describe_task_definition(taskDefinition=found["taskDefinition"])["taskDefinition"]
    (container,) = [each for each in task["containerDefinitions"] if each["essential"]]
    assert re.fullmatch(rf"{ACCOUNTS[environment]}\.dkr\.ecr\..+/shop/web@sha256:[0-9a-f]{{64}}", container["image"])
    assert container["readonlyRootFilesystem"]
    assert task["taskRoleArn"] != task["executionRoleArn"]
    spot = {each["capacityProvider"]: each["weight"] for each in found["capacityProviderStrategy"]}
    assert ("FARGATE_SPOT" in spot) == (environment != "prod")


def test_5_image_has_the_same_digest_everywhere(platform: Platform) -> None:
    digests = {platform.outputs(environment)["service"]["image"].partition("@")[2] for environment in ACCOUNTS}
    assert len(digests) == 1


def test_6_only_prod_has_replica_and_locked_vault(platform: Platform) -> None:
    for environment in ACCOUNTS:
        outputs = platform.outputs(environment)
        assert outputs["recovery_vault"]["vault_arn"].split(":")[3] == RECOVERY
        assert bool(outputs["data_replica"].get("arn")) == (environment == "prod")
    assert platform.outputs("prod")["data_replica"]["arn"].split(":")[3] == RECOVERY


def test_7_no_workload_role_has_wildcard_actions(platform: Platform) -> None:
    iam = open_client(platform, "prod", "iam")
    for role in (each["RoleName"] for each in iam.list_roles()["Roles"] if each["RoleName"].startswith("shop-prod")):
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for statement in document["Statement"]:
                actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
                assert not [action for action in actions if action.endswith("*")], (role, name)


def test_8_new_image_reaches_all_environments(platform: Platform) -> None:
    settings = platform.root / "environments" / "dev" / "terraform.tfvars"
    before = {environment: platform.outputs(environment)["service"]["image"] for environment in ACCOUNTS}
    settings.write_text(re.sub(r"@sha256:[0-9a-f]{64}", f"@sha256:{'b' * 64}", settings.read_text()))
    assert len(set(platform.through_all())) == 1
    after = {environment: platform.outputs(environment)["service"]["image"] for environment in ACCOUNTS}
    assert all(image.endswith(f"@sha256:{'b' * 64}") for image in after.values())
    assert not set(before.values()) & set(after.values())


def test_9_module_change_reaches_all_environments(platform: Platform) -> None:
    file = platform.root / "modules" / "monitoring" / "main.tf"
    file.write_text(file.read_text() + '\noutput "looked_at" {\n  description = "Told."\n  value       = true\n}\n')
    assert len(set(platform.through_all())) == 1
    assert all(platform.outputs(environment)["observability"]["looked_at"] for environment in ACCOUNTS)


def test_10_dev_is_destroyed_and_recreated_from_release(platform: Platform) -> None:
    there = platform.addresses("dev")
    release = platform.deploy("apply", "dev")
    platform.run_checked("--sandbox", "destroy", "dev", "--yes", timeout=HOUR)
    assert open_client(platform, "dev", "rds").describe_db_instances()["DBInstances"] == []
    assert open_client(platform, "dev", "elbv2").describe_load_balancers()["LoadBalancers"] == []
    assert platform.deploy("apply", "dev") == release
    assert platform.addresses("dev") == there
    assert platform.run("--sandbox", "plan", "dev", "--detailed-exitcode", timeout=HOUR).code == 0
