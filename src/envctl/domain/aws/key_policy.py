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
ONLY_SIGNERS, OTHERS = "EnvctlOnlyTheseSign", "EnvctlOthersDoNotSign"
GUESTS = "EnvctlOtherAccountsSign"
MEANINGS: Mapping[str, str] = {
    "EnvctlAccountDecides": "IAM of its account can't give permissions on the key",
    "EnvctlKeepTheKey": "a deployer may change the policy, tags, grants or aliases of the key, or delete it",
    ONLY_SIGNERS: "other roles with a permission in IAM sign with it",
    OTHERS: "other roles with a permission in IAM sign with it",
    GUESTS: "signers of other accounts can't sign",
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
    """A difference of a key, and how to end it: a step, and the statement to write into its policy, in JSON."""

    problem: str
    fix: str
    statement: str = ""


def list_bound_roles(project: Project, key: str) -> list[str]:
    """Return the roles that must not change the key, nor sign for people: those that deploy or look, and those that
    deployers make for workloads, in the account of the key.
    """
    start, order = f"arn:{key.split(':')[1]}:iam::{key.split(':')[4]}:role/", project.order.order
    pipeline = [project.environments[name] for name in order]
    named = {each for one in pipeline for each in (one.assume_role, one.look_role) if each}
    return [*sorted(named), *(f"{start}{project.identity.name}-{name}-*" for name in order)]


def build_key_policy(project: Project, environment: str, role: KeyRole, signers: Sequence[str] = ()) -> Policy:
    """Return the policy. `signers` are the roles of people, for the key that people sign with."""
    section, key = project.environments[environment], build_key_arn(project, environment, role)
    start, account = f"arn:{key.split(':')[1]}:iam::", key.split(":")[4]
    bound, only = list_bound_roles(project, key), _list_only_signers(project, environment, role, signers)
    own = {"look": section.look_role, "deployment": section.assume_role}.get(role)
    others = [each for each in bound if each != own]
    sid, signing = (ONLY_SIGNERS, _compare("ArnNotLike", only)) if only else (OTHERS, _compare("ArnLike", others))
    root, anybody, left = {"AWS": f"{start}{account}:root"}, {"AWS": "*"}, list(LEFT_TO_IAM)
    statements: list[Statement] = [
        _write("EnvctlAccountDecides", "Allow", root, Action="kms:*"),
        _write("EnvctlKeepTheKey", "Deny", anybody, NotAction=left, Condition=_compare("ArnLike", bound)),
        _write(sid, "Deny", anybody, Action="kms:Sign", Condition=signing),
    ]
    if guests := sorted({each for each in (*only, *signers) if each.split(":")[4] != account}):
        # The account stands for its roles: a role by name would make the policy invalid once it is deleted.
        accounts = {"AWS": sorted({f"{start}{each.split(':')[4]}:root" for each in guests})}
        using = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"]
        statements.append(_write(GUESTS, "Allow", accounts, Action=using, Condition=_compare("ArnLike", guests)))
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


def _write(sid: str, effect: str, principal: object, **rest: object) -> Statement:
    return {"Sid": sid, "Effect": effect, "Principal": principal, **rest, "Resource": "*"}


def _compare(operator: str, roles: Sequence[str]) -> Mapping[str, object]:
    return {operator: {"aws:PrincipalArn": list(roles)}}


def list_signers(policy: Policy) -> tuple[str, ...]:
    """Return the roles that the policy names as signers; none if IAM of the account decides alone."""
    named = [each for each in _list_statements(policy) if each.get("Sid") in (ONLY_SIGNERS, GUESTS)]
    keys = [keys for each in named for keys in each.get("Condition", {}).values()]
    return tuple(sorted(set().union(*(_normalize(each.get("aws:PrincipalArn", ())) for each in keys))))


def find_key_faults(found: KeyRecord, wanted: Policy) -> Iterator[KeyFinding]:
    """Compare a key with what envctl creates. The order and the names of statements do not matter."""
    if found.state != "Enabled":
        step = "cancel-key-deletion" if found.state == "PendingDeletion" else "enable-key"
        yield KeyFinding(f"the key does not sign: its state is {found.state}", f"aws kms {step} --key-id {found.arn}")
    if found.usage != KEY_USAGE:
        yield KeyFinding(f"the key is for {found.usage}, not for {KEY_USAGE}", "create another key, and name it")
    if not found.multi_region:
        fix = "no key can become multi-Region: create another one when you change the key"
        yield KeyFinding("the key is in one region only: if that region fails, it does not sign", fix)
    there, known = ([_normalize(each) for each in _list_statements(policy)] for policy in (found.policy, wanted))
    for each in _list_statements(wanted):
        if _normalize(each) not in there:
            fix = f"add the statement {each['Sid']} to the policy of the key"
            yield KeyFinding(f"the policy does not have {each['Sid']}: {MEANINGS[each['Sid']]}", fix, json.dumps(each))
    for each in _list_statements(found.policy):
        if each.get("Effect") == "Allow" and _normalize(each) not in known:
            problem = f"the policy allows more: {json.dumps(each, sort_keys=True)}"
            yield KeyFinding(problem, "remove that statement, unless it is needed")


def _list_statements(policy: Policy) -> Sequence[Statement]:
    found = policy.get("Statement", ())
    return [found] if isinstance(found, Mapping) else list(found)


def _normalize(value: Any, name: str = "") -> Any:  # noqa: ANN401 (a value of JSON)
    """To AWS, one value and a list of one are the same, and so are a star and everybody of AWS."""
    if isinstance(value, Mapping):
        return {key: _normalize(each, key) for key, each in value.items() if key != "Sid"}
    if name == "Principal":
        return {"AWS": frozenset([value])}
    return frozenset([value] if isinstance(value, str) else map(str, value))
