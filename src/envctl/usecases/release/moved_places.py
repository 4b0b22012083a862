"""The place of an environment that changed in envctl.toml after its last deployment: told, and refused.

Only the ledger and the store are read: nothing signs in anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from envctl.domain.command_lines import format_command
from envctl.domain.errors import ConfigurationError, EnvctlError, Location, Problem
from envctl.domain.findings import Finding
from envctl.domain.ledger.state import LedgerState
from envctl.domain.release.bundle import Release
from envctl.domain.release.place import place_digest
from envctl.domain.release.place.place_digest import MAX_DIFFERENCES, Move
from envctl.domain.rules.document import build_rules_document
from envctl.domain.text.lists import join_first
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.project import environment_selection
from envctl.usecases.project.project_file import locate_key
from envctl.usecases.release import release_store
from envctl.usecases.release.pending_changes import ReadBundle


@dataclass(frozen=True)
class MovedPlace:
    """The place of the last deployment, and the one that envctl.toml has now."""

    environment: str
    entry: int  # the number of that deployment
    moves: tuple[Move, ...]
    at: Location  # the line of the first one
    is_meant: bool  # true if envctl.toml or an approval says that it moved
    asks_rules: bool  # true if the recorded rules have the earlier account or region: G112 asks for an approval

    @property
    def sentence(self) -> str:
        old = [f"{each.label} {each.was}" for each in self.moves if each.was]
        new = [f"{each.label} {each.now}" for each in self.moves if each.now]
        was, now = (join_first(each, MAX_DIFFERENCES) or "none" for each in (old, new))
        return f"{self.environment} was deployed with {was} (entry {self.entry}); {self.at} says {now}"

    @property
    def hint(self) -> str:
        """What to do; empty if nothing is refused."""
        if self.is_meant or not any(each.leads_elsewhere for each in self.moves):
            return ""
        explain = format_command("explain", "E148")
        if self.asks_rules:
            approve = format_command("approve", self.environment, rules=True)
            return f"change it back, or approve the move ({explain}): {approve}"
        destroy = format_command("destroy", self.environment)
        return (
            f"change it back; to begin anew elsewhere, change it back and run {destroy} first; if its states moved, add"
            f" moved_after = {self.entry} to [environments.{self.environment}] ({explain})"
        )


def find_moved_place(
    context: Context, present: LedgerState, environment: str, read: ReadBundle | None = None
) -> MovedPlace | None:
    """Return how the place differs from that of the last deployment; None if it does not, or if that is unknown."""
    ports, project = context.ports, context.project.view_for(environment)
    here = present.find_environment(environment)
    last = next((each for each in (here.last, here.current) if each and each.place), None)
    if last is None or not here.held_stacks:
        return None
    release = read(last.release)[1] if read else release_store.load_bundle(ports, last.release)[1]
    now = _resolve_place(context, environment, release) if release else None
    if now is None or now.digest == last.place:
        return None
    before = release_store.PLACES.load_documents(ports, [last.place]).get(last.place)
    moves = place_digest.list_moves(before, now, project.stacks) if before else ()
    if not moves:
        return None
    rules = build_rules_document(project, environment)
    asks_rules = (
        here.rules is not None and not rules.is_entry and bool({"account", "region"} & {m.label for m in moves})
    )
    is_meant = (
        project.environments[environment].moved_after == last.seq
        or any(each.rules == rules.digest for each in here.rules_approvals)
        or any(each.place == now.digest and not each.ended for each in here.approvals)
    )
    return MovedPlace(environment, last.seq, moves, _locate(context, environment, moves[0]), is_meant, asks_rules)


def _resolve_place(context: Context, environment: str, release: Release) -> place_digest.BoundPlace | None:
    try:
        return place_digest.resolve_bound_place(context.project.view_for(environment), environment, release.wiring)
    except (EnvctlError, KeyError):
        # The project file has no such stack or region any more: its own fault is told.
        return None


def _locate(context: Context, environment: str, move: Move) -> Location:
    keys = {"account": "account_id", "region": "region", "role": "assume_role"}
    if move.label in keys:
        return locate_key(context.ports, "environments", environment, keys[move.label])
    return locate_key(context.ports, "state", move.key)


def find_renaming(context: Context, present: LedgerState, environment: str) -> Problem | None:
    """Return the problem of an environment that seems to be the new name of a removed one with stacks."""
    if present.find_environment(environment).last is not None:
        return None
    gone = environment_selection.find_gone(context, present)
    return next((environment_selection.describe_gone(each) for each in gone if each.successor == environment), None)


def require_place(context: Context, present: LedgerState, environment: str) -> None:
    """Raise ConfigurationError (E148) if the place changed after the last deployment, unless that is meant."""
    moved = find_moved_place(context, present, environment)
    if moved is not None and moved.hint:
        raise ConfigurationError(Problem("E148", moved.sentence, moved.hint))


def find_moved_environments(context: Context, environments: Sequence[str]) -> tuple[Finding, ...]:
    """Return a finding for each environment with another place; none if the ledger is elsewhere, or unreadable."""
    if context.project.store.url.startswith("s3:") and not context.ports.sandbox:
        # A validation signs in nowhere.
        return ()
    try:
        present = journal.load(context.ports)
        found = [find_moved_place(context, present, each) for each in environments]
    except EnvctlError:
        return ()
    return tuple(Finding("place", "warn", each.sentence, each.hint) for each in found if each)
