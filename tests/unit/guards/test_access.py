"""G203 and G207: whether it happens in the right account, and whether whoever asks may ask for it."""

from dataclasses import replace

import pytest

from envctl.domain.aws.access import CallerIdentity
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import Refusal, Request
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.run_start import RunStart
from envctl.domain.rules.document import RulesDocument, to_rules
from tests.unit.guards.asked import BACK, BOB, DESTRUCTION, ENTRY, PROMOTION, SAME_CODE, TO_PROD, answer, ruled, said

DEV, PROD = "111111111111", "333333333333"
ROLE = f"arn:aws:iam::{PROD}:role/OperatorRole"
SESSION = f"arn:aws:sts::{PROD}:assumed-role/OperatorRole/ann@example.com"
CALLER = CallerIdentity(PROD, SESSION)
OPERATOR = Actor(SESSION, via="aws", verified=True, arn=SESSION)
RUN = Actor(
    "octocat", via="github", verified=True, arn=f"arn:aws:sts::{DEV}:assumed-role/ci/run", teams=("acme/operators",)
)
UNPROVEN = replace(RUN, verified=False)

RIGHT: dict[str, Request] = {
    "the account of the target answers": replace(PROMOTION, account=PROD, caller=CALLER),
    "the target has no account": replace(PROMOTION, caller=CALLER),
    "nobody was asked yet": replace(PROMOTION, account=PROD),
}


@pytest.mark.parametrize("request_", RIGHT.values(), ids=RIGHT)
def test_right_account_passes_where(request_: Request) -> None:
    assert answer("G203", request_) is None


def test_wrong_account_is_refused_and_not_waivable() -> None:
    assert answer("G203", replace(PROMOTION, account=DEV, caller=CALLER)) == Refusal(
        GuardCode.ACCOUNT,
        message=f"staging is account {DEV}, but the credentials are of {PROD}: {SESSION}",
        hint="use those of staging: assume_role or profile in envctl.toml, then: envctl doctor staging",
        waivable=False,
    )


def test_account_is_unchecked_until_caller_is_known() -> None:
    assert replace(PROMOTION, account=PROD).is_account_unknown
    assert not replace(PROMOTION, account=PROD, caller=CALLER).is_account_unknown
    assert not PROMOTION.is_account_unknown


MAY: dict[str, Request] = {
    "nobody is listed": PROMOTION,
    "the role is listed whose session it is": replace(ruled(PROMOTION, apply=(ROLE,)), actor=OPERATOR),
    "one of several is it": replace(ruled(PROMOTION, apply=("github:bob", ROLE)), actor=OPERATOR),
    "it is a run, and CI alone may": replace(ruled(PROMOTION, only_ci=True), actor=RUN),
    "it is a run of who is listed": replace(ruled(PROMOTION, only_ci=True, apply=("github:octocat",)), actor=RUN),
}


@pytest.mark.parametrize("request_", MAY.values(), ids=MAY)
def test_allowed_caller_passes_where(request_: Request) -> None:
    assert answer("G207", request_) is None


@pytest.mark.parametrize(
    "request_",
    [PROMOTION, TO_PROD, ENTRY, SAME_CODE, BACK, DESTRUCTION],
    ids=["a promotion", "a promotion to prod", "an apply", "new settings", "a rollback", "a destroy"],
)
def test_unlisted_caller_is_refused_with_role_to_assume(request_: Request) -> None:
    asked = ruled(request_, apply=(ROLE, "github:octocat"))
    assert answer("G207", asked) == Refusal(
        GuardCode.ALLOWED,
        message=f"bob (unverified) may not change {asked.target}; permitted: {ROLE} or github:octocat",
        hint=f"as {ROLE}: {asked.command}",
        waivable=False,
    )


@pytest.mark.parametrize(
    "actor", [BOB, OPERATOR, UNPROVEN], ids=["a person", "a role", "a run that nobody vouches for"]
)
def test_ci_only_environment_is_refused_to(actor: Actor) -> None:
    assert answer("G207", replace(ruled(PROMOTION, only_ci=True), actor=actor)) == Refusal(
        GuardCode.ALLOWED,
        message=f"only CI may change staging, and {actor.name} is not a verified CI run",
        hint="run it in a workflow with its own identity: envctl promote dev staging --yes",
        waivable=False,
    )


NIGHT = Actor("schedule of acme/shop, envctl deploy, run 7", via="github", verified=True, arn=RUN.arn)
ON_SCHEDULE = replace(PROMOTION, actor=NIGHT, start=RunStart(schedule=NIGHT.name, machines=("schedule",)))
BOT = Actor("deployer[bot]", via="github", verified=True, arn=RUN.arn)
BY_BOT = replace(PROMOTION, actor=BOT, start=RunStart(machines=("github:deployer[bot]",)))
AGAIN = replace(PROMOTION, actor=RUN, start=RunStart(machines=("github:x[bot]",), people=(Actor("x[bot]"),)))
IN_A_KEY_JOB = replace(BY_BOT, actor=replace(OPERATOR, also=("deployer[bot]",)))
NAMED: dict[str, Request] = {
    "a schedule": ruled(ON_SCHEDULE, machines=("schedule",)),
    "a schedule beside people": ruled(ON_SCHEDULE, machines=("schedule",), apply=("github:ann",), only_ci=True),
    "a schedule that no service knows, where any person may": ruled(
        replace(ON_SCHEDULE, actor=replace(NIGHT, verified=False)), machines=("schedule",)
    ),
    "a bot in other letters": ruled(BY_BOT, machines=("schedule", "github:Deployer[bot]"), apply=("github:ann",)),
    "a bot as one of those who may": ruled(BY_BOT, apply=("github:ann", "github:deployer[bot]")),
    "a bot with the keys of a role that may": ruled(IN_A_KEY_JOB, machines=("github:deployer[bot]",), apply=(ROLE,)),
}


@pytest.mark.parametrize("request_", NAMED.values(), ids=NAMED)
def test_machine_passes_if_named(request_: Request) -> None:
    assert answer("G207", request_) is None


ALONE: dict[str, tuple[Request, str, str]] = {
    "a schedule": (ON_SCHEDULE, NIGHT.name, '["schedule"]'),
    "a schedule where its role may": (ruled(ON_SCHEDULE, apply=("arn:*", "github:*")), NIGHT.name, '["schedule"]'),
    "a bot": (BY_BOT, "deployer[bot]", '["github:deployer[bot]"]'),
    "a bot beside another": (
        ruled(BY_BOT, machines=("github:other[bot]",)),
        "deployer[bot]",
        '["github:other[bot]", "github:deployer[bot]"]',
    ),
    "a bot by a pattern": (ruled(BY_BOT, apply=("github:*", "github:deployer*")), "deployer[bot]", ""),
    "a bot with the keys of a role": (ruled(IN_A_KEY_JOB, apply=(ROLE,)), "deployer[bot]", ""),
    "a bot that runs it again": (AGAIN, "x[bot]", '["github:x[bot]"]'),
}


@pytest.mark.parametrize(("request_", "who", "line"), ALONE.values(), ids=ALONE)
def test_machine_alone_is_refused(request_: Request, who: str, line: str) -> None:
    refusal = answer("G207", request_)
    table = "[environments.staging.allow]"
    assert refusal and not refusal.waivable and not refusal.for_now
    assert refusal.message == f"{who} may not change staging without a person: machines in {table} does not name it"
    start = f"as a person: {request_.command}; or, if it may act alone, write into {table}: machines = "
    assert refusal.hint.startswith(start)
    assert refusal.hint.endswith(line)


def test_named_machine_needs_permission_if_unverified() -> None:
    unknown = replace(ON_SCHEDULE, actor=replace(NIGHT, verified=False))
    assert "permitted: github:ann" in said("G207", ruled(unknown, machines=("schedule",), apply=("github:ann",)))
    assert "only CI may" in said("G207", ruled(unknown, machines=("schedule",), only_ci=True))
    stranger = ruled(IN_A_KEY_JOB, machines=("github:deployer[bot]",), apply=("arn:*:role/Other",))
    assert "permitted: arn:*:role/Other" in said("G207", stranger)


def test_machine_new_in_rules_waits_for_their_approval() -> None:
    tree, recorded = (RulesDocument("staging", {"order": {"after": ["dev"]}, **more}) for more in ({"allow": NEW}, {}))
    asked = replace(ON_SCHEDULE, document=tree, rules=to_rules(recorded))
    refusal = answer("G207", asked)
    assert refusal and refusal.hint == "approve the changed rules: envctl approve staging --rules"


NEW = {"machines": ["schedule"]}


def test_reason_for_unverified_run_is_given() -> None:
    request = replace(ruled(PROMOTION, only_ci=True), actor=UNPROVEN, doubt="the token had expired")
    refusal = answer("G207", request)
    assert refusal and refusal.message.endswith("is not a verified CI run; the token had expired")
