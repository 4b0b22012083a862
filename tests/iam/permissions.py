"""Whether a role may use a KMS key: its own policies and the policy of the key together, as in docs.aws.amazon.com/
kms/latest/developerguide/policy-evaluation.html. A deny anywhere wins. Where the key policy names an account, that
account's IAM decides, so both must allow; policies of keys that name roles are not implemented here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.iam.conditions import Context, UnsupportedPolicyError, holds, matches_pattern, read_texts

Json = Mapping[str, Any]

OWNING_ACTIONS = (
    *("kms:CancelKeyDeletion", "kms:CreateGrant", "kms:DeleteAlias", "kms:DeleteImportedKeyMaterial"),
    *("kms:DisableKey", "kms:EnableKey", "kms:ImportKeyMaterial", "kms:PutKeyPolicy", "kms:ReplicateKey"),
    *("kms:RetireGrant", "kms:RevokeGrant", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource"),
    *("kms:UpdateAlias", "kms:UpdateKeyDescription", "kms:UpdatePrimaryRegion"),
)
"""What owns a key: who may do one of these can get at the others, or end the key."""
ALL_OF_KMS: Json = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}


@dataclass(frozen=True, kw_only=True)
class KmsKey:
    arn: str
    alias: str = ""
    policy: Json | None = None  # that of AWS, where nobody wrote one
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]


def may(role: str, action: str, key: KmsKey, policies: Sequence[Json], **context: str) -> bool:
    """Check if a session of the role may do this with the key. A request names the key by its alias, if it has one.

    `context` has more keys of the request, with `__` in place of the colon.
    """
    known: dict[str, tuple[str, ...]] = {"aws:principalarn": (role,)}
    known |= {name.replace("__", ":").lower(): (value,) for name, value in context.items()}
    known |= {f"aws:resourcetag/{name}".lower(): (value,) for name, value in key.tags.items()}
    if key.alias:
        known |= {"kms:resourcealiases": (key.alias,), "kms:requestalias": (key.alias,)}
    by_identity = {each["Effect"] for policy in policies for each in _list_matching(policy, action, key.arn, known)}
    root = f"arn:aws:iam::{key.account}:root"
    default = {"Statement": {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}}
    statements = _list_matching(key.policy or default, action, key.arn, known)
    by_key = {each["Effect"] for each in statements if _names(each["Principal"], role)}
    return by_identity == {"Allow"} and by_key == {"Allow"}


def _list_matching(policy: Json, action: str, resource: str, context: Context) -> list[Json]:
    document = json.loads(policy) if isinstance(policy, str) else policy
    listed = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    # Each part is evaluated, so that an unsupported one is found whatever the others say.
    return [
        each
        for each in listed
        if all(
            [_has(each, "Action", action), _has(each, "Resource", resource), holds(each.get("Condition", {}), context)]
        )
    ]


def _has(statement: Json, element: str, value: str) -> bool:
    if (element in statement) is (f"Not{element}" in statement) or statement["Effect"] not in ("Allow", "Deny"):
        raise UnsupportedPolicyError(f"statement {json.dumps(statement)}")
    # AWS compares actions without their case, and ARNs with it.
    fold = str.lower if element == "Action" else str
    patterns = read_texts(statement.get(element, statement.get(f"Not{element}")))
    found = any(matches_pattern(fold(pattern), fold(value)) for pattern in patterns)
    return found if element in statement else not found


def _names(principal: object, role: str) -> bool:
    if not isinstance(principal, Mapping) or set(principal) != {"AWS"}:
        raise UnsupportedPolicyError(f"principal {principal}")
    named = read_texts(principal["AWS"])
    if wrong := [each for each in named if each != "*" and not each.endswith(":root")]:
        raise UnsupportedPolicyError(f"principals {wrong}")
    return bool({"*", f"arn:aws:iam::{role.split(':')[4]}:root"}.intersection(named))


def list_owning(role: str, key: KmsKey, policies: Sequence[Json], **context: str) -> list[str]:
    """Return the actions by which the role could make this key its own, or end it."""
    return [action for action in OWNING_ACTIONS if may(role, action, key, policies, **context)]
