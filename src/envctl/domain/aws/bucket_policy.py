"""The statements of envctl in a bucket's policy. They only ever deny, and whatever else is in the policy stays."""

from collections.abc import Mapping, Sequence
from typing import Any

from envctl.domain.aws.buckets import Policy, Statement, WantedBucket

VERSION = "2012-10-17"
OWN = "Envctl"
"""The Sid of each statement of envctl begins so."""


def statements(wanted: WantedBucket) -> tuple[Statement, ...]:
    everything = [wanted.arn, f"{wanted.arn}/*"]
    plain_http = {"Bool": {"aws:SecureTransport": "false"}}
    shared = (
        _deny("TlsOnly", "s3:*", everything, plain_http),
        _deny("KeepBucket", "s3:DeleteBucket", wanted.arn),
    )
    return (*shared, *(_of_store(wanted) if wanted.purpose == "store" else _of_state(wanted)))


def _of_state(wanted: WantedBucket) -> tuple[Statement, ...]:
    # Terraform removes its lock file with s3:DeleteObject, which only adds a delete marker here.
    return (_deny("KeepVersions", "s3:DeleteObjectVersion", f"{wanted.arn}/*"),)


def _of_store(wanted: WantedBucket) -> tuple[Statement, ...]:
    kept = f"{wanted.arn}/{wanted.prefix}/*" if wanted.prefix else f"{wanted.arn}/*"
    removing = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"]
    return (
        _deny("KeepObjects", removing, kept),
        # A part of a multipart upload can't carry the header, and is denied as well: envctl never uploads in parts.
        _deny("CreateOnly", "s3:PutObject", kept, {"Null": {"s3:if-none-match": "true"}}),
    )


def lacking(policy: Policy, wanted: WantedBucket) -> tuple[str, ...]:
    """The Sids of the statements that are not there, or deny less than they should."""
    there = {str(each.get("Sid", "")): each for each in _statements(policy)}
    return tuple(each["Sid"] for each in statements(wanted) if not _covers(there.get(each["Sid"], {}), each))


def merged(policy: Policy, wanted: WantedBucket) -> Policy:
    """The same policy with all that envctl wants in it: a statement of its own that denies more still does."""
    own = {each["Sid"]: each for each in statements(wanted)}
    there = {str(each.get("Sid", "")): each for each in _statements(policy)}
    kept = [each for each in _statements(policy) if each.get("Sid") not in own]
    ours = [_joined(there.get(sid, {}), each) for sid, each in own.items()]
    return {**(policy or {"Version": VERSION}), "Statement": [*kept, *ours]}


def _deny(
    name: str, action: str | Sequence[str], resource: str | Sequence[str], condition: Mapping[str, Any] | None = None
) -> Statement:
    what = {"Sid": f"{OWN}{name}", "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}
    return {**what, "Condition": condition} if condition else what


def _statements(policy: Policy) -> Sequence[Statement]:
    found = policy.get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


def _covers(there: Statement, wanted: Statement) -> bool:
    """Whether it denies all that is wanted. It may deny more."""
    if not _alike(there, wanted):
        return False
    return all(_listed(there.get(key)) >= _listed(wanted[key]) for key in ("Action", "Resource"))


def _alike(there: Statement, wanted: Statement) -> bool:
    """Whether it denies to the same people under the same condition, be it other things."""
    everybody = there.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
    conditions = _plain(there.get("Condition")), _plain(wanted.get("Condition"))
    return there.get("Effect") == "Deny" and everybody and conditions[0] == conditions[1]


def _joined(there: Statement, wanted: Statement) -> Statement:
    if not _alike(there, wanted):
        return wanted
    if _covers(there, wanted):
        return there
    return {**wanted, **{key: sorted(_listed(there.get(key)) | _listed(wanted[key])) for key in ("Action", "Resource")}}


def _listed(value: Any) -> frozenset[str]:  # noqa: ANN401 (a string or a list, as policies have it)
    return frozenset([value] if isinstance(value, str) else value or ())


def _plain(condition: Any) -> Any:  # noqa: ANN401
    """A condition in which one value and a list of one are the same, as they are to AWS."""
    if isinstance(condition, Mapping):
        return {key: _plain(value) for key, value in condition.items()}
    if isinstance(condition, list) and len(condition) == 1:
        return _plain(condition[0])
    return str(condition).lower() if isinstance(condition, bool) else condition or ""
