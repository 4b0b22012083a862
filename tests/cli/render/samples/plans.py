"""Plans. The password's value is planted nowhere: only its marker may be seen."""

import json

from envctl.domain.changes import (
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
)
