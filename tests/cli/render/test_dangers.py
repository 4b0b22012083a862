"""One dangerous value hidden in a plan of 64 changes: what the first screen of 80 columns says of it."""

import json
from typing import Any

import pytest

from envctl.cli.render.terminal.reading import wrap_lines
from envctl.cli.render.words.reading import list_lines
from envctl.domain.reading.reading import ReadChange, Reading, ReadStack, ReadValue

ROOM = 23
OWN, OTHER = "333333333333", "999999999999"


def value(path: list[Any], after: object, before: object = None) -> ReadValue:
    was = "" if before is None else json.dumps(before)
    return ReadValue(json.dumps(path, separators=(",", ":")), was, json.dumps(after))


def change(type_: str, *values: ReadValue, action: str = "update", name: str = "hidden") -> ReadChange:
    return ReadChange(f"{type_}.{name}", type_, action, values)


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(action: object, resource: object = "arn:aws:s3:::shop/*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(*accounts: str) -> str:
    return policy(*(allow("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{each}:root"}) for each in accounts))


# A plan as teams see it: tags of security groups, roles, closed policies, ports; each of them ranks high.
RULES = tuple(value(["ingress", n, "cidr_blocks", 0], f"10.0.{n}.0/24", f"10.0.{n}.0/24") for n in range(40))
DENIES = policy(allow("s3:GetObject"), {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})
USUAL = (
    *(change("aws_security_group", *RULES, value(["tags", "v"], "2", "1"), name=f"n{n}") for n in range(20)),
    *(
        change("aws_iam_role", value(["assume_role_policy"], trust(OWN)), action="create", name=f"n{n}")
        for n in range(20)
    ),
    *(change("aws_s3_bucket_policy", value(["policy"], DENIES), action="create", name=f"n{n}") for n in range(12)),
    *(change("aws_lb_listener", value(["port"], 443), action="create", name=f"n{n}") for n in range(11)),
)
POD = ["spec", "template", "spec"]
WEB = [*POD, "containers", json.dumps({"name": "web"})]
MANY = [allow("s3:GetObject", f"arn:aws:s3:::shop/{n}") for n in range(30)]

FOREIGN = f"arn:aws:iam::{OTHER}:root"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
SEND = allow("sqs:SendMessage", Principal={"AWS": "*"})
ALL = allow("*", "*")
IMAGES = ('[{"image": "web:2"}]', '[{"image": "web:1"}]')
CONTAINER = 'apps/v1/Deployment.hidden spec.template.spec.containers[name="web"]'
HIDDEN: dict[str, tuple[ReadChange, str]] = {
    "a rule among 40 is open to the world": (
        change("aws_security_group", *RULES[:31], value(["ingress", 31, "cidr_blocks", 0], "0.0.0.0/0", "10.0.0.0/8")),
        'open to everybody web: aws_security_group.hidden ingress[31].cidr_blocks[0] = "10.0.0.0/8" → "0.0.0.0/0"',
    ),
    "half of the world is the world": (
        change("aws_security_group", value(["ingress", 31, "cidr_blocks", 0], "128.0.0.0/1", "10.0.31.0/24")),
        'open to everybody web: aws_security_group.hidden ingress[31].cidr_blocks[0] = "10.0.31.0/24" → "128.0.0.0/1"',
    ),
    "a statement of a policy allows all actions": (
        change("aws_iam_policy", value(["policy"], policy(*MANY, allow("*")), policy(*MANY))),
        'all actions web: aws_iam_policy.hidden policy.Statement[30].Action = "*"',
    ),
    "a second statement allows all actions": (
        change("aws_iam_policy", value(["policy"], policy(ALL, *MANY, ALL), policy(ALL, *MANY))),
        'all actions web: aws_iam_policy.hidden policy.Statement[31].Action = "*"',
    ),
    "a role gets the rights of an administrator": (
        change("aws_iam_role_policy_attachment", value(["policy_arn"], ADMIN)),
        f'all actions web: aws_iam_role_policy_attachment.hidden policy_arn = "{ADMIN}"',
    ),
    "a policy names a key twice": (
        change("aws_iam_policy", value(["policy"], '{"Statement": {"Action": "*", "Action": "s3:Get"}}')),
        "open to everybody web: aws_iam_policy.hidden policy",
    ),
    "a bucket is public": (
        change("aws_s3_bucket_acl", value(["acl"], "public-read", "private")),
        'open to everybody web: aws_s3_bucket_acl.hidden acl = "private" → "public-read"',
    ),
    "a bucket may become public": (
        change("aws_s3_bucket_public_access_block", value(["block_public_acls"], False, True)),
        "less protection web: aws_s3_bucket_public_access_block.hidden block_public_acls = true → false",
    ),
    "everybody is the principal of a queue": (
        change("aws_sqs_queue_policy", value(["policy"], policy(*MANY, SEND))),
        'open to everybody web: aws_sqs_queue_policy.hidden policy.Statement[30].Principal.AWS = "*"',
    ),
    "another account may take a role": (
        change("aws_iam_role", value(["assume_role_policy"], trust(OWN, OTHER), trust(OWN))),
        f'another account web: aws_iam_role.hidden assume_role_policy.Statement[1].Principal.AWS = "{FOREIGN}"',
    ),
    "a database may be deleted": (
        change("aws_db_instance", value(["deletion_protection"], False, True)),
        "less protection web: aws_db_instance.hidden deletion_protection = true → false",
    ),
    "a database leaves no snapshot": (
        change("aws_db_instance", value(["skip_final_snapshot"], True, False)),
        "less protection web: aws_db_instance.hidden skip_final_snapshot = false → true",
    ),
    "a bucket may be deleted with its objects": (
        change("aws_s3_bucket", value(["force_destroy"], True, False)),
        "less protection web: aws_s3_bucket.hidden force_destroy = false → true",
    ),
    "backups are kept for a day": (
        change("aws_db_instance", value(["backup_retention_period"], 1, 35)),
        "lowered web: aws_db_instance.hidden backup_retention_period = 35 → 1",
    ),
    "a disk shrinks": (
        change("aws_db_instance", value(["allocated_storage"], 20, 100)),
        "lowered web: aws_db_instance.hidden allocated_storage = 100 → 20",
    ),
    "a database is replaced": (
        change("aws_db_instance", value(["storage_encrypted"], True, False), action="replace"),
        "-/+ replace web: aws_db_instance.hidden",
    ),
    "nothing runs any more": (
        change("apps/v1/Deployment", value(["spec", "replicas"], 0, 1)),
        "lowered web: apps/v1/Deployment.hidden spec.replicas = 1 → 0",
    ),
    "an image gets another tag": (
        change("apps/v1/Deployment", value([*WEB, "image"], "web:evil", "web:1")),
        f'changed web: {CONTAINER}.image = "web:1" → "web:evil"',
    ),
    "an image in a document gets another tag": (
        change("aws_ecs_task_definition", value(["container_definitions"], *IMAGES)),
        'changed web: aws_ecs_task_definition.hidden container_definitions[0].image = "web:1" → "web:2"',
    ),
    "a listener gets another port": (
        change("aws_lb_listener", value(["port"], 8080, 443)),
        "changed web: aws_lb_listener.hidden port = 443 → 8080",
    ),
    "a container is privileged": (
        change("apps/v1/Deployment", value([*WEB, "securityContext", "privileged"], True)),
        f"on the host web: {CONTAINER}.securityContext.privileged = true",
    ),
    "a volume is a folder of the host": (
        change("apps/v1/Deployment", value([*POD, "volumes", json.dumps({"name": "x"}), "hostPath", "path"], "/")),
        'on the host web: apps/v1/Deployment.hidden spec.template.spec.volumes[name="x"].hostPath.path = "/"',
    ),
}  # fmt: skip


def show_first_screen(hidden: ReadChange) -> list[str]:
    """Return the first screen, and each of its entries as one line with single spaces."""
    changes = (*USUAL[:32], hidden, *USUAL[32:])
    assert len(changes) == 64
    place = (value(["", "account_id"], OWN),)
    reading = Reading(environment="prod", release="r", stacks=(ReadStack("web", changes),), place=place)
    lines = [line for line, _ in wrap_lines(list_lines(reading, folds=True), 80)][:ROOM]
    assert all(len(line) <= 80 for line in lines)
    return " ".join(" ".join(lines).split()).split("! ")


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_danger_is_on_the_first_screen(name: str) -> None:
    hidden, expected = HIDDEN[name]
    entries = show_first_screen(hidden)
    assert entries[1].replace(" ", "").startswith(expected.replace(" ", "")), "\n".join(entries)


def test_closed_plan_has_no_danger() -> None:
    (entry,) = show_first_screen(change("aws_vpc", value(["tags", "v"], "2", "1")))
    assert entry.startswith("prod: release r web: 43 to create, 21 to update")


QUIET: dict[str, ReadChange] = {
    "a rule out of a group": change("aws_security_group", value(["egress", 0, "cidr_blocks", 0], "0.0.0.0/0")),
    "a rule of its own out of a group": change(
        "aws_security_group_rule", value(["type"], "egress"), value(["cidr_blocks", 0], "0.0.0.0/0")
    ),
    "a route": change("aws_route", value(["destination_cidr_block"], "0.0.0.0/0")),
    "one action on all resources": change("aws_iam_policy", value(["policy"], policy(allow("ecr:GetToken", "*")))),
    "an image as such": change("apps/v1/Deployment", value([*WEB, "image"], "web:2", "web:1")),
}


@pytest.mark.parametrize("name", QUIET)
def test_usual_danger_comes_after_others(name: str) -> None:
    world = change("aws_security_group", value(["ingress", 0, "cidr_blocks", 0], "0.0.0.0/0"), name="world")
    reading = Reading(environment="prod", release="r", stacks=(ReadStack("web", (QUIET[name], world)),))
    warnings = [line.text for line in list_lines(reading, folds=True) if line.text.startswith("! ")]
    assert len(warnings) == 2
    assert warnings[0].startswith("! open to everybody  web: aws_security_group.world")


SAFE: dict[str, ReadChange] = {
    "public access is blocked": change("aws_s3_bucket_public_access_block", value(["block_public_acls"], True, False)),
    "a policy denies everybody": change("aws_s3_bucket_policy", value(["policy"], DENIES)),
    "blocks of a policy deny everybody": change(
        "aws_iam_policy_document", value(["statement", 0, "effect"], "Deny"), value(["statement", 0, "actions", 0], "*")
    ),
    "a policy that stays": change("aws_iam_policy", value(["policy"], policy(allow("*")), policy(allow("*")))),
    "a statement that moves": change(
        "aws_iam_policy", value(["policy"], policy(MANY[0], allow("*")), policy(allow("*")))
    ),
    "a condition with a star at its end": change(
        "aws_sns_topic_policy",
        value(["policy"], policy(allow("sns:Publish", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:x:*"}}))),
    ),
    "a role of the same account": change("aws_iam_role", value(["assume_role_policy"], trust(OWN))),
    "no folder of the host": change("aws_ecs_task_definition", value(["volume", 0, "host_path"], "")),
    "more replicas": change("apps/v1/Deployment", value(["spec", "replicas"], 3, 1)),
}


@pytest.mark.parametrize("name", SAFE)
def test_safe_value_is_no_danger(name: str) -> None:
    assert len(show_first_screen(SAFE[name])) == 1
