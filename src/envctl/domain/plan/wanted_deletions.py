"""Deletions of a resource that another stack of the environment creates, imports or holds: they would lose it.

Terraform plans each stack alone. AWS answers many creations of an existing resource with success; the deletion in the
other stack then destroys the only one there is.

Begin with `find_wanted_deletions`. Out of scope: ids that AWS makes up (a creation makes another resource), and ids of
other providers that are not unique in the cloud.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from envctl.domain.plan.changes import Action, Marker, ResourceChange, StackPlan
from envctl.domain.plan.provider_accounts import parse_role_account
from envctl.domain.terraform.claimed_resources import UNIQUE_ID, Instance

PROVIDER_CONFIGURATION = "provider configuration"
"""The planned value with the key of the provider configuration, such as `aws.us_east_1`."""

_GONE = frozenset({Action.DELETE, Action.REPLACE})
_MADE = frozenset({Action.CREATE, Action.REPLACE, Action.RENEW})
_SCALABLE = "service_namespace resource_id scalable_dimension"
# The arguments that identify resources whose id does not. A new revision of a task definition is another resource.
_IDENTIFIED_BY: Mapping[str, str] = {
    "aws_appautoscaling_policy": f"{_SCALABLE} name", "aws_appautoscaling_target": _SCALABLE,
    "aws_cloudwatch_event_rule": "event_bus_name name", "aws_cloudwatch_event_target": "event_bus_name rule target_id",
    "aws_cognito_user_pool": "name", "aws_ecs_task_definition": "", "aws_iam_role_policy": "role name",
    "aws_iam_group_policy_attachment": "group policy_arn", "aws_iam_role_policy_attachment": "role policy_arn",
    "aws_iam_user_policy_attachment": "user policy_arn", "aws_launch_template": "name", "aws_lb": "name",
    "aws_lambda_permission": "function_name qualifier statement_id", "aws_lb_target_group": "name",
    "aws_lb_target_group_attachment": "target_group_arn target_id port", "aws_route53_zone": "name",
    "aws_route53_record": "zone_id name type set_identifier", "aws_s3_bucket_object": "bucket key",
    "aws_s3_object": "bucket key", "aws_secretsmanager_secret": "name", "aws_security_group": "vpc_id name",
    "aws_sns_topic_policy": "arn", "aws_sns_topic_subscription": "topic_arn protocol endpoint",
    "local_file": "filename",
}  # fmt: skip
_NAME_KEYS = ("identifier", "name")
_PARENT_KEYS = re.compile(r".*_(id|name|arn|identifier)|cluster|role|user|group")
_ARN = re.compile(r"arn:[^:]*:[^:]*:([^:]*):([^:]*):(.*)", re.DOTALL)


@dataclass(frozen=True)
class PlacedResource:
    """A resource of a stack: its values by path, and the region and account of its provider; empty if unknown."""

    stack: str
    address: str
    type: str
    values: Mapping[str, object]
    provider: tuple[str, str] = ("", "")

    @property
    def id(self) -> str:
        return _to_text(self.values.get("id"))

    @property
    def arn(self) -> str:
        return next((text for key in ("arn", "id") if _ARN.fullmatch(text := _to_text(self.values.get(key)))), "")

    @property
    def place(self) -> tuple[str, str]:
        """Its region and account; empty if unknown, or the same for all."""
        match, (region, account) = _ARN.fullmatch(self.arn), self.provider
        return (match[1], match[2]) if match else (_to_text(self.values.get("region")) or region, account)


@dataclass(frozen=True)
class WantedDeletion:
    gone: PlacedResource
    verb: str  # what another stack does: creates, imports or holds
    wanted: PlacedResource  # the same resource there


def find_wanted_deletions(
    plans: Collection[StackPlan], held: Mapping[str, Iterable[Instance]], pending: Collection[str]
) -> list[WantedDeletion]:
    """Return the deletions of what another stack creates, imports or holds, each once.

    `held` has the resources in the states of stacks. The `pending` stacks have not deleted yet.
    """
    changes = [(plan, each) for plan in plans for each in plan.resources]
    others = [("creates", _read_change(plan, each, "after")) for plan, each in changes if each.action in _MADE]
    others += [("imports", _read_change(plan, each, "after")) for plan, each in changes if each.imported]
    left = {(plan.stack, each.address) for plan, each in changes if each.action in (*_GONE, Action.FORGET)}
    instances = (PlacedResource(stack, *each) for stack, found in held.items() for each in found)
    others += [("holds", each) for each in instances if (each.stack, each.address) not in left]
    wanted = (
        next((WantedDeletion(gone, verb, other) for verb, other in others if _is_same(gone, verb, other)), None)
        for gone in list_deletions(plans)
        if gone.stack in pending
    )
    return [each for each in wanted if each]


def list_deletions(plans: Iterable[StackPlan]) -> list[PlacedResource]:
    """Return the deleted and replaced resources that another stack can have too: a task definition, which each new
    image replaces, is no reason to read all states.
    """
    found = (_read_change(plan, each, "before") for plan in plans for each in plan.resources if each.action in _GONE)
    named = [each for each in found if _IDENTIFIED_BY.get(each.type, each.type)]
    return [r for r in named if r.type.startswith("aws") or r.type in _IDENTIFIED_BY or UNIQUE_ID.fullmatch(r.id)]


def _read_change(plan: StackPlan, change: ResourceChange, side: str) -> PlacedResource:
    """Return the side `before` or `after`, or the id of an import. Of a replacement, changed values alone are known."""
    values = {each.path: getattr(each, side) for each in change.attributes}
    if change.imported:
        values = {"id": change.imported}
    planned = change.planned.get(PROVIDER_CONFIGURATION)
    module, _, name = str(planned.after if planned else "").rpartition(":")
    used = next((each for each in plan.providers if (each.module, each.name) == (module, name)), None)
    account = used.allowed[0] if used and len(used.allowed) == 1 else parse_role_account(used.role if used else "")
    return PlacedResource(plan.stack, change.address, change.type, values, (used.region if used else "", account))


def _is_same(gone: PlacedResource, verb: str, other: PlacedResource) -> bool:
    if gone.type != other.type or gone.stack == other.stack:
        return False
    if any(here and there and here != there for here, there in zip(gone.place, other.place, strict=True)):
        return False
    if verb == "imports":
        # The text of `id`, or JSON with the values of `identity`.
        return any(text and (text == other.id or f'"{text}"' in other.id) for text in (gone.id, gone.arn))
    has_same_id = bool(gone.id) and (gone.id, gone.arn) == (other.id, other.arn)
    if (keys := _IDENTIFIED_BY.get(gone.type)) is not None:
        pairs = [(gone.values.get(key), other.values.get(key)) for key in keys.split()]
        is_equal = any(here is not None for here, _ in pairs) and all(
            here == there and not isinstance(here, Marker) for here, there in pairs
        )
        # The provider makes up the id of an attachment.
        return is_equal and (verb == "creates" or has_same_id or gone.type.endswith("_attachment"))
    return has_same_id if verb == "holds" else _has_same_name(gone, other)


def _has_same_name(gone: PlacedResource, made: PlacedResource) -> bool:
    """Check that the value in the deleted id or ARN is that of the created one, and the same for what it is in, such as
    a cluster. A value that is known after the apply is another one.
    """
    values = {key: text for key, value in gone.values.items() if (text := _to_text(value)) and key not in ("id", "arn")}
    names = [key for key, text in values.items() if text in (gone.id, _find_end(gone.id), _find_end(gone.arn))]
    name = min(names, key=lambda key: (key not in _NAME_KEYS, not key.endswith("name"), key), default="")
    if not name or values[name] != made.values.get(name):
        return False
    match = _ARN.fullmatch(gone.arn)
    parts = {*_split(match[3] if match else ""), *_split(gone.id if gone.id != gone.arn else "")}
    # Numbers are accounts: a plan does not know these before the creation.
    parts = {part for part in parts if not part.isdecimal()} - {"", _find_end(values[name])}
    parents = [key for key, text in values.items() if _PARENT_KEYS.fullmatch(key) and _find_end(text) in parts]
    return all(_find_end(values[key]) == _find_end(made.values.get(key)) for key in parents)


def _split(text: str) -> list[str]:
    return re.split(r"[:/|,]", text)


def _find_end(value: object) -> str:
    return _split(_to_text(value))[-1]


def _to_text(value: object) -> str:
    return value if isinstance(value, str) and not isinstance(value, Marker) else ""
