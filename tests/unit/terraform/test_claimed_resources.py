"""Resources that the states of two stacks hold."""

import json

import pytest

from envctl.domain.terraform.claimed_resources import (
    HeldResource,
    SharedResource,
    find_imported_resources,
    find_shared_resources,
    list_held_resources,
    list_instances,
)

VPC = {"mode": "managed", "type": "aws_vpc", "name": "this", "instances": [{"attributes": {"id": "vpc-0123456789"}}]}
TOPIC = "arn:aws:sns:eu-west-1:111111111111:news"


def encode(*resources: object) -> bytes:
    return json.dumps({"version": 4, "resources": resources}).encode()


def instance(type_: str, *instances: object, **more: object) -> dict[str, object]:
    return {"mode": "managed", "type": type_, "name": "this", "instances": list(instances), **more}


def values(**attributes: object) -> dict[str, object]:
    return {"attributes": attributes}


HELD: dict[str, tuple[bytes, list[tuple[str, str]]]] = {
    "no state": (b"", []),
    "an empty state": (b"{}", []),
    "an identifier with random digits": (encode(VPC), [("vpc-0123456789", "aws_vpc.this")]),
    "an ARN before an id": (
        encode(instance("aws_sns_topic", values(id="news", arn=TOPIC))),
        [(TOPIC, "aws_sns_topic.this")],
    ),
    "a module and keys": (
        encode(instance("aws_vpc", {**values(id="vpc-0123456789"), "index_key": "a"}, module="module.net")),
        [("vpc-0123456789", 'module.net.aws_vpc.this["a"]')],
    ),
    "a name used many times": (encode(instance("aws_lambda_permission", values(id="AllowExecution"))), []),
    "a random id of a local resource": (encode(instance("random_id", values(id="q83v"))), []),
    "no id": (encode(instance("aws_vpc", values(id=None), {"attributes": None})), []),
    "a data source": (encode({**VPC, "mode": "data"}), []),
}


@pytest.mark.parametrize(("state", "expected"), HELD.values(), ids=HELD.keys())
def test_unique_identifiers_of_a_state_are_listed(state: bytes, expected: list[tuple[str, str]]) -> None:
    assert [(each.identity, each.address) for each in list_held_resources(list_instances(state))] == expected


@pytest.mark.parametrize("state", [b"[]", b"no json", b'{"resources": [{"mode": "managed"}]}'])
def test_damaged_state_raises_value_error(state: bytes) -> None:
    with pytest.raises(ValueError):
        list_held_resources(list_instances(state))


def test_resource_of_two_stacks_is_found() -> None:
    vpc, group = (
        HeldResource("aws_vpc", "vpc-0123456789", "aws_vpc.a"),
        HeldResource("aws_sg", "sg-01234567", "aws_sg.a"),
    )
    other = HeldResource("aws_vpc", "vpc-0123456789", "aws_vpc.b")
    assert find_shared_resources({"web": (vpc, group), "db": (other,), "cache": ()}) == (
        SharedResource("vpc-0123456789", ("web", "aws_vpc.a"), ("db", "aws_vpc.b")),
    )
    assert find_shared_resources({"web": (vpc, vpc), "db": (group,)}) == ()


def test_same_identifier_of_another_type_is_another_resource() -> None:
    topic, policy = HeldResource("aws_sns_topic", TOPIC, "a"), HeldResource("aws_sns_topic_policy", TOPIC, "b")
    assert find_shared_resources({"web": (topic,), "db": (policy,)}) == ()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (HeldResource("aws_s3_bucket", "logs", "aws_s3_bucket.b"), True),
        (HeldResource("aws_s3_bucket", "arn:aws:s3:::logs", "aws_s3_bucket.b"), True),
        (HeldResource("aws_s3_bucket", "data", "aws_s3_bucket.b"), False),
        (HeldResource("aws_s3_bucket_policy", "logs", "aws_s3_bucket_policy.b"), False),
    ],
    ids=["its id", "its ARN", "another id", "another type"],
)
def test_import_from_another_stack_is_found(wanted: HeldResource, found: bool) -> None:
    held = {"web": (HeldResource("aws_s3_bucket", "arn:aws:s3:::logs", "aws_s3_bucket.a", "logs"),)}
    assert bool(find_imported_resources(held, [("db", wanted)])) is found
    assert find_imported_resources(held, [("web", wanted)]) == ()
