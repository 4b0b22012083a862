"""Who is meant by a pattern, and who is the same person."""

import pytest

from envctl.domain.aws.access import format_session_name
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import is_same_person, name_schedule, to_role_arn
from envctl.domain.ledger.people.principals import is_ci_run, is_permitted

ACCOUNT = "333333333333"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/OperatorRole/ann@example.com"
USER = f"arn:aws:iam::{ACCOUNT}:user/teams/web/ann"
ANN = Actor(SESSION, via="aws", verified=True, arn=SESSION)
RUN = Actor("renovate[bot]", via="github", verified=True, arn=SESSION, teams=("acme/operators", "acme/web"))
UNPROVEN = Actor("renovate[bot]", via="github", arn=SESSION, teams=("acme/operators",))
LOCAL = Actor("ann@example.com")
JOB = Actor("Octo.Cat", via="gitlab", verified=True, arn=SESSION)

MEANT = {
    "a role means each of its sessions": (f"arn:aws:iam::{ACCOUNT}:role/OperatorRole", ANN, True),
    "another role does not": (f"arn:aws:iam::{ACCOUNT}:role/Operator", ANN, False),
    "nor does that role in another account": ("arn:aws:iam::111111111111:role/OperatorRole", ANN, False),
    "a star stands for any text": ("arn:aws:iam::*:role/Operator*", ANN, True),
    "one session can be meant": (SESSION, ANN, True),
    "a star at the end of a session": (f"arn:aws:sts::{ACCOUNT}:assumed-role/OperatorRole/*", ANN, True),
    "a dot is no more than a dot": (SESSION.replace(".", "x"), ANN, False),
    "a user by its ARN": (USER, Actor(USER, via="aws", verified=True, arn=USER), True),
    "a run by its actor": ("github:renovate[bot]", RUN, True),
    "brackets are no set of letters": ("github:renovate[b]", RUN, False),
    "a run by a team of the actor": ("github-team:acme/operators", RUN, True),
    "a run by another team": ("github-team:acme/owners", RUN, False),
    "a run by a team of any name": ("github-team:acme/*", RUN, True),
    "a run by the role that it has": (f"arn:aws:iam::{ACCOUNT}:role/OperatorRole", RUN, True),
    "an actor that nobody vouches for is not": ("github:renovate[bot]", UNPROVEN, False),
    "nor are the teams of one": ("github-team:acme/operators", UNPROVEN, False),
    "the role that such a run has is": (f"arn:aws:iam::{ACCOUNT}:role/OperatorRole", UNPROVEN, True),
    "a name of this machine is nobody": ("arn:*", LOCAL, False),
    "a job by its user": ("gitlab:octo.cat", JOB, True),
    "a job by users of such names": ("gitlab:octo*", JOB, True),
    "a dot of a login is no more than a dot": ("gitlab:octo-cat", JOB, False),
    "a job by the role that it has": (f"arn:aws:iam::{ACCOUNT}:role/OperatorRole", JOB, True),
    "a login of GitLab is not one of GitHub": ("github:*", JOB, False),
    "a login of GitHub is not one of GitLab": ("gitlab:*", RUN, False),
    "a user that nobody vouches for is not": ("gitlab:*", Actor("Octo.Cat", via="gitlab", arn=SESSION), False),
    "an actor is not a person on AWS": ("github:*", ANN, False),
}


@pytest.mark.parametrize(("pattern", "actor", "meant"), MEANT.values(), ids=MEANT)
def test_principals_match_patterns(pattern: str, actor: Actor, meant: bool) -> None:
    assert is_permitted(["arn:aws:iam::0:role/nobody", pattern], actor) is meant


def test_empty_pattern_matches_no_principal() -> None:
    assert not is_permitted([], ANN)


def test_only_verified_run_is_a_ci_run() -> None:
    assert all(map(is_ci_run, (RUN, JOB)))
    assert not any(map(is_ci_run, (UNPROVEN, ANN, LOCAL, Actor("Octo.Cat", via="gitlab"))))


ROLES = {
    "a session": (SESSION, f"arn:aws:iam::{ACCOUNT}:role/OperatorRole"),
    "a user": (USER, USER),
    "another partition": ("arn:aws-cn:sts::1234567890ab:x", "arn:aws-cn:sts::1234567890ab:x"),
    "a session in China": (f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/R/s", f"arn:aws-cn:iam::{ACCOUNT}:role/R"),
    "a slash in the session's name": (f"arn:aws:sts::{ACCOUNT}:assumed-role/R/a/b", f"arn:aws:iam::{ACCOUNT}:role/R/a"),
}


@pytest.mark.parametrize(("arn", "role"), ROLES.values(), ids=ROLES)
def test_session_has_its_role_arn(arn: str, role: str) -> None:
    assert to_role_arn(arn) == role


NAMES = {
    "a person of this machine": (LOCAL, "envctl-ann@example.com"),
    "a session on AWS": (ANN, "envctl-ann@example.com"),
    "a bot": (RUN, "envctl-renovate-bot-"),
    "nobody": (None, "envctl"),
    "letters that AWS does not take": (Actor("José Ñu"), "envctl-Jos---u"),
    "a name that is too long": (Actor("x" * 100), "envctl-" + "x" * 57),
    "no name": (Actor(""), "envctl"),
}


@pytest.mark.parametrize(("actor", "name"), NAMES.values(), ids=NAMES)
def test_actor_has_its_session_name(actor: Actor | None, name: str) -> None:
    assert format_session_name(actor) == name
    in_run = format_session_name(actor, "42.1")
    assert in_run == f"envctl-42.1{name.removeprefix('envctl')}"[:64]
    # A session of envctl is of the person in its name, in a job too.
    if actor and actor.name and len(in_run) < 64:
        assert is_same_person(Actor(f"arn:aws:sts::1:assumed-role/ci/{in_run}", via="aws"), Actor(name))


def test_session_of_a_schedule_is_of_no_person() -> None:
    schedule = Actor(name_schedule("acme/shop", "drift", "run 42"), via="github")
    assert format_session_name(schedule, "42.1") == "envctl-42.1"
    own = Actor("arn:aws:sts::1:assumed-role/ci/envctl-42.1", via="aws")
    assert not is_same_person(own, Actor("arn:aws:sts::2:assumed-role/x/envctl-42.1", via="aws"))
    assert not is_same_person(own, Actor("42.1"))
