"""Trust policies as the user guide of IAM describes them."""

from typing import Any

import pytest

from tests.iam.conditions import UnsupportedPolicyError
from tests.iam.tokens import GITHUB, Provider, decide_token, github_token
from tests.iam.trust import (
    ASSUME,
    ASSUME_WITH_TOKEN,
    TAG,
    Caller,
    Decision,
    TrustRequest,
    decide,
    describe_caller,
    is_allowed,
)

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci"
SESSION = describe_caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/job-7")
USER = describe_caller(f"arn:aws:iam::{ACCOUNT}:user/ann")
LAMBDA = Caller("Service", frozenset(["lambda.amazonaws.com"]))


def statement(principal: Any, effect: str = "Allow", action: Any = ASSUME, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, **more}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


# reference_policies_elements_principal.html
PRINCIPALS: dict[str, tuple[Any, Caller, bool]] = {
    "an account by its number": ({"AWS": ACCOUNT}, USER, True),
    "an account by its root": ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, SESSION, True),
    "another account": ({"AWS": "999999999999"}, USER, False),
    "the user": ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}, USER, True),
    "another user": ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/an"}, USER, False),
    "the role of the session": ({"AWS": ROLE}, SESSION, True),
    "the role and others": ({"AWS": ["999999999999", ROLE]}, SESSION, True),
    "the role with a path": ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/jobs/ci"}, SESSION, False),
    "the session itself": ({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/job-7"}, SESSION, True),
    "another session": ({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/job-8"}, SESSION, False),
    "a role of the same name elsewhere": ({"AWS": "arn:aws:iam::999999999999:role/ci"}, SESSION, False),
    "a role for a user": ({"AWS": ROLE}, USER, False),
    "everybody": ("*", SESSION, True),
    "everybody of AWS": ({"AWS": "*"}, USER, True),
    "the service": ({"Service": "lambda.amazonaws.com"}, LAMBDA, True),
    "another service": ({"Service": ["ec2.amazonaws.com"]}, LAMBDA, False),
    "a service for a user": ({"Service": "lambda.amazonaws.com"}, USER, False),
    "an identity provider for a session": ({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/x"}, SESSION, False),
}
ALLOWING = statement({"AWS": ROLE})
DENYING = statement("*", "Deny", "sts:*")
# reference_policies_evaluation-logic_policy-eval-denyallow.html
STATEMENTS: dict[str, tuple[dict[str, Any], Decision]] = {
    "none": (policy(), Decision.NOT_ALLOWED),
    "one that allows": (policy(ALLOWING), Decision.ALLOWED),
    "one, and no list": ({"Version": "2012-10-17", "Statement": ALLOWING}, Decision.ALLOWED),
    "a deny wins": (policy(ALLOWING, DENYING), Decision.DENIED),
    "in any order": (policy(DENYING, ALLOWING), Decision.DENIED),
    "a deny for another": (policy(ALLOWING, statement({"AWS": "999999999999"}, "Deny")), Decision.ALLOWED),
    "a deny under a condition that is false": (
        policy(ALLOWING, statement("*", "Deny", Condition={"StringNotEquals": {"sts:RoleSessionName": "job"}})),
        Decision.ALLOWED,
    ),
    "another action": (policy(statement({"AWS": ROLE}, action=ASSUME_WITH_TOKEN)), Decision.NOT_ALLOWED),
    "all actions of STS": (policy(statement({"AWS": ROLE}, action="STS:Assume*")), Decision.ALLOWED),
    "all but one": (
        policy({"Effect": "Allow", "Principal": {"AWS": ROLE}, "NotAction": "sts:TagSession"}),
        Decision.ALLOWED,
    ),
    "all but this one": (
        policy({"Effect": "Allow", "Principal": {"AWS": ROLE}, "NotAction": "sts:AssumeRole"}),
        Decision.NOT_ALLOWED,
    ),
}
UNSUPPORTED: dict[str, dict[str, Any]] = {
    "a pattern of roles": policy(statement({"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"})),
    "every provider": policy(statement({"Federated": "*"})),
    "a user of S3": policy(statement({"CanonicalUser": "79a59d"})),
    "no principal": policy({"Effect": "Allow", "Action": ASSUME}),
    "all but a principal": policy({"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}, "Action": ASSUME}),
    "a resource": policy(statement({"AWS": ROLE}, Resource="*")),
    "no action": policy({"Effect": "Allow", "Principal": "*"}),
    "an old version": {"Version": "2008-10-17", "Statement": [ALLOWING]},
    "no version": {"Statement": [ALLOWING]},
    "another effect": policy(statement("*", "Maybe")),
    "a statement about somebody else": policy(
        ALLOWING, statement({"AWS": "999999999999"}, Condition={"Odd": {"a": "b"}})
    ),
}


@pytest.mark.parametrize(("principal", "caller", "expected"), PRINCIPALS.values(), ids=PRINCIPALS)
def test_principal_is_matched_as_documented(principal: Any, caller: Caller, expected: bool) -> None:
    assert is_allowed(policy(statement(principal)), TrustRequest(caller, (ASSUME,))) is expected


@pytest.mark.parametrize(("document", "expected"), STATEMENTS.values(), ids=STATEMENTS)
def test_explicit_deny_wins_over_allow(document: dict[str, Any], expected: Decision) -> None:
    request = TrustRequest(SESSION, (ASSUME,), {"sts:rolesessionname": ("job",)})
    assert decide(document, request) is expected


@pytest.mark.parametrize("document", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_unsupported_policy_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedPolicyError):
        decide(document, TrustRequest(SESSION, (ASSUME,)))


@pytest.mark.parametrize("arn", ["", "arn:aws:iam::123456789012:root", ROLE, "ann"])
def test_unknown_caller_is_refused(arn: str) -> None:
    with pytest.raises(UnsupportedPolicyError):
        describe_caller(arn)


def test_session_tags_need_their_own_action() -> None:
    """id_session-tags.html: without sts:TagSession in the trust policy the call with tags fails."""
    assert not is_allowed(policy(ALLOWING), TrustRequest(SESSION, (ASSUME, TAG)))
    both = policy(statement({"AWS": ROLE}, action=[ASSUME, TAG]))
    assert is_allowed(both, TrustRequest(SESSION, (ASSUME, TAG)))


def test_external_id_is_required() -> None:
    """id_roles_common-scenarios_third-party.html."""
    document = policy(statement({"AWS": ACCOUNT}, Condition={"StringEquals": {"sts:ExternalId": "12345"}}))
    given = {number: {"sts:externalid": (number,)} for number in ("12345", "54321")}
    assert is_allowed(document, TrustRequest(SESSION, (ASSUME,), given["12345"]))
    assert not is_allowed(document, TrustRequest(SESSION, (ASSUME,), given["54321"]))
    assert not is_allowed(document, TrustRequest(SESSION, (ASSUME,)))


def test_role_does_not_trust_itself() -> None:
    """aws.amazon.com/blogs/security/announcing-an-update-to-iam-role-trust-policy-behavior."""
    document = policy(statement({"AWS": "arn:aws:iam::444444444444:role/job"}))
    assert not is_allowed(document, TrustRequest(SESSION, (ASSUME,)))


def test_session_of_role_with_path_is_known() -> None:
    caller = describe_caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/job", role_path="/jobs/")
    assert is_allowed(
        policy(statement({"AWS": f"arn:aws:iam::{ACCOUNT}:role/jobs/ci"})), TrustRequest(caller, (ASSUME,))
    )


PROVIDER = Provider(f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com", GITHUB)
HOST = "token.actions.githubusercontent.com"


def trust_token(**conditions: Any) -> dict[str, Any]:
    return policy(statement({"Federated": PROVIDER.arn}, action=ASSUME_WITH_TOKEN, Condition=conditions))


def test_token_is_compared_claim_by_claim() -> None:
    """id_roles_create_for-idp_oidc.html, and the keys that AWS has for GitHub."""
    token = github_token("environment:prod", "refs/heads/main")
    known = {"aud": "sts.amazonaws.com", "environment": "prod", "ref": "refs/heads/main", "repository_id": "456789"}
    exact = trust_token(StringEquals={f"{HOST}:{claim}": value for claim, value in known.items()})
    assert decide_token(exact, token, [PROVIDER]) is Decision.ALLOWED
    for claim in ("environment", "ref", "repository_id"):
        assert decide_token(exact, {**token, claim: "other"}, [PROVIDER]) is Decision.NOT_ALLOWED, claim
    # AWS has no key for this claim: a policy that compares it lets nobody in.
    unknown = trust_token(StringEquals={f"{HOST}:event_name": "push"})
    assert decide_token(unknown, {**token, "event_name": "push"}, [PROVIDER]) is Decision.NOT_ALLOWED


def test_token_needs_a_provider_of_its_issuer() -> None:
    token = github_token("environment:prod", "refs/heads/main")
    everybody = trust_token(StringLike={f"{HOST}:sub": "*"})
    assert decide_token(everybody, token, [PROVIDER]) is Decision.ALLOWED
    assert decide_token(everybody, token, []) is Decision.NOT_ALLOWED
    assert decide_token(everybody, {**token, "aud": "elsewhere"}, [PROVIDER]) is Decision.NOT_ALLOWED
    assert decide_token(everybody, {**token, "iss": "https://example.com"}, [PROVIDER]) is Decision.NOT_ALLOWED


def test_forgotten_set_operator_lets_everybody_in() -> None:
    """ForAllValues is true for a token without the claim: why no policy of ours has it."""
    token = github_token("pull_request", "refs/pull/7/merge")
    careless = trust_token(**{"ForAllValues:StringEquals": {f"{HOST}:environment": ["prod"]}})
    assert decide_token(careless, token, [PROVIDER]) is Decision.ALLOWED
