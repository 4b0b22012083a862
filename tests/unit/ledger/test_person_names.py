"""When two names are one person, and which names are no person."""

from dataclasses import replace
from itertools import permutations

import pytest

from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import has_common_person, is_machine, is_same_person, list_people
from envctl.domain.ledger.people.principals import build_reviewer, can_approve_at, is_permitted

ROLE = "arn:aws:sts::333333333333:assumed-role"


def on_aws(last: str, role: str = "QARole") -> Actor:
    arn = f"{ROLE}/{role}/{last}"
    return Actor(arn, via="aws", verified=True, arn=arn)


OCTOCAT = (
    "octocat",
    "Octocat",
    "@octocat",
    "583231+octocat@users.noreply.github.com",
    "octocat@users.noreply.github.com",
    "583231+OctoCat@users.noreply.github.example.com",
    "42-octocat@users.noreply.gitlab.com",
    f"{ROLE}/AWSReservedSSO_Developer_1f/octocat",
    f"{ROLE}/QARole/Octocat",
    f"{ROLE}/envctl-deployer/envctl-octocat",
    "arn:aws:iam::333333333333:user/web/octocat",
    "arn:aws-cn:sts::333333333333:federated-user/octocat",
)
ANN = (
    "ann@example.com",
    "Ann@Example.com",
    " ann@example.com ",
    "ann+deploys@example.com",
    "envctl-ann@example.com",
    f"{ROLE}/QARole/ann@example.com",
    f"{ROLE}/AWSReservedSSO_Developer_1f/ANN@example.com",
)


@pytest.mark.parametrize(("one", "other"), [*permutations(OCTOCAT, 2), *permutations(ANN, 2)])
def test_names_of_one_person_are_recognized(one: str, other: str) -> None:
    assert has_common_person([one], [other])


@pytest.mark.parametrize("address", ANN)
def test_plain_name_equals_name_before_at_sign(address: str) -> None:
    assert has_common_person(["ann"], [address])
    assert has_common_person(["arn:aws:iam::333333333333:user/ann"], [address])
    assert not has_common_person(["anna"], [address])


APART = {
    "two logins": ("octocat", "octodog"),
    "the same box at two hosts": ("ann@example.com", "ann@example.org"),
    "two no-reply addresses": ("1+ann@users.noreply.github.com", "1+bob@users.noreply.github.com"),
    "a number and another login": ("583231@users.noreply.github.com", "583231+octocat@users.noreply.github.com"),
    "GitHub itself": ("noreply@github.com", "noreply@github.com"),
    "no name": ("", ""),
    "two sessions of one role": (f"{ROLE}/QARole/ann", f"{ROLE}/QARole/bob"),
    "two roles whose sessions a tool named": (f"{ROLE}/A/botocore-session-17", f"{ROLE}/B/botocore-session-17"),
    "two accounts": ("arn:aws:iam::333333333333:root", "arn:aws:iam::444444444444:root"),
}


@pytest.mark.parametrize(("one", "other"), APART.values(), ids=APART)
def test_two_names_are_two_people(one: str, other: str) -> None:
    assert not has_common_person([one], [other])
    assert not has_common_person([other], [one])


NAMED_BY_TOOLS = (
    "botocore-session-1764201600",
    "AWSCLI-Session",
    "aws-go-sdk-1764201600123",
    "i-0123456789abcdef0",
    "0123456789abcdef0123456789abcdef",
    "AWSCodeBuild-0d5e1a4e-1111-2222-3333-444455556666",
)


@pytest.mark.parametrize("name", NAMED_BY_TOOLS)
def test_tool_generated_session_counts_as_its_role(name: str) -> None:
    """A new session of the same role, taken for the approval, is no second person."""
    assert has_common_person([f"{ROLE}/dev/{name}"], [f"{ROLE}/dev/botocore-session-1"])


def test_each_person_is_listed_once() -> None:
    ann, bob, cat = Actor("ann"), Actor("bob"), Actor("cat")
    assert list_people([ann, bob, Actor("ann@example.com"), on_aws("bob"), cat]) == (ann, bob, cat)


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_actor_with_both_names_joins_both(order: tuple[int, ...]) -> None:
    people = (Actor("ann"), on_aws("dev"), Actor("ann", also=(f"{ROLE}/QARole/dev",)))
    assert len(list_people([people[each] for each in order])) == 1


def test_additional_names_grant_no_permission() -> None:
    joined = Actor("mallory", via="github", verified=True, arn=f"{ROLE}/dev/m", also=("octocat", f"{ROLE}/QARole/ann"))
    for pattern in ("github:octocat", "arn:aws:iam::333333333333:role/QARole", f"{ROLE}/QARole/ann"):
        assert not is_permitted([pattern], joined)
        assert not can_approve_at([pattern], joined)


MACHINES = (
    "renovate[bot]",
    "GitHub-Actions[Bot]",
    "41898282+github-actions[bot]@users.noreply.github.com",
    "project_42_bot",
    "project_42_bot_0a1b2c",
    "group_7_bot_0a1b2c",
    "service_account_group_7_0a1b2c",
    "dependabot[bot]@example.com",
    "project_42_bot_0a1b2c@noreply.gitlab.com",
)


@pytest.mark.parametrize("name", MACHINES)
def test_app_or_bot_is_not_a_person(name: str) -> None:
    assert is_machine(Actor(name, via="github"))
    assert not can_approve_at([], Actor(name, via="github", verified=True))
    assert not can_approve_at(
        ["github:*", "github-team:*"], Actor(name, via="github", verified=True, teams=("acme/web",))
    )


@pytest.mark.parametrize("name", ["octocat", "robot", "bot", "project_bot", "a[bot]b", "ann@example.com"])
def test_person_is_not_a_bot(name: str) -> None:
    assert not is_machine(Actor(name, via="github"))


def test_schedule_is_nobody_and_approves_nothing() -> None:
    schedule = Actor("schedule of acme/shop, deploy @ night, run 7", via="github", verified=True, also=("ann",))
    assert is_machine(schedule)
    assert not is_same_person(schedule, replace(schedule))
    assert not is_same_person(schedule, Actor("ann"))
    assert not can_approve_at([], schedule)
    assert not can_approve_at(["github:*", f"github:{schedule.name}"], schedule)


def test_name_like_a_schedule_is_of_a_person_outside_of_ci() -> None:
    """A person writes any name into git, and may not escape own changes by it."""
    person = Actor("schedule of acme/shop, run 7")
    assert not is_machine(person)
    assert is_same_person(person, person)


def test_bot_counts_only_by_its_exact_name() -> None:
    gatekeeper = Actor("gatekeeper[bot]", via="github", verified=True)
    assert can_approve_at(["github:Gatekeeper[bot]"], gatekeeper)
    assert not can_approve_at(["github:gatekeeper*"], gatekeeper)
    assert not can_approve_at(["github:gatekeeper[bot]"], Actor("gatekeeper[bot]", via="github"))


def test_project_token_counts_only_by_its_exact_name() -> None:
    token = Actor("project_42_bot", via="gitlab", verified=True)
    assert can_approve_at(["gitlab:project_42_bot"], token)
    assert not can_approve_at(["gitlab:project_42*", "github:project_42_bot"], token)


def test_reviewer_is_not_verified_by_gitlab() -> None:
    job = Actor("octocat", via="gitlab", verified=True, environment="prod", also=("ann@example.com",))
    named = build_reviewer("hubot", job, "prod")
    assert (named.verified, named.also) == (False, ("octocat", "ann@example.com"))


def test_job_of_gitlab_is_one_person_with_its_address() -> None:
    job = Actor("octocat", via="gitlab", verified=True, also=("ann@example.com",))
    assert len(list_people([on_aws("ann@example.com"), job])) == 1


def test_reviewer_recorded_with_aws_keys_is_the_recorder() -> None:
    """With the keys of a principal and no token of GitHub any name could be recorded."""
    ann = on_aws("ann")
    named = [build_reviewer(name, ann, "prod") for name in ("octocat", "hubot")]
    assert len(list_people([ann, *named])) == 1
    job = Actor("merger", via="github", verified=True, arn=ann.arn, environment="prod")
    assert len(list_people([job, *(build_reviewer(name, job, "prod") for name in ("octocat", "hubot"))])) == 3
