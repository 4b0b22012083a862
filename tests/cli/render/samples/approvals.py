"""Given approvals, and what an approver read: each kind of value once."""

import json

from envctl.domain.plan.fingerprint import ABSENT, SENSITIVE, UNKNOWN
from envctl.domain.reading.reading import ReadChange, Reading, ReadStack, ReadValue
from envctl.usecases.approval.approval_pages import ApprovalPage, Approvals, ListedApproval
from tests.cli.render.samples.basics import HANAKO, NEW, NOW, ROBOT, TARO

PROVIDERS = (
    ReadValue("provider", "", '"registry.terraform.io/hashicorp/aws"'),
    ReadValue("provider configuration", "", '"aws"'),
)
POLICY = {"Statement": [{"Sid": "Read", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}]}
WIDER = {"Statement": [{"Sid": "Read", "Action": "s3:*", "Resource": "arn:aws:s3:::logs/*"}]}


def text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def subnet(number: int) -> ReadChange:
    values = (ReadValue('["map_public_ip_on_launch"]', "", "false"), ReadValue('["id"]', "", "", UNKNOWN))
    return ReadChange(f"aws_subnet.private[{number}]", "aws_subnet", "create", (*values, *PROVIDERS))


READING = Reading(
    environment="prod",
    release=NEW,
    label='3f2a91c0b7d4 "Open the shop" (#42)',
    bound={"plan": "5e" * 32},
    stacks=(
        ReadStack(
            "cdn",
            notes=("not planned yet: it waits for web",),
            forecast=(
                ReadChange("aws_cloudfront_distribution.this", "aws_cloudfront_distribution", "create", PROVIDERS),
            ),
        ),
        ReadStack(
            "web",
            (
                *map(subnet, range(3)),
                ReadChange(
                    "aws_security_group.web",
                    "aws_security_group",
                    "update",
                    (
                        ReadValue('["ingress",0,"cidr_blocks",0]', text("10.0.0.0/8"), text("0.0.0.0/0")),
                        ReadValue('["tags","team"]', "", text("shop")),
                        ReadValue('["tags_all","team"]', "", text("shop")),
                        ReadValue('["description"]', text("\u203eold"), "", ABSENT),
                        ReadValue("object", "", text("sg-0a1b2c3d")),
                        *PROVIDERS,
                    ),
                ),
                ReadChange(
                    "aws_iam_policy.logs",
                    "aws_iam_policy",
                    "update",
                    (ReadValue('["policy"]', text(json.dumps(POLICY)), text(json.dumps(WIDER))), *PROVIDERS),
                ),
                ReadChange(
                    "aws_db_instance.this",
                    "aws_db_instance",
                    "replace",
                    (
                        ReadValue('["password"]', text("(sensitive)"), text("(sensitive)"), SENSITIVE),
                        ReadValue('["engine_version"]', text("15.4"), text("16.1")),
                        ReadValue('["user_data"]', "", text("#!/bin/sh\nexec \x1b[2Japp\n")),
                        *PROVIDERS,
                    ),
                    ("replace because cannot update",),
                ),
            ),
        ),
    ),
    settings=(ReadValue('["size"]', "1", "3"), ReadValue('["domain"]', text("shop.example"), text("shop.example"))),
    place=(
        ReadValue('["","region"]', text("eu-west-1"), text("eu-west-1")),
        ReadValue('["cdn","backend","s3","bucket"]', text("states"), text("states")),
        ReadValue('["web","backend","s3","bucket"]', text("states"), text("states")),
    ),
    rules=(ReadValue('["gates","approvals","peer"]', "2", "1"),),
)
GIVEN = ListedApproval(number=42, environment="prod", gate="peer", release=NEW, by=TARO, at=NOW, reading=READING.digest)
APPROVALS: dict[str, object] = {
    "what an approver read": ApprovalPage(GIVEN, READING),
    "no approvals": Approvals("", ()),
    "no approvals for an environment": Approvals("prod", ()),
    "approvals": Approvals(
        "",
        (
            GIVEN,
            ListedApproval(
                number=41,
                environment="prod",
                gate="business",
                release=NEW,
                by=HANAKO,
                at=NOW,
                unseen=("cdn", "web"),
                reading="1" * 64,
            ),
            ListedApproval(number=7, environment="staging", gate="peer", release=NEW, by=ROBOT, at=NOW),
        ),
        more=True,
    ),
}
