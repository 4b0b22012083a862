"""Plans. The password's value is planted nowhere: only its marker may be seen."""

import json
from itertools import zip_longest

from envctl.domain.plan.changes import (
    Action,
    AttributeChange,
    EnvironmentPlan,
    Forecast,
    Marker,
    OutputChange,
    ResourceChange,
    StackPlan,
)
from tests.cli.render.samples.basics import NEW


def created(address: str, type_: str, **attributes: object) -> ResourceChange:
    changes = (AttributeChange(path.replace("__", "."), None, value) for path, value in attributes.items())
    return ResourceChange(address=address, type=type_, action=Action.CREATE, attributes=tuple(changes))


VPC = created(
    "aws_vpc.this",
    "aws_vpc",
    arn=Marker.UNKNOWN,
    assign_generated_ipv6_cidr_block=False,
    cidr_block="10.10.0.0/16",
    enable_dns_hostnames=True,
    enable_dns_support=True,
    id=Marker.UNKNOWN,
    instance_tenancy="default",
    tags__Name="shop-dev-本番ではない",
    tags_all__Name="shop-dev-本番ではない",
    tags_all__project="shop",
)
INSTANCE = created(
    "aws_instance.this",
    "aws_instance",
    ami="ami-0123456789abcdef0",
    instance_type="t3.micro",
    metadata_options__http_endpoint="enabled",
    metadata_options__http_put_response_hop_limit=1,
    metadata_options__http_tokens="required",
    monitoring=False,
    root_block_device__encrypted=True,
    root_block_device__volume_size=20,
    root_block_device__volume_type="gp3",
    source_dest_check=True,
    tags__Name="shop-dev-web",
    user_data="#!/bin/sh\nset -eu\napt-get update\napt-get install -y nginx\nsystemctl enable --now nginx\n" * 3,
    user_data_replace_on_change=True,
)
PASSWORD = created("aws_db_instance.this", "aws_db_instance", password=Marker.SENSITIVE, username="shop")


def policy(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "arn:aws:s3:::shop-prod-assets/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ARN = "arn:aws:elasticloadbalancing:ap-northeast-1:333333333333:targetgroup/shop-prod-web-{}/6d0ecf831eec9f09"
CHANGES = (
    ResourceChange(
        address="aws_launch_template.this",
        type="aws_launch_template",
        action=Action.UPDATE,
        attributes=(
            AttributeChange("default_version", 4, 5),
            AttributeChange("image_id", "ami-0123456789abcdef0", "ami-0fedcba9876543210"),
            AttributeChange("latest_version", 4, Marker.UNKNOWN),
            AttributeChange("tags.owner", None, "プラットフォームチーム"),
            AttributeChange("tags_all.owner", None, "プラットフォームチーム"),
            AttributeChange(
                "user_data",
                "#!/bin/sh\nset -eu\napt-get install -y nginx\nsystemctl enable nginx\n",
                "#!/bin/sh\nset -eu\napt-get install -y nginx=1.26\nsystemctl enable nginx\n",
            ),
        ),
    ),
    ResourceChange(
        address='aws_iam_role_policy.assets["read"]',
        type="aws_iam_role_policy",
        action=Action.UPDATE,
        attributes=(AttributeChange("policy", policy("s3:GetObject"), policy("s3:GetObject", "s3:PutObject")),),
    ),
    ResourceChange(
        address="aws_lb_listener.https",
        type="aws_lb_listener",
        action=Action.UPDATE,
        attributes=(AttributeChange("default_action[0].target_group_arn", ARN.format("blue"), ARN.format("green")),),
    ),
    ResourceChange(
        address='module.database.aws_db_instance.this["primary"]',
        type="aws_db_instance",
        action=Action.REPLACE,
        attributes=(
            AttributeChange("address", "shop.cluster-c1.ap-northeast-1.rds.amazonaws.com", Marker.UNKNOWN),
            AttributeChange("arn", "arn:aws:rds:ap-northeast-1:333333333333:db:shop", Marker.UNKNOWN),
            AttributeChange("engine_version", "15.4", "16.1"),
            AttributeChange("password", Marker.SENSITIVE, Marker.SENSITIVE),
            AttributeChange("storage_encrypted", before=False, after=True, forces_replacement=True),
        ),
        reason="replace because cannot update",
    ),
    ResourceChange(
        address="aws_eip.old", type="aws_eip", action=Action.DELETE, reason="delete because no resource config"
    ),
    ResourceChange(address="aws_subnet.c", type="aws_subnet", action=Action.MOVE, moved_from="aws_subnet.private[2]"),
    ResourceChange(address="aws_s3_bucket.logs", type="aws_s3_bucket", action=Action.FORGET),
)
FIRST_PLAN = EnvironmentPlan(
    environment="dev",
    release="",
    stacks=(
        StackPlan(
            "network",
            resources=(
                VPC,
                created("aws_subnet.private[0]", "aws_subnet", availability_zone="ap-northeast-1a"),
                PASSWORD,
            ),
            outputs=(
                OutputChange("vpc_id", Action.CREATE, None, Marker.UNKNOWN),
                OutputChange("private_subnet_ids", Action.CREATE, None, Marker.UNKNOWN),
                OutputChange("cidr_block", Action.CREATE, None, "10.10.0.0/16"),
            ),
            warnings=("Argument is deprecated",),
        ),
        StackPlan("web", waits_for=("network",)),
    ),
    next="envctl apply dev",
)
FORECAST_PLAN = EnvironmentPlan(
    environment="prod",
    release=NEW,
    stacks=(
        StackPlan("network", resources=(VPC,)),
        StackPlan(
            "edge",
            waits_for=("network",),
            forecast=Forecast(
                resources=(
                    created("aws_security_group.open", "aws_security_group", cidr="0.0.0.0/0", vpc_id=Marker.UNKNOWN),
                ),
                outputs=(OutputChange("url", Action.CREATE, None, Marker.UNKNOWN),),
            ),
        ),
        StackPlan(
            "web",
            waits_for=("network", "edge"),
            forecast=Forecast(
                problem="Invalid for_each argument (aws_subnet.this)",
                elsewhere="in staging its last deployment did this: create aws_subnet",
            ),
        ),
        StackPlan("empty", waits_for=("network",), forecast=Forecast()),
    ),
)
LATER_PLAN = EnvironmentPlan(
    environment="prod",
    release=NEW,
    stacks=(
        StackPlan("network"),
        StackPlan(
            "web",
            resources=(INSTANCE, *CHANGES),
            outputs=(
                OutputChange("url", Action.UPDATE, "http://10.30.1.4", "https://shop.example.com"),
                OutputChange("token", Action.UPDATE, Marker.SENSITIVE, Marker.SENSITIVE),
                OutputChange("legacy", Action.DELETE, {"a": 1}, None),
            ),
        ),
        StackPlan("dns", outputs=(OutputChange("zone", Action.CREATE, None, "Z0123"),)),
    ),
    next="envctl apply prod",
)
LEAVING_PLAN = EnvironmentPlan(
    environment="prod",
    release=NEW,
    stacks=(
        StackPlan("web"),
        StackPlan(
            "cache",
            resources=(
                ResourceChange(
                    address="aws_elasticache_cluster.this", type="aws_elasticache_cluster", action=Action.DELETE
                ),
            ),
            outputs=(OutputChange("address", Action.DELETE, "cache.example.com", None),),
            leaves="destroy",
        ),
        StackPlan(
            "edge",
            resources=(ResourceChange(address="aws_eip.this", type="aws_eip", action=Action.FORGET),),
            leaves="forget",
        ),
        StackPlan("jobs", leaves="destroy"),
    ),
    next="envctl apply prod",
)
RUNNING_PLAN = EnvironmentPlan(
    environment="prod",
    release=NEW,
    stacks=(
        StackPlan(
            "web",
            resources=(
                ResourceChange(
                    address="aws_wafv2_web_acl.this",
                    type="aws_wafv2_web_acl",
                    action=Action.UPDATE,
                    attributes=(
                        AttributeChange("default_action[0].allow[0]", None, {}),
                        AttributeChange("default_action[0].block[0]", {}, None),
                    ),
                ),
                ResourceChange(
                    address="aws_lb.a",
                    type="aws_lb",
                    action=Action.REPLACE,
                    attributes=(AttributeChange("name", "a", "b", forces_replacement=True),),
                    creates_first=True,
                ),
                ResourceChange(
                    address="aws_kms_key.this",
                    type="aws_kms_key",
                    action=Action.RENEW,
                    attributes=(
                        AttributeChange("key_usage", "SIGN_VERIFY", "ENCRYPT_DECRYPT", forces_replacement=True),
                    ),
                ),
                ResourceChange(
                    address="aws_eip.old", type="aws_eip", action=Action.IMPORT, imported="eipalloc-0123456789abcdef0"
                ),
                ResourceChange(
                    address="terraform_data.migration",
                    type="terraform_data",
                    action=Action.CREATE,
                    programs=("local-exec (on create or on destroy): sh migrate.sh --all --without-asking",),
                ),
                ResourceChange(
                    address="terraform_data.old",
                    type="terraform_data",
                    action=Action.DELETE,
                    programs=("local-exec (on create or on destroy): command made of path.module",),
                ),
                ResourceChange(
                    address="data.external.git (while planning)",
                    type="external",
                    action=Action.READ,
                    programs=("external: sh revision.sh, which ran while this was planned",),
                ),
                ResourceChange(
                    address="action.aws_do.it (after create of aws_lb.a)",
                    type="aws_do",
                    action=Action.INVOKE,
                    attributes=(
                        AttributeChange("function_name", None, "clean"),
                        AttributeChange("payload", None, Marker.SENSITIVE),
                    ),
                ),
            ),
            # As it is told of a plan that was kept, which has no values.
            outputs=(OutputChange("url", Action.UPDATE, None, None),),
        ),
    ),
    next="envctl apply prod",
)


def bucket_policy(*, principals: tuple[str, ...], secure: str, more: bool) -> str:
    statements: list[dict[str, object]] = [
        {
            "Sid": "ReadFromOtherAccounts",
            "Effect": "Allow",
            "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in principals]},
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::shop-prod-assets", "arn:aws:s3:::shop-prod-assets/*"],
        },
        {
            "Sid": "OnlyEncrypted",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::shop-prod-assets/*",
            "Condition": {"Bool": {"aws:SecureTransport": secure}},
        },
    ]
    if more:
        everybody: dict[str, object] = {
            "Sid": "Everybody",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "*",
        }
        statements.insert(0, everybody)
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def moved_up(path: str, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[AttributeChange, ...]:
    """As a plan tells of a list: place by place."""
    sides = zip_longest(before, after)
    return tuple(AttributeChange(f"{path}[{n}]", *pair) for n, pair in enumerate(sides) if pair[0] != pair[1])


SCRIPT = "#!/bin/sh\nset -eu\n" + "".join(f"install package-{n}\n" for n in range(20)) + "systemctl enable nginx\n"
DOCUMENTS_PLAN = EnvironmentPlan(
    environment="prod",
    release=NEW,
    stacks=(
        StackPlan(
            "web",
            resources=(
                ResourceChange(
                    address="aws_s3_bucket_policy.assets",
                    type="aws_s3_bucket_policy",
                    action=Action.UPDATE,
                    attributes=(
                        AttributeChange(
                            "policy",
                            bucket_policy(principals=("111111111111", "222222222222"), secure="false", more=False),
                            bucket_policy(principals=("222222222222", "444444444444"), secure="true", more=True),
                        ),
                    ),
                ),
                ResourceChange(
                    address="aws_lb.this",
                    type="aws_lb",
                    action=Action.UPDATE,
                    attributes=(
                        AttributeChange("idle_timeout", 60, 120),
                        *moved_up("subnets", ("subnet-0a1", "subnet-0b2", "subnet-0c3"), ("subnet-0b2", "subnet-0c3")),
                    ),
                ),
                ResourceChange(
                    address="aws_launch_template.this",
                    type="aws_launch_template",
                    action=Action.UPDATE,
                    attributes=(
                        AttributeChange("user_data", SCRIPT, SCRIPT.replace("age-3", "age-3=1.2").replace("-eu", "-e")),
                        AttributeChange("metadata", policy("s3:GetObject"), policy("s3:GetObject").replace(" ", "")),
                    ),
                ),
                created(
                    "aws_sqs_queue.jobs",
                    "aws_sqs_queue",
                    name="jobs",
                    policy=policy("sqs:SendMessage", "sqs:ReceiveMessage"),
                    **{f"redrive_allow[{n}]": f"queue-{n}" for n in range(3)},
                ),
            ),
        ),
    ),
    next="envctl apply prod",
)
