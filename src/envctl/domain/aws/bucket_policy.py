"""The statements of envctl in bucket policies. They only deny; all other statements stay."""

from collections.abc import Mapping, Sequence
from typing import Any

from envctl.domain.aws.buckets import Policy, Statement, WantedBucket

POLICY_VERSION = "2012-10-17"
SID_PREFIX = "Envctl"
"""The prefix of the Sid of every statement of envctl."""


def build_statements(wanted: WantedBucket) -> tuple[Statement, ...]:
    objects = f"{wanted.arn}/*"
    shared = (
        _build_denial("TlsOnly", "s3:*", [wanted.arn, objects], {"Bool": {"aws:SecureTransport": "false"}}),
        _build_denial("KeepBucket", "s3:DeleteBucket", wanted.arn),
    )
    if wanted.purpose != "store":
        # Terraform deletes its lock file with s3:DeleteObject: in a versioned bucket this only adds a delete marker.
        return (*shared, _build_denial("KeepVersions", "s3:DeleteObjectVersion", objects))
    kept = f"{wanted.arn}/{wanted.prefix}/*" if wanted.prefix else objects
    removing = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"]
    return (
        *shared,
        _build_denial("KeepObjects", removing, kept),
        # This also denies multipart uploads: their parts can't carry the header. envctl never uploads in parts.
        _build_denial("CreateOnly", "s3:PutObject", kept, {"Null": {"s3:if-none-match": "true"}}),
    )


def find_missing_sids(policy: Policy, wanted: WantedBucket) -> tuple[str, ...]:
    """Return the Sids of statements that are missing or deny too little."""
    by_sid = {str(each.get("Sid", "")): each for each in _list_statements(policy)}
    own = {each["Sid"]: each for each in build_statements(wanted)}
    return tuple(sid for sid, each in own.items() if not _is_covering(by_sid.get(sid, {}), each))


def merge_policy(policy: Policy, wanted: WantedBucket) -> Policy:
    """Return the policy with all statements of envctl; its statements that deny more are kept."""
    own = {each["Sid"]: each for each in build_statements(wanted)}
    by_sid = {str(each.get("Sid", "")): each for each in _list_statements(policy)}
    kept = [each for each in _list_statements(policy) if each.get("Sid") not in own]
    ours = [_merge_statement(by_sid.get(sid, {}), each) for sid, each in own.items()]
    return {**(policy or {"Version": POLICY_VERSION}), "Statement": [*kept, *ours]}


def _build_denial(
    name: str, action: str | Sequence[str], resource: str | Sequence[str], condition: Mapping[str, Any] | None = None
) -> Statement:
    what = {"Sid": f"{SID_PREFIX}{name}", "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}
    return {**what, "Condition": condition} if condition else what


def _list_statements(policy: Policy) -> Sequence[Statement]:
    found = policy.get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


def _is_covering(found: Statement, wanted: Statement) -> bool:
    """Check that the statement denies everything wanted, or more."""
    if not _has_same_scope(found, wanted):
        return False
    return all(_to_set(found.get(key)) >= _to_set(wanted[key]) for key in ("Action", "Resource"))


def _has_same_scope(found: Statement, wanted: Statement) -> bool:
    """Check that both statements deny to everyone under the same condition."""
    everybody = found.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
    conditions = _normalize_condition(found.get("Condition")), _normalize_condition(wanted.get("Condition"))
    return found.get("Effect") == "Deny" and everybody and conditions[0] == conditions[1]


def _merge_statement(found: Statement, wanted: Statement) -> Statement:
    if not _has_same_scope(found, wanted):
        return wanted
    if _is_covering(found, wanted):
        return found
    return {**wanted, **{key: sorted(_to_set(found.get(key)) | _to_set(wanted[key])) for key in ("Action", "Resource")}}


def _to_set(value: Any) -> frozenset[str]:  # noqa: ANN401 (a string or a list, as policies have it)
    return frozenset([value] if isinstance(value, str) else value or ())


def _normalize_condition(condition: Any) -> Any:  # noqa: ANN401
    """Normalize a condition: to AWS, one value and a list of one are the same."""
    if isinstance(condition, Mapping):
        return {key: _normalize_condition(value) for key, value in condition.items()}
    if isinstance(condition, list) and len(condition) == 1:
        return _normalize_condition(condition[0])
    return str(condition).lower() if isinstance(condition, bool) else condition or ""
