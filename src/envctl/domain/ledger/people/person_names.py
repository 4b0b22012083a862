"""Names of one person: e-mail addresses, logins, role sessions, AWS users.

Matching names count as one person, and bar each other from approving own changes. They never grant permissions:
`principals.py` alone decides if a pattern matches an actor.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from envctl.domain.ledger.events import Actor

# No-reply addresses of GitHub and GitLab: "583231+octocat@users.noreply.github.com", "octocat@users…",
# "42-octocat@users.noreply.gitlab.com", and the same on other hosts.
_NO_REPLY = re.compile(r"(?P<whole>(?:\d+[+-])?(?P<login>[^@]+))@users\.noreply\.[^@]+")
# The forge itself, as committer of its merges.
_FORGE_COMMITTERS = frozenset({"noreply@github.com", "noreply@gitlab.com", "github", "gitlab"})
_BOT = re.compile(r".*\[bot\]|(?:project|group)_\d+_bot(?:_.*)?|service_account_.+", re.DOTALL)
# Session names given by tools or machines: an instance, a task, a build. They name no person.
_TOOL_SESSION = re.compile(
    r"botocore-session-\d+|aws-cli.*|awscli-session.*|aws-go-sdk-\d+|aws-sdk-.*\d+|terraform-\d+|i-[0-9a-f]{8,17}"
    r"|[0-9a-f]{32}|awscodebuild-.*|.*[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
# Logins have no spaces.
_SCHEDULE = "schedule of "
# `envctl-PERSON`, and in a job `envctl-RUN.ATTEMPT-PERSON`; a schedule has no person.
_OWN_SESSION = re.compile(r"(?a)envctl-(?:\d+\.\d+(?:-|$))?")
_ROLE_OF_SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>.+)/[^/]+")


@dataclass(frozen=True)
class _Name:
    """A normalized name."""

    plain: frozenset[str] = frozenset()  # single words, such as logins
    addresses: frozenset[str] = frozenset()  # whole addresses
    local: frozenset[str] = frozenset()  # their local parts: equal to plain words, not to other addresses

    def is_same(self, other: "_Name") -> bool:
        return bool(
            self.plain & (other.plain | other.local)
            or other.plain & self.local
            or self.addresses & other.addresses
        )  # fmt: skip


def has_common_person(first: Iterable[str], second: Iterable[str]) -> bool:
    """Check if any name of `first` and any name of `second` are of one person."""
    others = [_parse_name(name) for name in second]
    return any(_parse_name(name).is_same(other) for name in first for other in others)


def list_names(actor: Actor) -> tuple[str, ...]:
    """Return all names of an actor, including unverified ones. A schedule has none of a person."""
    if is_schedule(actor):
        return ()
    return tuple(dict.fromkeys(name for name in (actor.name, *actor.also) if name))


def is_named_in(actor: Actor, names: Iterable[str]) -> bool:
    """Check if the actor is the person of any of these names."""
    return has_common_person(list_names(actor), names)


def is_same_person(one: Actor, other: Actor) -> bool:
    """Check if two actors are one person by their names."""
    return has_common_person(list_names(one), list_names(other))


def has_same_name(one: Actor, other: Actor) -> bool:
    """Check if two actors have primary names of one person. Unverified other names are ignored: with them a person
    could withdraw approvals of another.
    """
    return one.person_name == other.person_name or has_common_person((one.name,), (other.name,))


def names_a_person(name: str) -> bool:
    """Check if a name can be of a person: the forge itself, as committer of its merges, is none."""
    return bool(_parse_name(name).plain or _parse_name(name).addresses)


def list_people(actors: Sequence[Actor]) -> tuple[Actor, ...]:
    """Return the first actor of each person. An actor matching two people joins them into one."""
    return tuple(each[0] for each in group_people(actors))


def group_people(actors: Sequence[Actor]) -> list[list[Actor]]:
    """Return the actors of each person."""
    people: list[list[Actor]] = []
    for actor in actors:
        known = [each for each in people if any(is_named_in(actor, list_names(other)) for other in each)]
        if known:
            known[0].append(actor)
            for more in known[1:]:
                known[0].extend(more)
            people = [each for each in people if not any(each is more for more in known[1:])]
        else:
            people.append([actor])
    return people


def name_schedule(project: str, *parts: str) -> str:
    """Return the name of a schedule as an actor, from a project and what tells the run in it."""
    return _SCHEDULE + ", ".join(" ".join(part.split()) for part in (project, *parts) if part)


def is_schedule(actor: Actor) -> bool:
    """Check if the actor is a schedule of GitHub or GitLab."""
    return actor.via in {"github", "gitlab"} and actor.name.startswith(_SCHEDULE)


def is_machine(actor: Actor) -> bool:
    """Check if the actor is a schedule, or the name or address is of an app, a bot or a project token."""
    if is_schedule(actor):
        return True
    names = (_parse_name(name) for name in list_names(actor))
    return any(_BOT.fullmatch(word) for name in names for word in name.plain | name.local)


@cache
def _parse_name(name: str) -> _Name:
    text = name.strip().casefold().removeprefix("@")
    if not text or text in _FORGE_COMMITTERS:
        return _Name()
    if text.startswith("arn:"):
        # The session or user name, if it may be of a person, else the role, or the whole ARN.
        _, slash, last = text.rpartition("/")
        if not slash or _TOOL_SESSION.fullmatch(last):
            return _Name(plain=frozenset({to_role_arn(name.strip()).casefold()}))
        return _parse_name(last)
    if found := _NO_REPLY.fullmatch(text):
        return _Name(plain=frozenset({found["whole"], found["login"]}))
    local, at, domain = text.rpartition("@")
    if not at or not local:
        person = _remove_session(text)
        return _Name(plain=frozenset({text, person})) if person else _Name()
    # "ann+deploys@example.com" is the mailbox of ann@example.com. Sessions of envctl contain the name of the person.
    local = _remove_session(local)
    box = local.partition("+")[0] or local
    return _Name(addresses=frozenset({f"{local}@{domain}", f"{box}@{domain}"}), local=frozenset({local, box}))


def _remove_session(text: str) -> str:
    found = _OWN_SESSION.match(text)
    return text[found.end() :] if found else text


def to_role_arn(arn: str) -> str:
    """Return the role ARN of a session ARN, without the role's path; any other ARN unchanged."""
    match = _ROLE_OF_SESSION.fullmatch(arn)
    return f"arn:{match['partition']}:iam::{match['account']}:role/{match['role']}" if match else arn
