"""The place of an environment that changed in envctl.toml after its last deployment: told, and refused.

Only the ledger and the store are read: nothing signs in anywhere.
"""

from collections.abc import Sequence
from dataclasses import replace

from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, EnvctlError, Location, Problem
from envctl.domain.findings import Finding
from envctl.domain.ledger.state import LedgerState
from envctl.domain.release.bundle import Release
from envctl.domain.release.place import place_digest
from envctl.domain.release.place.place_digest import MAX_DIFFERENCES, Move
from envctl.domain.release.wiring import Wiring
from envctl.domain.rules.document import build_rules_document
from envctl.domain.text.lists import join_first
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.project import environment_selection
from envctl.usecases.project.project_file import locate_key
from envctl.usecases.release import release_store
from envctl.usecases.release.pending_changes import ReadBundle

MOVED, RENAMED = "E148", "E139"


def find_changed_place(
    context: Context, present: LedgerState, environment: str, read: ReadBundle | None = None
) -> Problem | None:
    """Return how envctl.toml differs from the last deployment: another place (E148), or another name (E139).

    With a hint it is refused; without one, only told. None without a difference, or if that is unknown.
    """
    ports, here = context.ports, present.find_environment(environment)
    if here.last is None:
        gone = environment_selection.find_gone(context, present)
        named = (each for each in gone if environment in each.successors)
        return next(map(environment_selection.describe_gone, named), None)
    last = next((each for each in (here.last, here.current) if each and each.place), None)
    if last is None or not here.held_stacks:
        return None
    release = read(last.release)[1] if read else release_store.load_bundle(ports, last.release)[1]
    now = _resolve_place(context, environment, release) if release else None
    if now is None or now.digest == last.place:
        return None
    before = release_store.PLACES.load_documents(ports, [last.place]).get(last.place)
    moves = before and place_digest.list_moves(before, now, context.project.view_for(environment).stacks)
    if not moves:
        return None
    was, is_now = (
        join_first([f"{label} {value}" for label, value in values if value], MAX_DIFFERENCES) or "none"
        for values in ([(each.label, each.was) for each in moves], [(each.label, each.now) for each in moves])
    )
    at = _locate(context, environment, moves[0])
    message = f"{environment} was deployed with {was} (entry {last.seq}); {at} says {is_now}"
    return Problem(MOVED, message, _find_hint(context, present, environment, moves, last.seq))


def _find_hint(context: Context, present: LedgerState, environment: str, moves: Sequence[Move], entry: int) -> str:
    """Return what to do; empty if the move is meant, by the file or approved rules, or leads to the same resources."""
    here = present.find_environment(environment)
    rules = build_rules_document(context.project.view_for(environment), environment)
    if (
        not any(each.leads_elsewhere for each in moves)
        or context.project.environments[environment].moved_after == entry
        or any(each.rules == rules.digest for each in here.rules_approvals)
    ):
        return ""
    explain = format_command("explain", MOVED)
    if here.rules and not rules.is_entry and any(each.label in ("account", "region") for each in moves):
        # The recorded rules have the earlier one: G112 asks for an approval.
        approve = format_command("approve", environment, rules=True)
        return f"change it back, or approve the move ({explain}): {approve}"
    destroy = format_command("destroy", environment)
    return (
        f"change it back; to begin anew elsewhere, change it back and run {destroy} first; if its states moved, add"
        f" moved_after = {entry} to [environments.{environment}] ({explain})"
    )


def _resolve_place(context: Context, environment: str, release: Release) -> place_digest.BoundPlace | None:
    """Return the place by today's file. The clusters of a release travel with it, so they are taken from the file."""
    try:
        project = context.project.view_for(environment)
        return place_digest.resolve_bound_place(project, environment, _name_clusters(project, release.wiring))
    except (EnvctlError, KeyError):
        # The project file has no such stack or region any more: its own fault is told.
        return None


def _name_clusters(project: Project, wiring: Wiring) -> Wiring:
    stacks = dict(wiring.stacks)
    for name, wired in wiring.stacks.items():
        asked = project.stacks.get(name)
        if wired.kubernetes and asked and asked.is_kubernetes:
            named = replace(wired.kubernetes, cluster=asked.cluster or "", context=asked.kubeconfig_context or "")
            stacks[name] = replace(wired, kubernetes=named)
    return replace(wiring, stacks=stacks)


def _locate(context: Context, environment: str, move: Move) -> Location:
    keys = {"account": "account_id", "region": "region", "role": "assume_role"}
    if move.label in ("cluster", "context"):
        key = "cluster" if move.label == "cluster" and move.now else "kubeconfig_context"
        return locate_key(context.ports, "stacks", move.stack, key)
    if move.label in keys:
        return locate_key(context.ports, "environments", environment, keys[move.label])
    return locate_key(context.ports, "state", move.key)


def require_place(context: Context, present: LedgerState, environment: str, *, only_name: bool = False) -> None:
    """Raise ConfigurationError if its place or name changed after the last deployment, unless that is meant."""
    changed = find_changed_place(context, present, environment)
    if changed is not None and changed.hint and (changed.code == RENAMED or not only_name):
        raise ConfigurationError(changed)


def find_changed_places(context: Context, environments: Sequence[str]) -> tuple[Finding, ...]:
    """Return a finding for each environment with another place or name; none if the ledger can't be read."""
    try:
        present = journal.load(context.ports)
        found = [find_changed_place(context, present, each) for each in environments]
    except EnvctlError:
        return ()
    return tuple(Finding("place", "warn", each.message, each.hint) for each in found if each)
