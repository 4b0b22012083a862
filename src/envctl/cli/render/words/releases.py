"""Releases, and one release with all that is known of it."""

from collections.abc import Iterator
from datetime import datetime

from envctl.cli.render.text.sentences import format_actor, format_count, shorten_actor
from envctl.cli.render.text.times import Zone, format_age, format_past
from envctl.cli.render.values.hcl_text import format_hcl
from envctl.cli.render.words.release_changes import describe_uncommitted
from envctl.domain.ledger.projection.release_matrix import Stay
from envctl.domain.release_label import format_label, format_label_age
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_names
from envctl.usecases.inspect.releases import ListedRelease, ReleaseDetails, ReleasePlace, Releases

HEADS = ("release", "subject", "#", "age", "by", "where")
ENDS = {
    "partial": "a deployment of some stacks ended",
    "unfinished": "its deployment is unfinished since",
    "failed": "its deployment failed",
    "interrupted": "its deployment was interrupted",
    "abandoned": "its deployment was abandoned",
}


def describe_empty_list(listed: Releases) -> str:
    if listed.environment:
        return f"No release was deployed to {listed.environment} yet."
    return "No releases yet."


def describe_rest(listed: Releases) -> str:
    return f"… and {format_count(listed.more, 'older release')}: --limit shows more"


def format_row(each: ListedRelease, now: datetime) -> tuple[str, ...]:
    known = each.release
    subject = f"{known.subject}{'+' if known.uncommitted and known.subject else ''}"
    request = f"#{known.request}" if known.request else ""
    age = format_label_age(known.at, now)
    return shorten_id(known.release), subject, request, age, shorten_actor(known.by), describe_places(each)


def describe_places(each: ListedRelease) -> str:
    """Return where a release runs, is verified and is on hold; empty if nowhere."""
    parts = {"runs in": each.runs_in, "verified in": each.verified_in, "on hold in": each.held_in}
    if each.runs_in == each.verified_in:
        parts = {"runs, verified in": each.runs_in, "on hold in": each.held_in}
    return " · ".join(f"{what} {', '.join(names)}" for what, names in parts.items() if names)


def list_facts(details: ReleaseDetails, zone: Zone = None) -> Iterator[tuple[str, str]]:
    known = details.release
    yield "id", known.release
    if known.subject:
        yield "subject", known.subject
    yield (
        "commit",
        f"{known.commit}{describe_uncommitted(known)}" if known.commit else "none: the tree was not committed",
    )
    if known.request:
        yield "request", f"#{known.request}"
    yield "created", f"{format_past(known.at, details.now, zone)} by {format_actor(known.by)}"
    if known.author:
        yield "author", known.author
    if known.by.run_url:
        yield "job", known.by.run_url
    if details.bundle != "intact":
        yield "content", f"unknown: its bundle in the store is {details.bundle}"
        return
    modules = format_count(details.modules, "module") if details.modules or not details.object_stacks else ""
    counts = ", ".join(filter(None, (modules, format_count(details.files, "file"))))
    yield "content", f"{format_count(len(details.stacks), 'stack')} ({join_names(details.stacks)}), {counts}"
    if details.object_stacks:
        yield "objects", f"Kubernetes objects in {join_names(details.object_stacks)}"
    for artifact in details.artifacts:
        yield "artifact", f"{artifact.variable} = {format_hcl(artifact.value)}"


def describe_place(place: ReleasePlace, now: datetime, zone: Zone = None) -> str:
    """Return the standing of the release in an environment, and what runs there instead."""
    parts = [_describe_stay(place.stay, now, zone)]
    if place.stay.hold:
        hold = place.stay.hold
        parts.append(f"on hold by {format_actor(hold.by)}: {hold.reason}")
    if place.runs and place.runs.distance:
        distance = f"{format_count(place.runs.distance, 'release')} {'newer' if place.runs.is_newer else 'older'}"
        parts.append(f"now runs {format_label(place.runs.label)} ({distance})")
    return "; ".join(parts)


def _describe_stay(stay: Stay, now: datetime, zone: Zone) -> str:
    when = format_past(stay.at, now, zone) if stay.at else ""
    match stay.standing:
        case "never":
            return "never deployed"
        case "unknown":
            return "unknown: not in the entries read"
        case "runs" | "left":
            verb = "runs since" if stay.standing == "runs" else "ran, deployed"
            return f"{verb} {when}, {_describe_verification(stay, now)}"
        case _:
            return f"{ENDS[stay.standing]} {when}"


def _describe_verification(stay: Stay, now: datetime) -> str:
    if stay.verified_at:
        return f"verified {format_age(stay.verified_at, now)}"
    return f"not verified: {stay.revoked}" if stay.revoked else "not verified"
