"""The authors of a deployment: all who changed what an approval binds since the deployment that runs in the target.

Approvals are counted by author: a gate for two needs, for each author, two people who are not that author.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Refusal, Request, can_record_rules
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.people.person_names import group_people, is_named_in, list_names, list_people, names_a_person
from envctl.domain.rules.environment_rules import Rules
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_first

Author = tuple[str, ...]
"""All known names of one person."""
MAX_NAMED = 20


def list_changed_releases(request: Request) -> tuple[KnownRelease, ...]:
    """Return the releases between the one that runs in the target and the deployed one, which is always among them.

    Without an earlier deployment it stands alone.
    """
    known, current, releases = request.known_release, request.target_state.current, request.present.releases
    if current is None:
        return (known,) if known else ()
    running = releases.get(current.release)
    first, last = running.seq if running else 0, known.seq if known else request.present.seq
    aim, ends = request.pipeline.standalone_name, range(min(first, last) + 1, max(first, last) + 1)
    # A release that came by a waiver was not approved yet.
    added = [running if current.waiver else None, known]
    added += [each for each in releases.values() if each.seq in ends and aim in each.made_for]
    return tuple({each.release: each for each in added if each}.values())


def list_authors(request: Request) -> tuple[Author, ...]:
    """Return the names of each author, for the rules of the request: none if authors may approve their own changes."""
    return () if request.rules.self_approval else _join_names(_list_makers(request))


def list_rules_authors(request: Request) -> tuple[Author, ...]:
    """Return the names of each author of the changed rules."""
    return _join_names(tuple(map(Actor, request.wrote_rules)))


def count_people(authors: Iterable[Author], approvers: Iterable[Actor]) -> int:
    """Return the least number of approvers for the changes of one author: authors do not count for their own."""
    given = tuple(approvers)
    counts = (len(list_people([each for each in given if not is_named_in(each, author)])) for author in authors)
    return min([len(list_people(given)), *counts])


def list_short_authors(authors: Iterable[Author], approvers: Iterable[Actor], need: int) -> tuple[Author, ...]:
    """Return the authors whose changes have too few approvals."""
    given = tuple(approvers)
    return tuple(author for author in authors if count_people((author,), given) < need)


def is_only_author(authors: Iterable[Author], actor: Actor) -> bool:
    """Check if all changes are of the actor: an approval of theirs could never count."""
    found = [is_named_in(actor, author) for author in authors]
    return bool(found) and all(found)


def describe_part(request: Request, actor: Actor) -> str:
    """Describe the part of an author in the changes, as a predicate."""
    if any(is_named_in(actor, _list_maker_names(each)) for each in list_changed_releases(request)):
        return f"made release {shorten_id(request.identity)}"
    if can_record_rules(request) and is_named_in(actor, request.wrote_rules):
        return f"changed the rules of {request.target}"
    return f"changed the settings or the place of {request.target}"


def describe_authors(request: Request) -> str:
    """Describe the authors, and since when; empty where they may approve, and for a deployment without changes."""
    names = sorted(author[0] for author in list_authors(request))
    current = request.target_state.current
    if current is None and not request.rules.self_approval:
        by = f"written by {join_first(names, MAX_NAMED)}; " if names else ""
        return f"{by}baseline: nothing runs in {request.target} yet, and authors of earlier releases do not count"
    since = f"all since release {shorten_id(current.release)}, which runs in {request.target}" if current else ""
    return f"written by {join_first(names, MAX_NAMED)} ({since})" if names else ""


def check_known_authors(request: Request, rules: Rules) -> Refusal | None:
    """G106: git knows all authors of what the deployment changes, if the rules need that."""
    if not request.unknown_authors or rules.self_approval:
        return None
    message = f"the authors are unknown: {request.unknown_authors}"
    why = format_command("why", request.target)
    hint = f"git fetch --unshallow (in GitHub fetch-depth: 0, in GitLab GIT_DEPTH: 0), then: {why}"
    return Refusal(GuardCode.APPROVALS, message=message, hint=hint)


def _list_makers(request: Request) -> tuple[Actor, ...]:
    """Return each known name of an author as an actor, and the creators of releases with all of theirs."""
    changed = list_changed_releases(request)
    rules = request.wrote_rules if can_record_rules(request) else ()
    names = [name for each in changed for name in (each.author, *each.others)]
    more = (Actor(name) for name in dict.fromkeys((*names, *rules, *request.wrote_tree)))
    return tuple(dict.fromkeys((*(each.by for each in changed), *more)))


def _list_maker_names(known: KnownRelease) -> Iterator[str]:
    yield from (known.author, *known.others, *list_names(known.by))


@lru_cache(maxsize=64)
def _join_names(makers: tuple[Actor, ...]) -> tuple[Author, ...]:
    """Join the names of one person. Names of no person, such as the forge that merges, are left out."""
    people = group_people([each for each in makers if any(map(names_a_person, list_names(each)))])
    named = (
        dict.fromkeys(name for each in person for name in (each.person_name, *list_names(each))) for person in people
    )
    return tuple(tuple(name for name in names if name) for names in named)
