"""Plans. The password's value is planted nowhere: only its marker may be seen."""

import json
from itertools import zip_longest

from envctl.domain.plan.changes import (
    Action,
    AttributeChange,
    EnvironmentPlan,
    Marker,
    OutputChange,
    ResourceChange,
    StackPlan,
)
from tests.cli.render.samples.basics import NEW


def created(address: str, type_: str, **attributes: object) -> ResourceChange:
    changes = (AttributeChange(path.replace("__", "."), None, value) for path, value in attributes.items())
    return ResourceChange(address, type_, Action.CREATE, tuple(changes))


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
        "aws_launch_template.this",
        "aws_launch_template",
        Action.UPDATE,
        (
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
        'aws_iam_role_policy.assets["read"]',
        "aws_iam_role_policy",
        Action.UPDATE,
        (AttributeChange("policy", policy("s3:GetObject"), policy("s3:GetObject", "s3:PutObject")),),
    ),
    ResourceChange(
        "aws_lb_listener.https",
        "aws_lb_listener",
        Action.UPDATE,
        (AttributeChange("default_action[0].target_group_arn", ARN.format("blue"), ARN.format("green")),),
    ),
    ResourceChange(
        'module.database.aws_db_instance.this["primary"]',
        "aws_db_instance",
        Action.REPLACE,
        (
            AttributeChange("address", "shop.cluster-c1.ap-northeast-1.rds.amazonaws.com", Marker.UNKNOWN),
            AttributeChange("arn", "arn:aws:rds:ap-northeast-1:333333333333:db:shop", Marker.UNKNOWN),
            AttributeChange("engine_version", "15.4", "16.1"),
            AttributeChange("password", Marker.SENSITIVE, Marker.SENSITIVE),
            AttributeChange("storage_encrypted", before=False, after=True, forces_replacement=True),
        ),
        reason="replace because cannot update",
    ),
    ResourceChange("aws_eip.old", "aws_eip", Action.DELETE, reason="delete because no resource config"),
    ResourceChange("aws_subnet.c", "aws_subnet", Action.MOVE, moved_from="aws_subnet.private[2]"),
    ResourceChange("aws_s3_bucket.logs", "aws_s3_bucket", Action.FORGET),
)
FIRST_PLAN = EnvironmentPlan(
    "dev",
    "",
    (
        StackPlan(
            "network",
            (VPC, created("aws_subnet.private[0]", "aws_subnet", availability_zone="ap-northeast-1a"), PASSWORD),
            (
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
LATER_PLAN = EnvironmentPlan(
    "prod",
    NEW,
    (
        StackPlan("network"),
        StackPlan(
            "web",
            (INSTANCE, *CHANGES),
            (
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
    "prod",
    NEW,
    (
        StackPlan("web"),
        StackPlan(
            "cache",
            (ResourceChange("aws_elasticache_cluster.this", "aws_elasticache_cluster", Action.DELETE),),
            (OutputChange("address", Action.DELETE, "cache.example.com", None),),
            leaves="destroy",
        ),
        StackPlan("edge", (ResourceChange("aws_eip.this", "aws_eip", Action.FORGET),), leaves="forget"),
        StackPlan("jobs", leaves="destroy"),
    ),
    next="envctl apply prod",
)
RUNNING_PLAN = EnvironmentPlan(
    "prod",
    NEW,
    (
        StackPlan(
            "web",
            (
                ResourceChange(
                    "aws_wafv2_web_acl.this",
                    "aws_wafv2_web_acl",
                    Action.UPDATE,
                    (
                        AttributeChange("default_action[0].allow[0]", None, {}),
                        AttributeChange("default_action[0].block[0]", {}, None),
                    ),
                ),
                ResourceChange(
                    "aws_lb.a",
                    "aws_lb",
                    Action.REPLACE,
                    (AttributeChange("name", "a", "b", forces_replacement=True),),
                    creates_first=True,
                ),
                ResourceChange(
                    "aws_kms_key.this",
                    "aws_kms_key",
                    Action.RENEW,
                    (AttributeChange("key_usage", "SIGN_VERIFY", "ENCRYPT_DECRYPT", forces_replacement=True),),
                ),
                ResourceChange("aws_eip.old", "aws_eip", Action.IMPORT, imported="eipalloc-0123456789abcdef0"),
                ResourceChange(
                    "terraform_data.migration",
                    "terraform_data",
                    Action.CREATE,
                    programs=("local-exec (on create or on destroy): sh migrate.sh --all --without-asking",),
                ),
                ResourceChange(
                    "terraform_data.old",
                    "terraform_data",
                    Action.DELETE,
                    programs=("local-exec (on create or on destroy): command made of path.module",),
                ),
                ResourceChange(
                    "data.external.git (while planning)",
                    "external",
                    Action.READ,
                    programs=("external: sh revision.sh, which ran while this was planned",),
                ),
                ResourceChange(
                    "action.aws_do.it (after create of aws_lb.a)",
                    "aws_do",
                    Action.INVOKE,
                    (
                        AttributeChange("function_name", None, "clean"),
                        AttributeChange("payload", None, Marker.SENSITIVE),
                    ),
                ),
            ),
            # As it is told of a plan that was kept, which has no values.
            (OutputChange("url", Action.UPDATE, None, None),),
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
    "prod",
    NEW,
    (
        StackPlan(
            "web",
            (
                ResourceChange(
                    "aws_s3_bucket_policy.assets",
                    "aws_s3_bucket_policy",
                    Action.UPDATE,
                    (
                        AttributeChange(
                            "policy",
                            bucket_policy(principals=("111111111111", "222222222222"), secure="false", more=False),
                            bucket_policy(principals=("222222222222", "444444444444"), secure="true", more=True),
                        ),
                    ),
                ),
                ResourceChange(
                    "aws_lb.this",
                    "aws_lb",
                    Action.UPDATE,
                    (
                        AttributeChange("idle_timeout", 60, 120),
                        *moved_up("subnets", ("subnet-0a1", "subnet-0b2", "subnet-0c3"), ("subnet-0b2", "subnet-0c3")),
                    ),
                ),
                ResourceChange(
                    "aws_launch_template.this",
                    "aws_launch_template",
                    Action.UPDATE,
                    (
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
