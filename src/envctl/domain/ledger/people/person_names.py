"""When two names are one person: an e-mail address, a login, the session of a role, a user of AWS.

Names are only ever joined here. Two names that are one person count once, and bar each other from approving what one of
them made. No permission follows from it: that a pattern of `allow` means an actor is decided by `people.py` alone.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.role_arns import role_of

# What GitHub and GitLab write in place of an address: "583231+octocat@users.noreply.github.com", "octocat@users…",
# "42-octocat@users.noreply.gitlab.com", and the same on other hosts.
_NO_REPLY = re.compile(r"(?P<whole>(?:\d+[+-])?(?P<login>[^@]+))@users\.noreply\.[^@]+")
# GitHub itself, as committer of what was merged with its button.
_MACHINERY = frozenset({"noreply@github.com", "noreply@gitlab.com", "github", "gitlab"})
_BOT = re.compile(r".*\[bot\]|(?:project|group)_\d+_bot(?:_.*)?|service_account_.+", re.DOTALL)
# Sessions that a tool or a machine has named: an instance, a task, a build. They name no person.
_UNNAMED = re.compile(
    r"botocore-session-\d+|aws-cli.*|awscli-session.*|aws-go-sdk-\d+|aws-sdk-.*\d+|terraform-\d+|i-[0-9a-f]{8,17}"
    r"|[0-9a-f]{32}|awscodebuild-.*|.*[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
_OWN_SESSION = "envctl-"


@dataclass(frozen=True)
class _Name:
    """A name as it is compared. `plain` are words that stand alone, such as logins; `addresses` are whole ones; `local`
    is what stands before the @ of those, which is the same person as a plain word, and not as another address.
    """

    plain: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    local: frozenset[str] = frozenset()

    def is_same(self, other: "_Name") -> bool:
        return bool(
            self.plain & (other.plain | other.local)
            or other.plain & self.local
            or self.addresses & other.addresses
        )  # fmt: skip


def is_one(first: Iterable[str], second: Iterable[str]) -> bool:
    """Whether a name of the first is the same person as a name of the second."""
    others = [_read(name) for name in second]
    return any(_read(name).is_same(other) for name in first for other in others)


def list_names(actor: Actor) -> tuple[str, ...]:
    """All names that an actor is known by, with those that only the machine gave."""
    return tuple(dict.fromkeys(name for name in (actor.name, *actor.also) if name))


def is_person(actor: Actor, names: Iterable[str]) -> bool:
    """Whether the actor is one of those."""
    return is_one(list_names(actor), names)


def is_same_person(one: Actor, other: Actor) -> bool:
    """Whether two actors are one person, as far as their names tell."""
    return is_one(list_names(one), list_names(other))


def has_same_name(one: Actor, other: Actor) -> bool:
    """Whether two actors act under names of one person. Other names of theirs, which only the machine gives, do not
    count: under those a person could take back what another one said.
    """
    return one.person == other.person or is_one((one.name,), (other.name,))


def list_people(actors: Sequence[Actor]) -> tuple[Actor, ...]:
    """One actor of each person, the first that was named. Who is joined to two is one person with both."""
    people: list[list[Actor]] = []
    for actor in actors:
        known = [each for each in people if any(is_person(actor, list_names(other)) for other in each)]
        if known:
            known[0].append(actor)
            for more in known[1:]:
                known[0].extend(more)
            people = [each for each in people if not any(each is more for more in known[1:])]
        else:
            people.append([actor])
    return tuple(each[0] for each in people)


def is_machine(actor: Actor) -> bool:
    """Whether the name is that of an app, a bot, or a token of a project, or the address of one: no person at all."""
    names = (_read(name) for name in list_names(actor))
    return any(_BOT.fullmatch(word) for name in names for word in name.plain | name.local)


@cache
def _read(name: str) -> _Name:
    text = name.strip().casefold().removeprefix("@")
    if not text or text in _MACHINERY:
        return _Name()
    if text.startswith("arn:"):
        return _read_arn(name.strip(), text)
    if found := _NO_REPLY.fullmatch(text):
        return _Name(plain=frozenset({found["whole"], found["login"]}))
    local, at, domain = text.rpartition("@")
    if not at or not local:
        return _Name(plain=frozenset({text, text.removeprefix(_OWN_SESSION)}))
    # "ann+deploys@example.com" is the letter box of ann@example.com; and sessions of envctl say who takes them.
    local = local.removeprefix(_OWN_SESSION)
    box = local.partition("+")[0] or local
    return _Name(addresses=frozenset({f"{local}@{domain}", f"{box}@{domain}"}), local=frozenset({local, box}))


def _read_arn(arn: str, text: str) -> _Name:
    """Of a session or a user its name, where it has one that a person could have; else the role, or the whole."""
    _, slash, last = text.rpartition("/")
    if not slash or _UNNAMED.fullmatch(last):
        return _Name(plain=frozenset({role_of(arn).casefold()}))
    return _read(last)
