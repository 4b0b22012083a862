"""Whether a trust policy lets somebody take its role, as in docs.aws.amazon.com/IAM/latest/UserGuide/
reference_policies_evaluation-logic.html (an explicit deny wins, and what no statement allows is denied) and
reference_policies_elements_principal.html.

This is only the role's half: a user or role of another account, or one that is trusted by its account, also needs a
permission of its own.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tests.iam.conditions import Context, UnsupportedPolicyError, holds, matches_pattern, read_texts

Json = Mapping[str, Any]

ASSUME = "sts:AssumeRole"
ASSUME_WITH_TOKEN = "sts:AssumeRoleWithWebIdentity"
TAG = "sts:TagSession"


class Decision(Enum):
    ALLOWED = "allowed"
    DENIED = "denied by a statement"
    NOT_ALLOWED = "allowed by no statement"


@dataclass(frozen=True)
class Caller:
    """`kind` is the key of the Principal element: AWS, Federated or Service.

    `names` are all by which a policy may name the caller, besides a star: those of a session are its own ARN, that of
    its role, and its account.
    """

    kind: str
    names: frozenset[str]


@dataclass(frozen=True)
class TrustRequest:
    """All `actions` must be allowed: passing session tags asks for sts:TagSession as well."""

    caller: Caller
    actions: tuple[str, ...]
    context: Context = field(default_factory=dict)


_ARN = re.compile(r"arn:(?P<partition>[\w-]+):(?P<service>iam|sts)::(?P<account>\d{12}):(?P<kind>[\w-]+)/(?P<name>.+)")


def describe_caller(arn: str, role_path: str = "") -> Caller:
    """Return a user, or a session of a role. The ARN of a session lacks the path of its role (`/ci/`)."""
    found = _ARN.fullmatch(arn)
    if found is None or found["kind"] not in ("user", "assumed-role"):
        raise UnsupportedPolicyError(f"caller {arn}")
    start = f"arn:{found['partition']}:iam::{found['account']}"
    names = {arn, found["account"], f"{start}:root"}
    if found["kind"] == "assumed-role":
        names.add(f"{start}:role/{role_path.lstrip('/')}{found['name'].split('/')[0]}")
    return Caller("AWS", frozenset(names))


def build_context(**values: str) -> Context:
    """Return condition keys by names with `__` in place of the colon."""
    return {name.replace("__", ":").lower(): (value,) for name, value in values.items()}


def decide(policy: str | Json, request: TrustRequest) -> Decision:
    """Raise UnsupportedPolicyError for a policy that can't be evaluated, even if it does not matter here."""
    statements = _read_statements(policy)
    decisions = [_decide_action(statements, request, action) for action in request.actions]
    if Decision.DENIED in decisions:
        return Decision.DENIED
    return Decision.NOT_ALLOWED if Decision.NOT_ALLOWED in decisions or not decisions else Decision.ALLOWED


def is_allowed(policy: str | Json, request: TrustRequest) -> bool:
    return decide(policy, request) is Decision.ALLOWED


def _decide_action(statements: Sequence[Json], request: TrustRequest, action: str) -> Decision:
    effects = {each["Effect"] for each in [each for each in statements if _applies(each, request, action)]}
    if "Deny" in effects:
        return Decision.DENIED
    return Decision.ALLOWED if "Allow" in effects else Decision.NOT_ALLOWED


def _applies(statement: Json, request: TrustRequest, action: str) -> bool:
    # Each part is evaluated, so that an unsupported one is found whatever the others say.
    return all(
        [
            _names_caller(statement["Principal"], request.caller),
            _names_action(statement, action),
            holds(statement.get("Condition", {}), request.context),
        ]
    )


_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Condition"}


def _read_statements(policy: str | Json) -> Sequence[Json]:
    document = json.loads(policy) if isinstance(policy, str) else policy
    if set(document) - {"Version", "Id", "Statement"} or document.get("Version") != "2012-10-17":
        raise UnsupportedPolicyError(f"elements {sorted(document)}, version {document.get('Version')}")
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    for each in statements:
        wrong = set(each) - _ELEMENTS or {"Effect", "Principal"} - set(each)
        if wrong or each["Effect"] not in ("Allow", "Deny") or ("Action" in each) is ("NotAction" in each):
            raise UnsupportedPolicyError(f"statement {json.dumps(each)}")
    return statements


def _names_caller(principal: object, caller: Caller) -> bool:
    """A star stands for everybody, and only alone: AWS takes no pattern of principals."""
    if principal == "*":
        return True
    if not isinstance(principal, Mapping) or set(principal) - {"AWS", "Federated", "Service"}:
        raise UnsupportedPolicyError(f"principal {principal}")
    named = {kind: read_texts(names) for kind, names in principal.items()}
    for kind, names in named.items():
        if any("*" in name or "?" in name for name in names if not (kind == "AWS" and name == "*")):
            raise UnsupportedPolicyError(f"pattern of principals {principal}")
    return "*" in named.get("AWS", ()) or bool(caller.names.intersection(named.get(caller.kind, ())))


def _names_action(statement: Json, action: str) -> bool:
    patterns = read_texts(statement.get("Action", statement.get("NotAction")))
    found = any(matches_pattern(pattern.lower(), action.lower()) for pattern in patterns)
    return found if "Action" in statement else not found
