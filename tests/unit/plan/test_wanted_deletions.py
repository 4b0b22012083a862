"""Deletions of a resource that another stack of the environment creates, imports or holds."""

from collections.abc import Mapping

import pytest

from envctl.domain.plan.changes import Action, AttributeChange, Marker, ResourceChange, StackPlan
from envctl.domain.plan.fingerprint import plan_value
from envctl.domain.plan.provider_accounts import ProviderConfiguration
from envctl.domain.plan.wanted_deletions import PROVIDER_CONFIGURATION, find_wanted_deletions, list_deletions
from envctl.domain.terraform.claimed_resources import Instance

LATER = Marker.UNKNOWN
ARN = "arn:aws:sns:eu-west-1:111111111111:b"
TOPIC = {"id": ARN, "arn": ARN, "name": "b", "owner": "111111111111"}
NEW_TOPIC = {"id": LATER, "arn": LATER, "name": "b", "owner": LATER}
HERE = ProviderConfiguration(name="aws", kind="aws", allowed=("111111111111",), region="eu-west-1")
US = ProviderConfiguration(name="aws", kind="aws", allowed=("111111111111",), region="us-east-1")
OTHER = ProviderConfiguration(name="aws", kind="aws", role="arn:aws:iam::222222222222:role/r", region="eu-west-1")
USED = {PROVIDER_CONFIGURATION: plan_value("aws")}


def change(type_: str, action: Action, values: Mapping[str, object], *, name: str = "b") -> ResourceChange:
    sides = {Action.DELETE: (True, False), Action.REPLACE: (True, True), Action.FORGET: (True, False)}
    before, after = sides.get(action, (False, True))
    return ResourceChange(
        address=f"{type_}.{name}",
        type=type_,
        action=action,
        attributes=tuple(
            AttributeChange(path, value if before else None, value if after else None) for path, value in values.items()
        ),
        planned=USED,
    )


def plan(stack: str, *changes: ResourceChange, provider: ProviderConfiguration = HERE, imported: str = "") -> StackPlan:
    imports = (ResourceChange(address="x.b", type="aws_sns_topic", action=Action.IMPORT, imported=imported),)
    return StackPlan(stack, resources=(*changes, *(imports if imported else ())), providers=(provider,))


def find(*plans: StackPlan, held: Mapping[str, tuple[Instance, ...]] | None = None) -> list[tuple[str, str, str]]:
    found = find_wanted_deletions(plans, held or {}, [each.stack for each in plans])
    return [(each.gone.stack, each.verb, each.wanted.stack) for each in found]


def delete(type_: str, **values: object) -> ResourceChange:
    return change(type_, Action.DELETE, values)


def create(type_: str, **values: object) -> ResourceChange:
    return change(type_, Action.CREATE, values)


SAME: dict[str, tuple[str, Mapping[str, object], Mapping[str, object]]] = {
    "a name at the end of the ARN": ("aws_sns_topic", TOPIC, NEW_TOPIC),
    "a name that is the id": (
        "aws_s3_bucket",
        {"id": "b", "bucket": "b", "arn": "arn:aws:s3:::b", "tags.Name": "b"},
        {"id": LATER, "bucket": "b", "arn": LATER, "tags.Name": "x"},
    ),
    "a name at the end of a URL": (
        "aws_sqs_queue",
        {"id": "https://sqs.eu-west-1.amazonaws.com/111111111111/b", "url": "https://x/b", "name": "b"},
        {"id": LATER, "url": LATER, "name": "b"},
    ),
    "another text that is equal to the name": (
        "aws_cloudwatch_metric_alarm",
        {"id": "b", "alarm_name": "b", "alarm_description": "b"},
        {"id": LATER, "alarm_name": "b", "alarm_description": "changed"},
    ),
    "the same parent, by name and by ARN": (
        "aws_ecs_service",
        {
            "id": (ecs := "arn:aws:ecs:eu-west-1:111111111111:service/main/b"),
            "arn": ecs,
            "name": "b",
            "cluster": "main",
        },
        {"id": LATER, "name": "b", "cluster": "arn:aws:ecs:eu-west-1:111111111111:cluster/main"},
    ),
    "an account in its id": (
        "aws_glue_catalog_table",
        {"id": "111111111111:db:b", "name": "b", "database_name": "db", "catalog_id": "111111111111"},
        {"id": LATER, "name": "b", "database_name": "db", "catalog_id": LATER},
    ),
    "an attachment, whose id the provider makes up": (
        "aws_iam_role_policy_attachment",
        {"id": "r-2026", "role": "r", "policy_arn": "arn:aws:iam::aws:policy/P"},
        {"id": LATER, "role": "r", "policy_arn": "arn:aws:iam::aws:policy/P"},
    ),
    "a name that AWS allows once": (
        "aws_lb",
        {"id": "arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/app/b/1f", "name": "b"},
        {"id": LATER, "name": "b"},
    ),
    "a file": ("local_file", {"id": "1f", "filename": "a.txt"}, {"id": LATER, "filename": "a.txt"}),
    "a global resource": (
        "aws_iam_role",
        {"id": "b", "arn": "arn:aws:iam::111111111111:role/b", "name": "b", "unique_id": "AROA"},
        {"id": LATER, "arn": LATER, "name": "b", "unique_id": LATER},
    ),
    "an id of another cloud": (
        "google_pubsub_topic",
        {"id": "projects/p/topics/b", "name": "b", "project": "p"},
        {"id": LATER, "name": "b", "project": LATER},
    ),
}


@pytest.mark.parametrize(("type_", "gone", "made"), SAME.values(), ids=SAME)
def test_deleted_resource_another_stack_creates_is_found(
    type_: str, gone: Mapping[str, object], made: Mapping[str, object]
) -> None:
    plans = plan("two", delete(type_, **gone)), plan("live", create(type_, **made))
    assert find(*plans) == [("two", "creates", "live")]
    assert find_wanted_deletions(plans, {}, ["live"]) == []


DIFFERENT: dict[str, tuple[str, Mapping[str, object], Mapping[str, object]]] = {
    "another name": ("aws_sns_topic", TOPIC, {**NEW_TOPIC, "name": "c"}),
    "a name that is known later": ("aws_sns_topic", TOPIC, {**NEW_TOPIC, "name": LATER}),
    "a sensitive name": ("aws_sns_topic", {**TOPIC, "name": Marker.SENSITIVE}, {"name": Marker.SENSITIVE}),
    "a new cluster": (
        "aws_ecs_service",
        {"id": ecs, "name": "b", "cluster": "main"},
        {"id": LATER, "name": "b", "cluster": LATER},
    ),
    "a stage of another API": (
        "aws_api_gateway_stage",
        {"id": "ags-1f-b", "arn": "arn:aws:apigateway:eu-west-1::/restapis/1f/stages/b", "stage_name": "b"}
        | {"rest_api_id": "1f"},
        {"stage_name": "b", "rest_api_id": LATER},
    ),
    "an attachment to a new role": (
        "aws_iam_role_policy_attachment",
        {"id": "r-2026", "role": "r", "policy_arn": "arn:aws:iam::aws:policy/P"},
        {"id": LATER, "role": LATER, "policy_arn": "arn:aws:iam::aws:policy/P"},
    ),
    "a revision of a task definition": (
        "aws_ecs_task_definition",
        {"id": "b", "family": "b", "arn": "arn:aws:ecs:eu-west-1:111111111111:task-definition/b:3"},
        {"id": LATER, "family": "b"},
    ),
    "a made up id": (
        "aws_vpc",
        {"id": "vpc-0123456789", "cidr_block": "10.0.0.0/8"},
        {"id": LATER, "cidr_block": "10.0.0.0/8"},
    ),
    "random text": ("random_pet", {"id": "b", "length": 2}, {"id": LATER, "length": 2}),
    "an object of a cluster": (
        "kubernetes_namespace",
        {"id": "b", "metadata[0].name": "b"},
        {"id": LATER, "metadata[0].name": "b"},
    ),
    "an empty block": ("aws_sns_topic", {"id": "x", "allow[0]": {}}, {"allow[0]": {}}),
}


@pytest.mark.parametrize(("type_", "gone", "made"), DIFFERENT.values(), ids=DIFFERENT)
def test_different_resources_are_not_mistaken(
    type_: str, gone: Mapping[str, object], made: Mapping[str, object]
) -> None:
    assert find(plan("two", delete(type_, **gone)), plan("live", create(type_, **made))) == []


@pytest.mark.parametrize("provider", [US, OTHER], ids=["another region", "another account"])
def test_equal_names_in_another_place_are_different(provider: ProviderConfiguration) -> None:
    made = plan("live", create("aws_sns_topic", **NEW_TOPIC), provider=provider)
    assert find(plan("two", delete("aws_sns_topic", **TOPIC)), made) == []
    log = {"id": "b", "name": "b"}
    made = plan("live", create("aws_x", **log), provider=provider)
    assert find(plan("two", delete("aws_x", **log)), made) == []
    by_argument = plan("live", create("aws_x", **log, region="us-east-1"))
    assert find(plan("two", delete("aws_x", **log)), by_argument) == []


def test_unknown_place_may_be_the_same() -> None:
    unknown = ProviderConfiguration(name="aws", kind="aws")
    made = plan("live", create("aws_sns_topic", **NEW_TOPIC), provider=unknown)
    assert find(plan("two", delete("aws_sns_topic", **TOPIC)), made) == [("two", "creates", "live")]


def test_replacement_inside_one_stack_is_no_loss() -> None:
    both = plan("live", delete("aws_sns_topic", **TOPIC), create("aws_sns_topic", **NEW_TOPIC))
    assert find(both, plan("two")) == []


def test_forgotten_resource_is_no_loss() -> None:
    forgets = plan("two", change("aws_sns_topic", Action.FORGET, TOPIC))
    assert find(forgets, plan("live", create("aws_sns_topic", **NEW_TOPIC))) == []


@pytest.mark.parametrize(
    ("imported", "found"),
    [(ARN, True), (f'{{"arn":"{ARN}"}}', True), (f"{ARN}b", False), (str(LATER), False)],
    ids=["its id", "its identity", "another id", "an unknown id"],
)
def test_deleted_resource_another_stack_imports_is_found(imported: str, *, found: bool) -> None:
    plans = plan("two", delete("aws_sns_topic", **TOPIC)), plan("live", imported=imported)
    assert find(*plans) == ([("two", "imports", "live")] if found else [])


HELD: dict[str, tuple[str, Mapping[str, object], Mapping[str, object], bool]] = {
    "the same ARN": ("aws_sns_topic", TOPIC, {"id": ARN, "arn": ARN}, True),
    "the same id in another region": (
        "aws_cloudwatch_log_group",
        {"id": "b", "name": "b", "arn": "arn:aws:logs:eu-west-1:111111111111:log-group:b"},
        {"id": "b", "name": "b", "arn": "arn:aws:logs:us-east-1:111111111111:log-group:b"},
        False,
    ),
    "the same name, and another id": (
        "aws_cognito_user_pool",
        {"id": "p1", "name": "b"},
        {"id": "p2", "name": "b"},
        False,
    ),
    "the same attachment": (
        "aws_iam_role_policy_attachment",
        {"id": "r-1", "role": "r", "policy_arn": "p"},
        {"id": "r-2", "role": "r", "policy_arn": "p"},
        True,
    ),
    "a permission of another function": (
        "aws_lambda_permission",
        {"id": "Allow", "statement_id": "Allow", "function_name": "f"},
        {"id": "Allow", "statement_id": "Allow", "function_name": "g"},
        False,
    ),
    "no id": ("aws_x", {"name": "b"}, {"name": "b"}, False),
}


@pytest.mark.parametrize(("type_", "gone", "there", "found"), HELD.values(), ids=HELD)
def test_deleted_resource_another_state_holds_is_found(
    type_: str, gone: Mapping[str, object], there: Mapping[str, object], *, found: bool
) -> None:
    held = {"live": ((f"{type_}.b", type_, there),)}
    plans = plan("two", delete(type_, **gone)), plan("live")
    assert find(*plans, held=held) == ([("two", "holds", "live")] if found else [])
    # What the other stack deletes or forgets itself is not wanted there.
    for action in (Action.DELETE, Action.FORGET):
        assert find(plans[0], plan("live", change(type_, action, {})), held=held) == []


def test_replaced_task_definition_needs_no_states() -> None:
    tasks = plan("web", change("aws_ecs_task_definition", Action.REPLACE, {"id": "b", "family": "b"}))
    assert list_deletions([tasks, plan("net", change("random_pet", Action.DELETE, {"id": "b"}))]) == []
    assert [each.stack for each in list_deletions([plan("two", delete("aws_sns_topic", **TOPIC))])] == ["two"]
