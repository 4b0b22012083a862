"""The policy of a KMS key that signs entries: who signs with it, and who must not change it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from envctl.domain.aws.buckets import Policy, Statement
from envctl.domain.config.project import Project
from envctl.domain.config.signing_keys import build_key_arn
from envctl.domain.ledger.key_roles import KeyRole

KEY_SPEC, KEY_USAGE = "ECC_NIST_P256", "SIGN_VERIFY"
# A deployer may have made the key, and gives it its alias then: IAM keeps it from adding another one.
LEFT_TO_IAM = ("kms:CreateAlias", "kms:Describe*", "kms:Get*", "kms:List*", "kms:Sign", "kms:Verify")
ONLY_SIGNERS = "EnvctlOnlyTheseSign"
PRINCIPAL = "aws:PrincipalArn"
MEANINGS: Mapping[str, str] = {
    "EnvctlAccountDecides": "IAM of its account can't give permissions on the key",
    "EnvctlKeepTheKey": "a deployer may change the policy, tags, grants or aliases of the key, or delete it",
    ONLY_SIGNERS: "other roles with a permission in IAM sign with it",
    "EnvctlOthersDoNotSign": "other roles with a permission in IAM sign with it",
    "EnvctlOtherAccountsSign": "signers of other accounts can't sign",
}


@dataclass(frozen=True, kw_only=True)
class KeyRecord:
    """What KMS knows of a key."""

    arn: str
    state: str
    usage: str
    multi_region: bool
    policy: Policy


@dataclass(frozen=True)
class KeyFinding:
    """A difference of a key, and how to end it: the statement to write into its policy, or a step."""

    problem: str
    fix: str
    statement: Statement | None = None


def build_key_policy(project: Project, environment: str, role: KeyRole, signers: Sequence[str] = ()) -> Policy:
    """Return the policy. `signers` are the roles of people, for the key that people sign with."""
    section, key = project.environments[environment], build_key_arn(project, environment, role)
    partition, account = key.split(":")[1], key.split(":")[4]
    pipeline = [project.environments[name] for name in project.order.order]
    bound = sorted({found for each in pipeline for found in (each.assume_role, each.look_role) if found})
    if role != "people":
        # A deployer may make such roles, and work through them.
        bound.append(f"arn:{partition}:iam::{account}:role/{project.identity.name}-{environment}-*")
    only = _list_only_signers(project, environment, role, signers)
    own = section.look_role if role == "look" else section.assume_role if role == "deployment" else None
    others = [each for each in bound if each != own]
    guests = sorted({each for each in (*only, *signers) if each.split(":")[4] != account})
    guest_accounts = sorted({f"arn:{partition}:iam::{each.split(':')[4]}:root" for each in guests})
    root = {"AWS": f"arn:{partition}:iam::{account}:root"}
    statements: list[Statement] = [_write("EnvctlAccountDecides", "Allow", root, {"Action": "kms:*"})]
    if bound:
        left = {"NotAction": list(LEFT_TO_IAM), "Condition": {"ArnLike": {PRINCIPAL: bound}}}
        statements.append(_write("EnvctlKeepTheKey", "Deny", {"AWS": "*"}, left))
    if only:
        signing = {"Action": "kms:Sign", "Condition": {"ArnNotLike": {PRINCIPAL: list(only)}}}
        statements.append(_write(ONLY_SIGNERS, "Deny", {"AWS": "*"}, signing))
    elif others:
        signing = {"Action": "kms:Sign", "Condition": {"ArnLike": {PRINCIPAL: others}}}
        statements.append(_write("EnvctlOthersDoNotSign", "Deny", {"AWS": "*"}, signing))
    if guests:
        # The account stands for its roles: a role by name would make the policy invalid once it is deleted.
        using = {"Action": ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"]}
        named = {**using, "Condition": {"ArnLike": {PRINCIPAL: guests}}}
        statements.append(_write("EnvctlOtherAccountsSign", "Allow", {"AWS": guest_accounts}, named))
    return {"Version": "2012-10-17", "Statement": statements}


def _list_only_signers(project: Project, environment: str, role: KeyRole, signers: Sequence[str]) -> tuple[str, ...]:
    """Return the only roles that sign with the key; none if envctl can't know all of them."""
    section = project.environments[environment]
    if role == "people":
        return tuple(sorted(signers))
    if role == "look":
        return (section.look_role,) if section.look_role else ()
    # Without a key for people, people sign with this one.
    return (section.assume_role,) if section.assume_role and section.approval_signing_key else ()


def _write(sid: str, effect: str, principal: object, rest: Mapping[str, object]) -> Statement:
    return {"Sid": sid, "Effect": effect, "Principal": principal, **rest, "Resource": "*"}


def list_signers(policy: Policy) -> tuple[str, ...]:
    """Return the roles that alone may sign by the policy; none if IAM of the account decides."""
    found = next((each for each in _list_statements(policy) if each.get("Sid") == ONLY_SIGNERS), {})
    signers = found.get("Condition", {}).get("ArnNotLike", {}).get(PRINCIPAL, ())
    return (signers,) if isinstance(signers, str) else tuple(sorted(signers))


def find_key_faults(found: KeyRecord, wanted: Policy) -> Iterator[KeyFinding]:
    """Compare a key with what envctl creates. The order and the names of statements do not matter."""
    if found.state != "Enabled":
        step = "cancel-key-deletion" if found.state == "PendingDeletion" else "enable-key"
        yield KeyFinding(f"the key does not sign: its state is {found.state}", f"aws kms {step} --key-id {found.arn}")
    if found.usage != KEY_USAGE:
        yield KeyFinding(f"the key is for {found.usage}, not for {KEY_USAGE}", "create another key, and name it")
    if not found.multi_region:
        fix = "no key can become multi-Region: create another one when you change the key"
        yield KeyFinding("the key is in one region only: without that region nobody signs", fix)
    there = [_normalize(each) for each in _list_statements(found.policy)]
    for each in _list_statements(wanted):
        if _normalize(each) not in there:
            sid = str(each["Sid"])
            fix = f"add the statement {sid} to the policy of the key"
            yield KeyFinding(f"the policy does not have {sid}: {MEANINGS[sid]}", fix, each)
    known = [_normalize(each) for each in _list_statements(wanted)]
    for each in _list_statements(found.policy):
        if each.get("Effect") == "Allow" and _normalize(each) not in known:
            fix = "remove it, if nobody needs it"
            yield KeyFinding(f"the policy allows more: {json.dumps(each, sort_keys=True)}", fix)


def _list_statements(policy: Policy) -> Sequence[Statement]:
    found = policy.get("Statement", ())
    return [found] if isinstance(found, Mapping) else list(found)


def _normalize(value: Any) -> Any:  # noqa: ANN401 (a value of JSON)
    """To AWS, one value and a list of one are the same, and so are a star and everybody of AWS."""
    if isinstance(value, Mapping):
        kept = {name: each for name, each in value.items() if name != "Sid"}
        everybody = kept.get("Principal") == "*"
        return {
            name: _normalize(each)
            for name, each in ({**kept, "Principal": {"AWS": "*"}} if everybody else kept).items()
        }
    return frozenset([value] if isinstance(value, str) else map(str, value))
