"""Module ecs_service."""

import json
from collections.abc import Mapping
from typing import Any

from tests.modules.applying import Account, Case, Found

_OLD = "4f8b3a0e6d5c1b7f92e84d3ca6517b0e9f2d8c6a41b35e7f0d9c8b2a6e1f4d73"
_NEW = "9c2e7b51d04a8f63b7e195d2c08a46f31e7d9b5a20c84f6e3b1d7a9058c2e4f6"
_REPOSITORY = "100000000007.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web"
OLD, NEW = (f"{_REPOSITORY}@sha256:{digest}" for digest in (_OLD, _NEW))

_AROUND = """
resource "aws_vpc" "this" {
  cidr_block = "10.10.0.0/16"
}

resource "aws_subnet" "this" {
  count = 2

  vpc_id            = aws_vpc.this.id
  cidr_block        = "10.10.${count.index}.0/24"
  availability_zone = ["ap-northeast-1a", "ap-northeast-1c"][count.index]
}

resource "aws_security_group" "alb" {
  name   = "alb"
  vpc_id = aws_vpc.this.id
}

resource "aws_security_group" "database" {
  name   = "database-client"
  vpc_id = aws_vpc.this.id
}

resource "aws_lb" "this" {
  name            = "shop-dev"
  subnets         = aws_subnet.this[*].id
  security_groups = [aws_security_group.alb.id]
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

resource "aws_secretsmanager_secret" "this" {
  for_each = toset(["shop/payment", "shop/database", "shop/other"])

  name                    = each.key
  recovery_window_in_days = 0
}

module "worker" {
  source = "./modules/ecs_service"

  project     = "shop"
  environment = "dev"
  name        = "worker"
  worker      = true
  vpc_id      = aws_vpc.this.id
  subnet_ids  = aws_subnet.this[*].id
  image       = "quay.io/prometheus/busybox@sha256:4f8b3a0e6d5c1b7f92e84d3ca6517b0e9f2d8c6a41b35e7f0d9c8b2a6e1f4d73"
}

module "web" {
  source = "./modules/ecs_service"

  project                    = "shop"
  environment                = "dev"
  name                       = "web"
  vpc_id                     = aws_vpc.this.id
  subnet_ids                 = aws_subnet.this[*].id
  listener_arn               = aws_lb_listener.this.arn
  alb_security_group_id      = aws_security_group.alb.id
  alb_arn_suffix             = aws_lb.this.arn_suffix
  target_requests_per_minute = 600
  health_check_path          = "/healthz"
  health_check_command       = ["CMD", "/app/health"]
  app_environment            = { LOG_LEVEL = "debug" }
  service_secrets            = { PAYMENT_KEY = %s }
  database_secret_arn        = aws_secretsmanager_secret.this["shop/database"].arn
  database_security_group_id = aws_security_group.database.id
  task_min                   = 2
  task_max                   = 6
  %s
}

output "web" {
  value = module.web
}

output "worker" {
  value = module.worker
}

output "alb_security_group_id" {
  value = aws_security_group.alb.id
}

output "database_security_group_id" {
  value = aws_security_group.database.id
}

output "subnet_ids" {
  value = aws_subnet.this[*].id
}

output "secret_arns" {
  value = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}
"""

_SLEEP = """
  sleep = {
    down = "0 11 ? * MON-FRI *"
    up   = "0 23 ? * SUN-THU *"
  }
"""


def _root(image: str, *more: str, secret: str = '"shop/payment"') -> str:
    return _AROUND % (secret, "\n  ".join((f'image = "{image}"', *more)))


# A secret that is made along with the service has no name to look up yet; the later steps know it by its name.
AT_REST = _root(OLD, secret='aws_secretsmanager_secret.this["shop/payment"].arn')
SHARED = _root(NEW, 'color = "green"', "traffic_percent = 10", f'stable_image = "{OLD}"', "fargate_spot_weight = 3")
ARM64 = _root(NEW, 'color = "green"', 'architecture = "arm64"')
ARM64_LATER = _root(OLD, 'color = "green"', 'architecture = "arm64"')
MOVED = _root(NEW, 'color = "green"', "fargate_spot_weight = 3", _SLEEP)


def look_at_rest(account: Account, found: Found) -> None:
    web = found["web"]
    _look_at_cluster(account, web["cluster_arn"])
    (service,) = _services(account, web)
    assert service["serviceName"] == web["service_name"] == web["service_names"]["blue"]
    _look_at_service(account, found, service, OLD)
    assert _capacity(service) == {"FARGATE": (1, 0)}
    assert _weights(account, found) == {"blue": 100, "green": 0}
    _look_at_target_groups(account, found)
    _look_at_security_group(account, found)
    _look_at_roles(account, found)
    _look_at_scaling(account, found, {"min": 2, "max": 6})
    _look_at_worker(account, found["worker"])


def look_at_shared(account: Account, found: Found) -> None:
    blue, green = _services(account, found["web"])
    _look_at_service(account, found, blue, OLD)
    _look_at_service(account, found, green, NEW)
    assert _capacity(green) == _capacity(blue) == {"FARGATE": (1, 0), "FARGATE_SPOT": (3, 0)}
    assert _weights(account, found) == {"blue": 90, "green": 10}
    assert found["web"]["service_name"] == green["serviceName"]


def look_at_moved(account: Account, found: Found) -> None:
    (green,) = _services(account, found["web"])
    _look_at_service(account, found, green, NEW)
    assert _weights(account, found) == {"blue": 0, "green": 100}
    scaling = account.client("application-autoscaling")
    actions = scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
    assert {(a["Schedule"], *a["ScalableTargetAction"].values()) for a in actions} == {
        ("cron(0 11 ? * MON-FRI *)", 0, 0),
        ("cron(0 23 ? * SUN-THU *)", 2, 6),
    }
    # As AWS does at night, just before the next plan and apply: they leave it asleep.
    target = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    where = actions[0]["ResourceId"]
    scaling.register_scalable_target(**target, ResourceId=where, MinCapacity=0, MaxCapacity=0)
    account.client("ecs").update_service(
        cluster=found["web"]["cluster_arn"], service=green["serviceName"], desiredCount=0
    )


def look_at_sleeping(account: Account, found: Found) -> None:
    (green,) = _services(account, found["web"])
    assert green["desiredCount"] == green["runningCount"] == 0
    _look_at_scaling(account, found, {"min": 0, "max": 0})


def look_at_awake(account: Account, found: Found) -> None:
    """Without sleep, nothing wakes the service any more: the bounds are those of the settings again."""
    _look_at_scaling(account, found, {"min": 2, "max": 6})
    scaling = account.client("application-autoscaling")
    assert scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"] == []


def look_at_arm64(account: Account, found: Found) -> None:
    (green,) = _services(account, found["web"])
    _look_at_service(account, found, green, NEW)
    task = account.client("ecs").describe_task_definition(taskDefinition=green["taskDefinition"])["taskDefinition"]
    assert task["runtimePlatform"] == {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}


def look_at_arm64_later(account: Account, found: Found) -> None:
    (green,) = _services(account, found["web"])
    _look_at_service(account, found, green, OLD)


def gone(account: Account) -> None:
    ecs = account.client("ecs")
    clusters = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
    assert {cluster["status"] for cluster in clusters} == {"INACTIVE"}
    # For arm64 the one that the last was deployed over stays, so that ECS can go back to it. It costs nothing.
    kept = ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"]
    assert [arn for arn in kept if "shop-dev-web-green:" not in arn] == []
    assert len(kept) <= 1
    assert account.client("elbv2").describe_target_groups()["TargetGroups"] == []
    assert account.client("logs").describe_log_groups()["logGroups"] == []
    assert (
        account.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        == []
    )
    stacks = account.client("cloudformation").describe_stacks()["Stacks"]
    assert [stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"] == []


def _look_at_cluster(account: Account, arn: str) -> None:
    (cluster,) = account.client("ecs").describe_clusters(clusters=[arn])["clusters"]
    assert cluster["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert cluster["settings"] == [{"name": "containerInsights", "value": "enabled"}]


def _services(account: Account, service: Mapping[str, Any]) -> list[dict[str, Any]]:
    """By colour: blue first."""
    ecs = account.client("ecs")
    arns = ecs.list_services(cluster=service["cluster_arn"])["serviceArns"]
    found = ecs.describe_services(cluster=service["cluster_arn"], services=arns)["services"]
    return sorted((each for each in found if each["status"] == "ACTIVE"), key=lambda each: str(each["serviceName"]))


def _look_at_service(account: Account, found: Found, service: Mapping[str, Any], image: str) -> None:
    assert "launchType" not in service
    assert service["runningCount"] == service["desiredCount"] == 2
    assert service["enableExecuteCommand"] is False
    assert service["healthCheckGracePeriodSeconds"] == 60
    rolled = service["deploymentConfiguration"]
    assert rolled["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert (rolled["minimumHealthyPercent"], rolled["maximumPercent"]) == (100, 200)
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    assert network["assignPublicIp"] == "DISABLED"
    assert set(network["subnets"]) == set(found["subnet_ids"])
    mine = found["web"]["security_group_id"]
    assert set(network["securityGroups"]) == {mine, found["database_security_group_id"]}
    task = account.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    assert (task["networkMode"], task["cpu"], task["memory"]) == ("awsvpc", "256", "512")
    assert task["taskRoleArn"] == found["web"]["task_role_arn"]
    assert task["executionRoleArn"] == found["web"]["execution_role_arn"]
    _look_at_container(found, task["containerDefinitions"], image)


def _look_at_container(found: Found, containers: list[dict[str, Any]], image: str) -> None:
    (container,) = containers
    assert container["image"] == image
    assert container["readonlyRootFilesystem"] is True
    assert container["privileged"] is False
    assert container["linuxParameters"]["capabilities"]["drop"] == ["ALL"]
    assert container["linuxParameters"]["initProcessEnabled"] is True
    assert container["healthCheck"]["command"] == ["CMD", "/app/health"]
    told = {each["name"]: each["value"] for each in container["environment"]}
    assert told == {"ENVIRONMENT": "dev", "LOG_LEVEL": "debug", "PORT": "8080", "PROJECT": "shop"}
    assert {secret["name"]: secret["valueFrom"] for secret in container["secrets"]} == {
        "DATABASE_SECRET": found["secret_arns"]["shop/database"],
        "PAYMENT_KEY": found["secret_arns"]["shop/payment"],
    }
    assert container["logConfiguration"]["options"]["awslogs-group"] == "/shop/dev/web"


def _capacity(service: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    said = service["capacityProviderStrategy"]
    return {each["capacityProvider"]: (each.get("weight", 0), each.get("base", 0)) for each in said}


def _weights(account: Account, found: Found) -> dict[str, int]:
    """What AWS does with the requests, by colour."""
    colors = {arn: color for color, arn in found["web"]["target_group_arns"].items()}
    (rule,) = account.client("elbv2").describe_rules(RuleArns=[found["web"]["listener_rule_arn"]])["Rules"]
    assert rule["Conditions"][0]["PathPatternConfig"]["Values"] == ["/*"]
    groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
    return {colors[group["TargetGroupArn"]]: group["Weight"] for group in groups}


def _look_at_target_groups(account: Account, found: Found) -> None:
    arns = list(found["web"]["target_group_arns"].values())
    for group in account.client("elbv2").describe_target_groups(TargetGroupArns=arns)["TargetGroups"]:
        assert (group["TargetType"], group["Port"]) == ("ip", 8080)
        assert (group["HealthCheckPath"], group["Matcher"]["HttpCode"]) == ("/healthz", "200-299")


def _look_at_security_group(account: Account, found: Found) -> None:
    groups = account.client("ec2").describe_security_groups(GroupIds=[found["web"]["security_group_id"]])
    (group,) = groups["SecurityGroups"]
    (ingress,) = group["IpPermissions"]
    assert (ingress["FromPort"], ingress["ToPort"], ingress["IpRanges"]) == (8080, 8080, [])
    assert [pair["GroupId"] for pair in ingress["UserIdGroupPairs"]] == [found["alb_security_group_id"]]
    assert [rule["ToPort"] for rule in group["IpPermissionsEgress"]] == [443]


def _look_at_roles(account: Account, found: Found) -> None:
    iam = account.client("iam")
    task = found["web"]["task_role_name"]
    assert iam.list_role_policies(RoleName=task)["PolicyNames"] == []
    assert iam.list_attached_role_policies(RoleName=task)["AttachedPolicies"] == []
    execution = found["web"]["execution_role_arn"].split("/")[-1]
    assert iam.list_attached_role_policies(RoleName=execution)["AttachedPolicies"] == []
    policy = iam.get_role_policy(RoleName=execution, PolicyName="start-tasks")["PolicyDocument"]
    may = {statement["Sid"]: statement["Resource"] for statement in policy["Statement"]}
    secrets = sorted(found["secret_arns"][name] for name in ("shop/database", "shop/payment"))
    assert sorted(may.pop("ReadSecrets")) == secrets
    assert may == {
        "WriteLogs": f"arn:aws:logs:ap-northeast-1:{account.account_id}:log-group:/shop/dev/web:*",
        "PullImage": f"arn:aws:ecr:ap-northeast-1:{account.account_id}:repository/shop/web",
        "LogInToRegistry": "*",
        "DecryptSecrets": "*",
    }
    (decrypt,) = (statement for statement in policy["Statement"] if statement["Sid"] == "DecryptSecrets")
    assert sorted(decrypt["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"]) == secrets


def _look_at_scaling(account: Account, found: Found, bounds: dict[str, int]) -> None:
    scaling = account.client("application-autoscaling")
    where = f"service/{found['web']['cluster_name']}/{found['web']['service_name']}"
    targets = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[where])["ScalableTargets"]
    assert [{"min": each["MinCapacity"], "max": each["MaxCapacity"]} for each in targets] == [bounds]
    policies = scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=where)["ScalingPolicies"]
    tracked = [each["TargetTrackingScalingPolicyConfiguration"] for each in policies]
    assert {each["PredefinedMetricSpecification"]["PredefinedMetricType"]: each["TargetValue"] for each in tracked} == {
        "ALBRequestCountPerTarget": 600,
        "ECSServiceAverageCPUUtilization": 60,
    }


def _look_at_worker(account: Account, worker: Mapping[str, Any]) -> None:
    (service,) = _services(account, worker)
    assert service["loadBalancers"] == []
    assert worker["target_group_arns"] == {}
    groups = account.client("ec2").describe_security_groups(GroupIds=[worker["security_group_id"]])["SecurityGroups"]
    assert [rule["IpRanges"][0]["CidrIp"] for rule in groups[0]["IpPermissions"]] == ["127.0.0.1/32"]
    assert groups[0]["IpPermissions"][0]["UserIdGroupPairs"] == []
    role = worker["execution_role_arn"].split("/")[-1]
    policy = account.client("iam").get_role_policy(RoleName=role, PolicyName="start-tasks")["PolicyDocument"]
    assert json.dumps(policy).count("Sid") == 1, "a public image and no secret need nothing but the log"


CASE = Case(
    "ecs_service",
    "100000000007",
    AT_REST,
    look_at_rest,
    gone,
    by_day=1,
    steps=(
        (SHARED, look_at_shared),
        (MOVED, look_at_moved),
        (MOVED, look_at_sleeping),
        (SHARED.replace("traffic_percent = 10", "traffic_percent = 100"), look_at_awake),
        (ARM64, look_at_arm64),
        (ARM64_LATER, look_at_arm64_later),
        # Straight to the other colour.
        (AT_REST, look_at_rest),
    ),
)
