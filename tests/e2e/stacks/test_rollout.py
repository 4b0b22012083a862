"""The requests of a real service behind a real load balancer go over in steps, and come back: after an alarm, and after
`kill -9` with `envctl recover`. The weights of the listener are read back behind everybody's back.

It takes more than a minute of processor: `test_rollout_stopped.py` shows by day what needs no load balancer.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ACCOUNTS, REGION, REPOSITORY, Project, open_client, run_in_sandbox, wait_until
from tests.e2e.project_text import render_project

pytestmark = [pytest.mark.night, pytest.mark.terraform, pytest.mark.slow]

OLD, NEW = (f"{ACCOUNTS['dev']}.dkr.ecr.{REGION}.amazonaws.com/shop/web@sha256:{digit * 64}" for digit in "ab")
ALARM = "shop-dev-5xx"
TOML = render_project(
    "shop",
    {"edge": "", "service": 'module = "modules/ecs_service"'},
    ["dev"],
    on_aws=True,
    more="""
[stacks.service.inputs]
vpc_id = "edge.vpc_id"
subnet_ids = "edge.subnet_ids"
listener_arn = "edge.listener_arn"
alb_security_group_id = "edge.security_group_id"

[stacks.service.rollout]
steps = [10, 100]
wait = "%s"
abort_on = ["alarm:shop-{environment}-5xx", "check:runs"]

[checks.runs]
kind = "output"
output = "service.color"
matches = "blue|green"

[artifacts]
app_image = { variable = "image", kind = "string" }
""",
)
EDGE = """
variable "project" { type = string }
variable "environment" { type = string }

resource "aws_vpc" "this" {
  cidr_block = "10.10.0.0/16"
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "this" {
  count = 2

  vpc_id            = aws_vpc.this.id
  cidr_block        = "10.10.${count.index}.0/24"
  availability_zone = ["ap-northeast-1a", "ap-northeast-1c"][count.index]
}

module "alb" {
  source = "../alb"

  project             = var.project
  environment         = var.environment
  vpc_id              = aws_vpc.this.id
  subnet_ids          = aws_subnet.this[*].id
  http_only           = true
  deletion_protection = false
}

output "vpc_id" { value = aws_vpc.this.id }
output "subnet_ids" { value = aws_subnet.this[*].id }
output "listener_arn" { value = module.alb.listener_arn }
output "security_group_id" { value = module.alb.security_group_id }
"""


class Shop(Project):
    def takes(self, image: str, wait: str, settings: str = "") -> None:
        self.write("envctl.toml", TOML % wait)
        self.write("environments/dev/terraform.tfvars", f'image = "{image}"\n{settings}')

    @cached_property
    def _clients(self) -> dict[str, Any]:
        return {}

    def client(self, service: str) -> Any:
        return self._clients.get(service) or self._clients.setdefault(service, open_client(self, "dev", service))

    def shares(self) -> None:
        """Waits until the first share has gone over, and that is recorded."""
        wait_until(lambda: self.weights() == SHARED, 90, every=0.5)
        wait_until(lambda: self.events()[0] == "traffic shifted", 90, every=1)

    def weights(self) -> dict[str, int]:
        """What the load balancer does with the requests, by colour."""
        elb = self.client("elbv2")
        groups = elb.describe_target_groups()["TargetGroups"]
        colors = {each["TargetGroupArn"]: each["TargetGroupName"].partition("-")[0] for each in groups}
        (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
        (listener,) = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        rules = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        (rule,) = [each for each in rules if each["Priority"] == "100"]
        shared = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
        return {colors[each["TargetGroupArn"]]: each["Weight"] for each in shared}

    def services(self) -> set[str]:
        """The colours that run."""
        ecs = self.client("ecs")
        (cluster,) = ecs.list_clusters()["clusterArns"]
        arns = ecs.list_services(cluster=cluster)["serviceArns"]
        found = ecs.describe_services(cluster=cluster, services=arns)["services"] if arns else []
        return {each["serviceName"].split("-")[1] for each in found if each["status"] == "ACTIVE"}

    def rings(self, state: str) -> None:
        self.client("cloudwatch").set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="for the test")

    def events(self) -> list[str]:
        """The kinds of the ledger's entries, newest first."""
        told = self.run_checked("--sandbox", "--json", "history", "dev").document["result"]["entries"]
        return [entry["event"]["kind"] for entry in told]


@pytest.fixture
def service(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Shop]:
    """It runs the old image, in blue, and there is an alarm that says OK."""
    project = Shop(tmp_path / "shop", home)
    for module in ("alb", "ecs_service"):
        shutil.copytree(REPOSITORY / "modules" / module, project.root / "modules" / module)
    project.write("modules/edge/main.tf", EDGE)
    project.takes(OLD, "2s")
    with run_in_sandbox(project, unpacked_provider):
        project.run_checked("--sandbox", "apply", "dev", "--yes", timeout=300)
        project.client("cloudwatch").put_metric_alarm(
            AlarmName=ALARM,
            MetricName="HTTPCode_Target_5XX_Count",
            Namespace="AWS/ApplicationELB",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=10,
            ComparisonOperator="GreaterThanThreshold",
        )
        project.rings("OK")
        yield project


BLUE, SHARED, GREEN = {"blue": 100, "green": 0}, {"blue": 90, "green": 10}, {"blue": 0, "green": 100}


def ring_while_watched(shop: Shop) -> None:
    """An alarm rings while the first share is watched."""
    shop.takes(NEW, "10m")
    watched = shop.start("--sandbox", "--json", "apply", "dev", "--yes")
    shop.shares()
    assert shop.services() == {"blue", "green"}
    (here,) = shop.run_checked("--sandbox", "--json", "status", "dev").document["result"]["environments"]
    (traffic,) = here["present"]["traffic"].values()
    assert (traffic["shift"]["percent"], traffic["shift"]["step"]["number"]) == (10, 1)
    shop.rings("ALARM")
    out, err = watched.communicate(timeout=90)
    assert watched.returncode == 1, err
    assert "alarm shop-dev-5xx is in ALARM state (for the test); all requests go to blue again" in out
    assert (shop.weights(), shop.services()) == (BLUE, {"blue"})
    assert shop.events()[:3] == ["deployment failed", "verification failed", "traffic shifted"]


def kill_while_watched(shop: Shop) -> None:
    shop.takes(NEW, "10m")
    killed = shop.start("--sandbox", "apply", "dev", "--yes")
    shop.shares()
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=30)
    assert shop.weights() == SHARED
    told = shop.run_checked("--sandbox", "--json", "recover", "dev", "--yes").document["result"]
    assert told["back"] == [{"stack": "service", "color": "blue"}]
    assert (shop.weights(), shop.services()) == (BLUE, {"blue"})


def test_alarm_or_kill_restores_traffic(service: Shop) -> None:
    ring_while_watched(service)
    service.rings("OK")
    kill_while_watched(service)
    # With a setting that both colours have: the old one gets it too before it goes.
    service.takes(NEW, "2s", "task_memory = 1024\n")
    done = service.run_checked("--sandbox", "--json", "apply", "dev", "--yes").document["result"]
    assert [share["percent"] for share in done["rollouts"][0]["shares"]] == [10, 100]
    assert (service.weights(), service.services()) == (GREEN, {"green"})
    assert service.run("--sandbox", "plan", "dev", "--detailed-exitcode").code == 0
    assert service.run("--sandbox", "drift", "dev").code == 0

    # On a bad day all go back at once, whatever rings.
    service.rings("ALARM")
    back = service.run_checked("--sandbox", "--json", "rollback", "dev", "--yes").document["result"]
    assert [share["percent"] for share in back["rollouts"][0]["shares"]] == [100]
    assert (service.weights(), service.services()) == (BLUE, {"blue"})
