"""One of each result, as an operator meets them. The secret is planted: it must be seen nowhere."""

import json
from datetime import UTC, datetime, timedelta

from envctl.cli.commands.sandbox import SandboxState
from envctl.domain.changes import (
    Action,
    AttributeChange,
    EnvironmentPlan,
    Marker,
    OutputChange,
    ResourceChange,
    StackPlan,
)
from envctl.domain.errors import ConfigurationError, InterruptedByUserError, Location, OperationFailedError, Problem
from envctl.domain.guards import Refusal, RefusedError
from envctl.domain.ledger import (
    GENESIS,
    Actor,
    ApprovalGiven,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    Entry,
    Event,
    ReleaseCreated,
)
from envctl.domain.present import Deployment, EnvironmentPresent, KnownRelease
from envctl.domain.settings import EnvironmentSettings, Setting
from envctl.usecases.approve import Approved
from envctl.usecases.deploy import Deployed
from envctl.usecases.history import History, Verified
from envctl.usecases.recover import Recovered
from envctl.usecases.render import Rendered
from envctl.usecases.settings import Valid
from envctl.usecases.status import EnvironmentStatus, Status
from envctl.usecases.why import Answer, Why

SECRET = "hunter2-correct-horse"
NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
NEW = "3f2a91c0b7d4" + "e" * 52
OLD = "77b01dd2a9c3" + "f" * 52
HANAKO = Actor("hanako@example.com")
TARO = Actor("山田太郎@example.com")
ROBOT = Actor("arn:aws:sts::333333333333:assumed-role/envctl-deployer/ci", "aws", verified=True)


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


def deployment(release: str, hours: float, outcome: str = "succeeded", **more: object) -> Deployment:
    at = NOW - timedelta(hours=hours)
    ended = None if outcome == "unfinished" else at + timedelta(seconds=83)
    fields = {"settings": "s", "action": "apply", "source": "", "by": HANAKO, "changed": 12, **more}
    return Deployment(7, release, started_at=at, ended_at=ended, outcome=outcome, **fields)  # type: ignore[arg-type]


def runs(done: Deployment, last: Deployment | None = None) -> EnvironmentPresent:
    return EnvironmentPresent(current=done, last=last or done, proven={done.release: done})


def known(release: str, commit: str = "", *, uncommitted: bool = True) -> KnownRelease:
    return KnownRelease(release, 1, NOW, HANAKO, commit, uncommitted, "hanako@example.com")


FAILURE = "web: creating EC2 Instance: InsufficientInstanceCapacity: no t3.micro left in ap-northeast-1a"
DEV = EnvironmentStatus("dev", runs(deployment(NEW, 3)), known(NEW), None, {}, "")
COMMITTED = known(OLD, "1a2b3c4d5e6f7a8b", uncommitted=False)
STATUS = Status(
    "shop",
    NOW,
    (
        DEV,
        EnvironmentStatus(
            "staging",
            runs(deployment(OLD, 50, by=TARO)),
            COMMITTED,
            2,
            {"peer": (1, 1)},
            "envctl promote dev staging",
        ),
        EnvironmentStatus(
            "prod",
            runs(deployment("9" * 64, 490, by=ROBOT, changed=1)),
            known("9" * 64, "99aabbccddeeff", uncommitted=False),
            1,
            {"peer": (1, 1), "business": (0, 1), "quality": (0, 2)},
            "envctl promote staging prod",
        ),
    ),
)
FAILED = deployment(NEW, 0.2, "failed", action="promote", source="dev", reason=f"{FAILURE}\nRequestID: 4711")
FAILED_STATUS = Status(
    "shop",
    NOW,
    (
        DEV,
        EnvironmentStatus(
            "staging", runs(deployment(OLD, 50, by=TARO), FAILED), COMMITTED, 2, {}, "envctl promote dev staging"
        ),
        EnvironmentStatus("prod", EnvironmentPresent(), None, 1, {"peer": (0, 1)}, ""),
    ),
)
EMPTY_STATUS = Status(
    "shop",
    NOW,
    (
        EnvironmentStatus("dev", EnvironmentPresent(), None, None, {}, "envctl apply dev"),
        EnvironmentStatus("staging", EnvironmentPresent(), None, None, {}, ""),
        EnvironmentStatus("prod", EnvironmentPresent(), None, None, {}, ""),
    ),
)
STUCK_STATUS = Status(
    "shop",
    NOW,
    (
        EnvironmentStatus(
            "dev",
            EnvironmentPresent(last=deployment(NEW, 0.01, "unfinished")),
            None,
            None,
            {},
            "envctl recover dev",
        ),
        EnvironmentStatus("prod", EnvironmentPresent(), None, None, {}, ""),
    ),
)
CALM_STATUS = Status(
    "shop",
    NOW,
    (
        EnvironmentStatus("dev", runs(deployment(NEW, 3)), known(NEW, "1a2b3c4d5e"), None, {}, ""),
        EnvironmentStatus("prod", runs(deployment(NEW, 2, by=ROBOT)), known(NEW, "1a2b3c4d5e"), 0, {}, ""),
    ),
)

PROVENANCE = Refusal(
    "G102",
    "provenance",
    "release 3f2a91c0b7d4 is not proven in staging: it was never deployed there",
    "envctl promote dev staging",
)
APPROVALS = Refusal(
    "G106",
    "approvals",
    "release 3f2a91c0b7d4 lacks approvals for prod: business (0 of 1)"
    "; who wrote or promotes the release can't approve it",
    "envctl approve prod --gate business --release 3f2a91c0b7d4",
    for_now=True,
)
REFUSED = RefusedError((PROVENANCE, APPROVALS))
REFUSED_FOR_NOW = RefusedError((APPROVALS,))
WHY = Why(
    "prod",
    "staging",
    NEW,
    (Answer("G102", "provenance", None), Answer("G106", "approvals", APPROVALS), Answer("G109", "busy", None)),
    {"peer": (1, 1), "business": (0, 1)},
    APPROVALS.hint,
)
WHY_NOT = Why("dev", None, None, (Answer("G109", "busy", None),), {}, "envctl apply dev")


def entries(*events: tuple[Actor, Event]) -> tuple[Entry, ...]:
    listed = [
        Entry(number, GENESIS, NOW - timedelta(hours=30 - number), actor, event)
        for number, (actor, event) in enumerate(events, 1)
    ]
    return tuple(reversed(listed))


HISTORY = History(
    "",
    entries(
        (HANAKO, ReleaseCreated(NEW, uncommitted=True)),
        (HANAKO, DeploymentStarted("dev", NEW, "s", "apply")),
        (HANAKO, DeploymentSucceeded("dev", NEW, 2, ("network", "web"), 12)),
        (TARO, ApprovalGiven("staging", "peer", NEW, "s")),
        (ROBOT, DeploymentStarted("staging", NEW, "s", "promote", "dev")),
        (ROBOT, DeploymentFailed("staging", NEW, 5, FAILURE, ("network",))),
        (ROBOT, DeploymentStarted("staging", NEW, "s", "promote", "dev")),
        (ROBOT, DeploymentFailed("staging", NEW, 7, "interrupted", interrupted=True)),
        (ROBOT, DeploymentStarted("staging", NEW, "s", "promote", "dev")),
        (HANAKO, DeploymentAbandoned("staging", NEW, 9, "its end was never recorded")),
        (HANAKO, ReleaseCreated(OLD, "1a2b3c4d5e6f7a8b", uncommitted=True)),
    ),
    more=True,
)
SETTINGS = EnvironmentSettings(
    "prod",
    (
        Setting(
            "availability_zones",
            ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"],
            Location("environments/common.tfvars", 2),
            "file",
            sensitive=False,
            stacks=("network",),
        ),
        Setting(
            "vpc_cidr",
            "10.30.0.0/16",
            Location("environments/prod/terraform.tfvars", 1),
            "file",
            sensitive=False,
            stacks=("network", "web"),
        ),
        Setting(
            "api_key",
            SECRET,
            Location("environments/prod/terraform.tfvars", 9),
            "file",
            sensitive=True,
            stacks=("web",),
        ),
        Setting("environment", "prod", None, "envctl", sensitive=False, stacks=("network", "web")),
        Setting(
            "monitoring",
            True,
            Location("modules/ec2_instance/variables.tf", 40),
            "default",
            sensitive=False,
            stacks=("web",),
        ),
        Setting("image", "shop/app@sha256:" + "ab" * 32, None, "artifact", sensitive=False, stacks=("web",)),
        Setting(
            "ingress",
            {"https": {"port": 443, "説明": "全世界"}},
            Location("environments/prod/terraform.tfvars", 3),
            "file",
            sensitive=False,
            stacks=("web",),
        ),
    ),
    {"web": {"api_key": SECRET, "monitoring": True}},
)
RENDERED = Rendered(
    "dev",
    {
        "dev/network/main.tf.json": '{\n  "module": {\n    "network": {\n      "cidr": "10.10.0.0/16"\n    }\n  }\n}\n',
        "dev/web/main.tf.json": '{\n  "module": {}\n}\n',
    },
)
DONE = Deployed("dev", NEW, plan=FIRST_PLAN, deployment=deployment(NEW, 3), next="envctl promote dev staging")
STAGES = (
    "render stacks network, web with the settings of dev, and init where needed",
    "bundle the working tree into a release",
    "ask every guard whether this may be applied to dev",
    "apply web (planned anew if a stack that it reads has changed)",
)
RESULTS: dict[str, object] = {
    "a first plan": FIRST_PLAN,
    "a later plan": LATER_PLAN,
    "a plan without changes": EnvironmentPlan("dev", NEW, (StackPlan("network"), StackPlan("web"))),
    "a status": STATUS,
    "a status after a failure": FAILED_STATUS,
    "a status of an empty project": EMPTY_STATUS,
    "a status with an unfinished deployment": STUCK_STATUS,
    "a status with nothing to do": CALM_STATUS,
    "a why that refuses": WHY,
    "a why that lets pass": WHY_NOT,
    "a history": HISTORY,
    "a history without entries": History("prod", (), more=False),
    "settings": SETTINGS,
    "a deployment": DONE,
    "a deployment with nothing to do": Deployed("prod", NEW, up_to_date=True),
    "a dry run": Deployed("dev", "", stages=STAGES, dry_run=True),
    "an approval": Approved(
        "prod", "peer", NEW, TARO, already=False, missing={"business": 1}, next="envctl approve prod --gate business"
    ),
    "the last approval": Approved(
        "prod", "business", NEW, ROBOT, already=True, missing={}, next="envctl promote staging prod"
    ),
    "a recovery": Recovered(
        "staging", deployment(NEW, 3, "abandoned", action="promote", source="dev"), "envctl promote dev staging"
    ),
    "nothing to recover": Recovered("staging", None, ""),
    "a verified ledger": Verified(41, "ab" * 32),
    "an empty ledger": Verified(0, GENESIS),
    "a valid project": Valid(("dev", "staging", "prod"), ("network", "web"), 34),
    "rendered root modules": RENDERED,
    "a running sandbox": SandboxState(
        "running", "http://127.0.0.1:40123", "2026-11-25T01:40:00Z", "envctl --sandbox apply dev"
    ),
    "a dead sandbox": SandboxState("died", next="envctl sandbox down"),
}
ERRORS = {
    "wrong settings": ConfigurationError(
        Problem(
            "E204", "azs: expected list(string), found string", "", Location("environments/dev/terraform.tfvars", 3)
        ),
        Problem(
            "E203",
            "no module declares 'instance_tipe'",
            "did you mean instance_type?",
            Location("environments/dev/terraform.tfvars", 7),
        ),
        Problem("E205", "vpc_cidr has no value in dev", "set it in environments/dev/terraform.tfvars"),
    ),
    "a failed apply": OperationFailedError(
        Problem(
            "E305",
            f"{FAILURE} (aws_instance.this)\nThe following error came from the API:\n"
            "  api error: retry later, or choose another zone for the instance, please",
            "what was applied is kept; correct the cause, and the next envctl apply goes on from there",
            Location("modules/ec2_instance/main.tf", 12),
        )
    ),
    "a stop": InterruptedByUserError(Problem("E312", "interrupted", "envctl status shows where things stand")),
    "a refusal": REFUSED,
    "a refusal for now": REFUSED_FOR_NOW,
}
