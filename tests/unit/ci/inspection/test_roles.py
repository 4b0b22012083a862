"""Which job may take which role: the whole table, and what a try of each role shows."""

import pytest

from envctl.domain.ci.inspection import roles
from envctl.domain.ci.inspection.job import CheckedJob
from envctl.domain.ci.inspection.roles import Attempt, JobRole, RolePlan, RoleTarget, RoleTrial, RoleUse, find_need

ORDER = ("dev", "staging", "prod")


def target(environment: str, use: RoleUse) -> RoleTarget:
    name = "envctl-deployer" if use == "deploy" else "envctl-look"
    return RoleTarget(f"arn:aws:iam::{ORDER.index(environment)}11111111111:role/{name}", environment, use)


PLAN = RolePlan(ORDER, [target(name, use) for name in ORDER for use in ("deploy", "look")], ("staging",))
PULL = CheckedJob(system="github", event="pull_request", is_request=True)
MERGE = CheckedJob(system="gitlab", event="merge_request_event", environment="prod", is_request=True)
DRIFT, PROD = (
    CheckedJob(system="github", event="schedule"),
    CheckedJob(system="github", event="push", environment="Prod"),
)
TRIES = {"yes": Attempt("yes"), "no": Attempt("no", "denied"), "unknown": Attempt("unknown", "AWS throttles")}
DEPLOY_NEEDS = {
    "plan": ("must not", "must not", "must not"),
    "drift": ("must not", "must not", "must not"),
    "prod": ("must not", "must not", "must"),
}
LOOK_NEEDS = {
    "plan": ("must", "must", "must not"),
    "drift": ("must", "must", "must"),
    "prod": ("may", "may", "may"),
}
JOBS = {"plan": PULL, "drift": DRIFT, "prod": PROD}


@pytest.mark.parametrize("name", JOBS)
def test_each_job_needs_its_roles_alone(name: str) -> None:
    for use, needs in (("deploy", DEPLOY_NEEDS), ("look", LOOK_NEEDS)):
        found = tuple(find_need(JOBS[name], PLAN, target(each, use)) for each in ORDER)  # type: ignore[arg-type]
        assert found == needs[name], use


def test_merge_request_with_an_environment_is_a_plan() -> None:
    assert find_need(MERGE, PLAN, target("prod", "deploy")) == "must not"


def test_job_of_an_unknown_environment_deploys_nowhere() -> None:
    other = CheckedJob(system="github", event="push", environment="production")
    assert {find_need(other, PLAN, target(name, "deploy")) for name in ORDER} == {"must not"}


@pytest.mark.parametrize(
    ("job", "of", "use", "answer", "verdict", "said"),
    [
        (PULL, "prod", "deploy", "yes", "bad", "unreviewed code can deploy to prod"),
        (PULL, "dev", "deploy", "yes", "bad", "unreviewed code can deploy to dev"),
        (PULL, "prod", "deploy", "no", "good", "can't be taken, as it should be"),
        (PULL, "prod", "deploy", "unknown", "unseen", "AWS throttles"),
        (PULL, "prod", "look", "yes", "bad", "can read the states of prod, with their secrets"),
        (PULL, "staging", "look", "yes", "good", "can be taken, as it should be"),
        (PULL, "dev", "look", "no", "bad", "needs it: denied"),
        (DRIFT, "prod", "deploy", "yes", "bad", "without an environment can deploy to prod, past its reviewers"),
        (DRIFT, "prod", "look", "yes", "good", "as it should be"),
        (PROD, "dev", "deploy", "yes", "bad", "can deploy to dev, past its gates and reviewers"),
        (PROD, "prod", "deploy", "yes", "good", "as it should be"),
        (PROD, "prod", "deploy", "no", "bad", "the job of Prod needs it: denied"),
        (PROD, "staging", "look", "no", "good", "can't be taken"),
    ],
)
def test_taken_role_is_judged_by_the_job(  # noqa: PLR0917 (a table)
    job: CheckedJob, of: str, use: RoleUse, answer: str, verdict: str, said: str
) -> None:
    (found,) = roles.check_trial(job, PLAN, target(of, use), RoleTrial(TRIES[answer]))
    assert (found.verdict, said in found.seen) == (verdict, True), found.seen
    assert bool(found.mend) == (verdict == "bad")


@pytest.mark.parametrize(("answer", "verdict"), [("yes", "bad"), ("no", "good"), ("unknown", "unseen")])
def test_role_that_takes_itself_or_writes_is_found(answer: str, verdict: str) -> None:
    trial = RoleTrial(TRIES["yes"], TRIES[answer], {"write states": TRIES[answer]})
    _, itself, writes = roles.check_trial(DRIFT, PLAN, target("prod", "look"), trial)
    assert (itself.name, itself.verdict, writes.name, writes.verdict) == ("itself", verdict, "writes", verdict)
    assert (answer == "yes") == bool(itself.mend) == bool(writes.mend)


@pytest.mark.parametrize(
    ("caller", "verdict"),
    [
        ("arn:aws:sts::211111111111:assumed-role/envctl-deployer/envctl", "bad"),
        ("arn:aws-cn:sts::211111111111:assumed-role/envctl-look/GitHubActions", "bad"),
        ("arn:aws:sts::444444444444:assumed-role/envctl-deployer/envctl", "good"),
        ("arn:aws:sts::211111111111:assumed-role/envctl-ci-prod/envctl", "good"),
        ("arn:aws:iam::211111111111:user/ci", "good"),
    ],
)
def test_role_of_the_job_is_not_the_taken_role(caller: str, verdict: str) -> None:
    (found,) = roles.check_own_role(caller, PLAN)
    assert found.verdict == verdict
    if verdict == "bad":
        assert "of prod too: a role must not take itself" in found.seen


def test_role_with_a_path_is_the_same_role() -> None:
    plan = RolePlan(ORDER, [RoleTarget("arn:aws:iam::111111111111:role/ci/deep/one", "dev", "deploy")])
    (found,) = roles.check_own_role("arn:aws:sts::111111111111:assumed-role/one/x", plan)
    assert found.verdict == "bad"


def test_environment_without_roles_is_named() -> None:
    plan = RolePlan(ORDER, [target("dev", "deploy")])
    found = [(name, each.name) for name, each in roles.check_missing_roles(PULL, plan, ["dev", "prod"])]
    assert found == [("dev", "look_role"), ("prod", "assume_role"), ("prod", "look_role")]
    found = [(name, each.name) for name, each in roles.check_missing_roles(PROD, plan, ["dev", "prod"])]
    assert found == [("prod", "assume_role")]


@pytest.mark.parametrize(
    ("job", "role", "answer", "verdict"),
    [
        (PULL, "plan", "yes", "good"),
        (PULL, "prod", "yes", "bad"),
        (PULL, "drift", "yes", "bad"),
        (PULL, "drift", "no", "good"),
        (PULL, "plan", "no", "bad"),
        (DRIFT, "drift", "yes", "good"),
        (DRIFT, "plan", "yes", "bad"),
        (PROD, "prod", "yes", "good"),
        (PROD, "dev", "yes", "bad"),
        (PROD, "prod", "unknown", "unseen"),
        (MERGE, "prod", "yes", "bad"),
        (CheckedJob(system="gitlab", event="push", environment="dev"), "prod", "yes", "warn"),
    ],
)
def test_token_is_good_for_the_role_of_its_job(job: CheckedJob, role: str, answer: str, verdict: str) -> None:
    found = roles.check_job_role(job, PLAN, JobRole("arn:aws:iam::1:role/x", role), TRIES[answer])
    assert (found.name, found.verdict) == (f"role of {role}", verdict)
    assert bool(found.mend) == (verdict in {"bad", "warn"})
