"""Reviewers in GitHub saw a plan and let a job begin: the job records that as their approvals, and promotes."""

from dataclasses import dataclass, replace

import pytest

from envctl.domain.errors import EnvctlError, OperationFailedError, Problem, UsageError
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import Actor, ApprovalGiven
from envctl.usecases.approval.approve import withdraw_approval
from envctl.usecases.approval.ci_reviewers import ReviewResult, record_reviews
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.ledger import journal
from envctl.usecases.ports.project import Revision
from envctl.usecases.project import signing_keys
from tests.catching import catch
from tests.fakes.git import SettableReviews
from tests.fakes.machine import SettableIdentity
from tests.fakes.world import World, list_entries, make_once

RUN = "https://github.com/acme/shop/actions/runs/7"
JOB = Actor(
    "merger", via="github", verified=True, run_url=RUN, arn="arn:aws:sts::3:assumed-role/ci/x", environment="prod"
)
GATES = b"approvals = { peer = 2 }"
SURE = DeployOptions()


@dataclass
class Somebody(SettableIdentity):
    who: Actor = JOB

    def identify_actor(self) -> Actor:
        return self.who


@pytest.fixture
@make_once
def world() -> World:
    """A release waits before prod, whose plan a job has made and shown."""
    world = World(identity=Somebody())
    edit(world, b"approvals = { peer = 1, business = 2 }", GATES)
    apply(world.ports, "dev", SURE)
    promote(world.ports, "dev", "staging", SURE)
    return world


LATER = "approve again when the data it reads is applied, or add --unseen web"


def edit(world: World, old: bytes, new: bytes) -> None:
    text = world.tree.content["envctl.toml"]
    assert text.count(old) == 1
    world.tree.content["envctl.toml"] = text.replace(old, new)


def shown(world: World) -> str:
    return explain_refusal(world.ports, "prod", planned=True).plan


def reviewed(
    world: World, *names: str, attempt: int = 1, after: str = "", unseen: tuple[str, ...] = ()
) -> ReviewResult:
    world.reviews.names = {"prod": list(names)}
    return record_reviews(
        world.ports, "prod", release=None, fingerprint=shown(world), attempt=attempt, after=after, unseen=unseen
    )


def outcomes(told: ReviewResult) -> dict[str, str]:
    return {each.name: each.why or each.outcome for each in told.reviewers}


def given(world: World) -> list[ApprovalGiven]:
    return [entry.event for entry in list_entries(world) if isinstance(entry.event, ApprovalGiven)]


def test_recorded_reviews_open_gate_for_the_reviewed_plan(world: World) -> None:
    told = reviewed(world, "octocat", "hubot", unseen=("web",))
    assert outcomes(told) == {"octocat": "recorded", "hubot": "recorded"}
    assert (told.not_seen, told.unseen) == ({"web": ("the data it reads",)}, ("web",))
    assert (told.gate, told.missing, told.next) == ("peer", {}, "envctl promote staging prod")
    assert {event.plan for event in given(world)} == {told.plan}
    by = {approval.by for approval in journal.load(world.ports).find_environment("prod").approvals}
    assert by == {Actor(name, via="github", verified=True, run_url=RUN) for name in ("octocat", "hubot")}
    assert promote(world.ports, "staging", "prod", SURE).deployment is not None


def test_reviewers_do_not_accept_unseen_stacks_by_themselves(world: World) -> None:
    told = reviewed(world, "octocat", "hubot")
    assert told.notes == ("not seen: web (waits for the data it reads); not approved: " + LATER,)
    assert [event.unseen for event in given(world)] == [(), ()]
    refused = catch(RefusedError, promote, world.ports, "staging", "prod", SURE)
    assert [each.code for each in refused.refusals] == ["G113"]
    stopped = catch(RefusedError, promote, world.ports, "staging", "prod", replace(SURE, partial=True))
    assert [each.code for each in stopped.refusals] == ["G302"]
    again = reviewed(world, "octocat", "hubot")
    assert (again.not_seen, again.missing) == ({}, {})
    assert promote(world.ports, "staging", "prod", SURE).deployment is not None


def test_one_of_two_reviews_is_not_enough(world: World) -> None:
    told = reviewed(world, "octocat", unseen=("web",))
    command = "envctl approve prod --gate peer --unseen web"
    assert (told.missing, told.next) == ({"peer": 1}, f"ask another person: {command}")
    refused = catch(RefusedError, promote, world.ports, "staging", "prod", SURE)
    assert [each.code for each in refused.refusals] == ["G106"]


def test_same_review_is_recorded_once(world: World) -> None:
    reviewed(world, "octocat")
    assert outcomes(reviewed(world, "octocat")) == {"octocat": "already"}
    assert len(given(world)) == 1


def test_unreviewed_job_records_nothing(world: World) -> None:
    told = reviewed(world)
    assert (told.reviewers, told.missing, given(world)) == ((), {"peer": 2}, [])


def test_review_by_promoter_does_not_count(world: World) -> None:
    assert isinstance(world.identity, Somebody)
    world.identity.who = replace(JOB, name="pusher")
    assert outcomes(reviewed(world, "pusher", "octocat")) == {"pusher": "promotes it", "octocat": "recorded"}
    assert [event.reviewer for event in given(world)] == ["octocat"]


def test_review_by_maker_counts_for_changes_of_others(world: World) -> None:
    assert isinstance(world.identity, Somebody)
    world.identity.who = replace(JOB, name="another merger")
    told = reviewed(world, "merger")
    assert (outcomes(told), told.missing) == ({"merger": "recorded"}, {"peer": 2})


def test_review_by_only_author_does_not_count() -> None:
    world = World(identity=Somebody())
    world.version_control.known = Revision("c0ffee", "7+merger@users.noreply.github.com", uncommitted=False)
    edit(world, b"approvals = { peer = 1, business = 2 }", GATES)
    apply(world.ports, "dev", SURE)
    promote(world.ports, "dev", "staging", SURE)
    assert isinstance(world.identity, Somebody)
    world.identity.who = replace(JOB, name="another merger")
    told = reviewed(world, "merger")
    assert outcomes(told) == {"merger": f"made release {told.release[:12]}"}


def test_own_review_counts_where_self_approval_is_allowed(world: World) -> None:
    edit(world, GATES, GATES + b"\nself_approval = true")
    assert outcomes(reviewed(world, "merger")) == {"merger": "recorded"}


def test_only_reviews_of_allowed_approvers_count(world: World) -> None:
    world.tree.content["envctl.toml"] += b'[environments.prod.allow]\napprove = { peer = ["github:octo*"] }\n'
    told = reviewed(world, "octocat", "hubot")
    assert outcomes(told) == {"octocat": "recorded", "hubot": "may not approve at peer: only github:octo* may"}


@pytest.mark.parametrize(
    "job",
    [replace(JOB, environment=""), replace(JOB, environment="staging"), replace(JOB, verified=False)],
    ids=["no environment", "another environment", "nobody vouches for the job"],
)
def test_reviewer_is_unverified_without_verified_job_of_environment(world: World, job: Actor) -> None:
    world.tree.content["envctl.toml"] += b'[environments.prod.allow]\napprove = { peer = ["github:octocat"] }\n'
    assert isinstance(world.identity, Somebody)
    world.identity.who = job
    assert outcomes(reviewed(world, "octocat")) == {"octocat": "may not approve at peer: only github:octocat may"}
    # Not even one that was recorded all the same.
    told = ApprovalGiven(environment="prod", gate="peer", release="r1", settings="s", plan="", reviewer="octocat")
    journal.append(world.ports, lambda _: told)
    assert [a.by.verified for a in journal.load(world.ports).find_environment("prod").approvals] == [False]


def test_reviewer_withdraws_own_approval(world: World) -> None:
    reviewed(world, "octocat", "hubot")
    assert isinstance(world.identity, Somebody)
    world.identity.who = Actor("octocat", via="github", verified=True)
    assert withdraw_approval(world.ports, "prod", "peer").withdrawn
    assert [a.by.name for a in journal.load(world.ports).find_environment("prod").approvals] == ["hubot"]


def test_reviews_of_an_earlier_attempt_are_refused(world: World) -> None:
    error = catch(UsageError, reviewed, world, "octocat", attempt=2)
    assert [problem.code for problem in error.problems] == ["E034"]
    assert given(world) == []


def test_only_reviews_after_the_plan_count(world: World) -> None:
    told = reviewed(world, "hubot", "octocat", "octocat", attempt=2, after="hubot:1,octocat:1", unseen=("web",))
    assert outcomes(told) == {"hubot": "approved before this plan was made", "octocat": "recorded"}
    assert [event.reviewer for event in given(world)] == ["octocat"]


def test_plan_first_made_in_second_attempt_is_reviewed(world: World) -> None:
    assert outcomes(reviewed(world, "octocat", attempt=2, after="0")) == {"octocat": "recorded"}


def test_review_of_an_earlier_plan_never_counts_again(world: World) -> None:
    """The run is repeated as a whole: its reviewer let the first attempt begin, and not the second."""
    world.reviews.in_job, world.reviews.names = True, {"prod": ["octocat"]}
    counted = explain_refusal(world.ports, "prod", planned=True).reviews
    assert counted == "octocat:1"
    assert outcomes(reviewed(world, "octocat", attempt=2, after=counted)) == {
        "octocat": "approved before this plan was made"
    }
    assert given(world) == []


def test_reviews_are_counted_only_for_reviewers_in_a_job(world: World) -> None:
    assert explain_refusal(world.ports, "prod", planned=True).reviews == ""
    world.reviews.in_job = True
    assert explain_refusal(world.ports, "prod", planned=True).reviews == "0"
    assert explain_refusal(world.ports, "prod").reviews == ""
    edit(world, GATES, b"approvals = { peer = 1, quality = 1 }")
    assert explain_refusal(world.ports, "prod", planned=True).reviews == ""


def test_reviewers_are_those_of_the_environment_named_in_github(world: World) -> None:
    world.tree.content["envctl.toml"] += b'[ci.github.environments]\nprod = "production"\n'
    world.reviews.in_job, world.reviews.names = True, {"prod": ["mallory"], "production": ["octocat"]}
    plan = explain_refusal(world.ports, "prod", planned=True)
    assert plan.reviews == "octocat:1"
    told = record_reviews(world.ports, "prod", release=None, fingerprint=plan.plan, after="0")
    assert outcomes(told) == {"octocat": "recorded"}


def test_reviewers_with_a_people_key_are_those_of_its_own_job(world: World) -> None:
    """Reviewers of prod itself let it deploy: they approve nothing."""
    world.tree.content["envctl.toml"] = world.tree.content["envctl.toml"].replace(
        b"[environments.prod]\n",
        b'[environments.prod]\nsigning_key = "arn:aws:kms:ap-northeast-1:333333333333:alias/envctl-prod"\n'
        b'approval_signing_key = "arn:aws:kms:ap-northeast-1:555555555555:alias/envctl-approve-prod"\n',
    )
    signing_keys.pin_keys(world.ports, create=True)
    world.reviews.in_job, world.reviews.names = True, {"prod": ["mallory"], "prod-approval": ["octocat"]}
    plan = explain_refusal(world.ports, "prod", planned=True)
    assert plan.reviews == "octocat:1"
    told = record_reviews(world.ports, "prod", release=None, fingerprint=plan.plan, after="0")
    assert outcomes(told) == {"octocat": "recorded"}
    assert world.signatures.for_role("people").signed == [("prod", True)]


def test_unreachable_host_leaves_the_plan(world: World) -> None:
    class Down(SettableReviews):
        def list_approvers(self, environment: str) -> list[str]:
            raise OperationFailedError(Problem("E036", "GitHub (acme/shop) can't be reached", ""))

    world.reviews = Down(in_job=True)
    told = explain_refusal(world.ports, "prod", planned=True)
    assert (bool(told.plan), told.reviews) == (True, "")
    assert "earlier reviews of prod are unknown: GitHub (acme/shop) can't be reached" in world.observer.heard


@pytest.mark.parametrize("after", ["1", "octocat", "octocat:0", "octocat:1,", "octocat:1,octocat:2", "$(touch x):1"])
def test_malformed_list_of_reviews_is_refused(world: World, after: str) -> None:
    assert catch(UsageError, reviewed, world, "octocat", after=after).problems[0].code == "E047"
    assert given(world) == []


GATE: dict[str, tuple[bytes, str | None, str]] = {
    "the only one there is": (b"approvals = { peer = 1 }", None, "peer"),
    "the one that is named": (b'approvals = { peer = 1, quality = 1 }\nreviewers = "quality"', None, "quality"),
    "the one that is asked for": (b'approvals = { peer = 1, quality = 1 }\nreviewers = "quality"', "peer", "peer"),
    "none, of several": (b"approvals = { peer = 1, quality = 1 }", None, "E005"),
    "none, as there is none": (b"approvals = {}", None, "E005"),
    "none that there is not": (b"approvals = { peer = 1 }", "quality", "E005"),
}


@pytest.mark.parametrize(("gates", "asked", "expected"), GATE.values(), ids=GATE)
def test_reviews_count_at_gate(world: World, gates: bytes, asked: str | None, expected: str) -> None:
    edit(world, GATES, gates)
    world.reviews.names = {"prod": ["octocat"]}
    try:
        told = record_reviews(world.ports, "prod", release=None, fingerprint=shown(world), gate=asked).gate
    except EnvctlError as error:
        told = error.problems[0].code
    assert told == expected


def test_review_of_unknown_plan_is_refused(world: World) -> None:
    error = catch(UsageError, record_reviews, world.ports, "prod", release=None, fingerprint="f00d" * 16)
    assert error.problems[0].code == "E009"


def test_pull_request_author_does_not_count_for_their_own() -> None:
    """Whoever merges it has their own name on the commit."""
    world = World(identity=Somebody())
    world.reviews.written = {"c0ffee": ["octocat"]}
    edit(world, b"approvals = { peer = 1, business = 2 }", GATES)
    apply(world.ports, "dev", SURE)
    promote(world.ports, "dev", "staging", SURE)
    told = reviewed(world, "Octocat", "hubot", unseen=("web",))
    assert (outcomes(told), told.missing) == ({"Octocat": "recorded", "hubot": "recorded"}, {"peer": 1})


def test_reviewing_bot_does_not_count(world: World) -> None:
    first, second = reviewed(world, "gatekeeper[bot]", "hubot").reviewers
    assert (first.outcome, first.why) == (
        "does not count",
        "is not a person, and peer has no pattern with its exact name",
    )
    assert second.outcome == "recorded"


def test_reviews_recorded_with_aws_keys_count_as_recorder(world: World) -> None:
    """With the keys of a principal and no token of GitHub, any name could be recorded."""
    arn = "arn:aws:sts::3:assumed-role/dev/mallory"
    world.identity = Somebody(who=Actor(arn, via="aws", verified=True, arn=arn))
    assert [(each.outcome, each.why) for each in reviewed(world, "octocat", "hubot").reviewers] == [
        ("does not count", "promotes it")
    ] * 2
