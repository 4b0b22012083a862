"""The stages of a recovery: `Interruption` → `InspectedStacks` → `RepairedStacks` → `ClosedRecovery`."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.asked_guards import BEFORE_CHANGE, AskedGuards
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import OperationFailedError, Problem, StateLock, UsageError
from envctl.domain.guards import RefusedError, check_guards
from envctl.domain.ledger.events import DeploymentAbandoned, DeploymentStarted, Event
from envctl.domain.ledger.state import Deployment, EnvironmentState, LedgerState
from envctl.domain.plan.fingerprint import list_missing_actions
from envctl.domain.plan.import_ids import REPORTED, find_import_id
from envctl.domain.text.identifiers import NAME, shorten_id
from envctl.domain.text.lists import join_names
from envctl.usecases.account import account_check
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.leaving import leaving_stacks
from envctl.usecases.deployment.leaving.state_move import clear_copies
from envctl.usecases.deployment.prepare import PreparedRelease
from envctl.usecases.deployment.recovery import inspection
from envctl.usecases.deployment.recovery.inspection import RecoveryFindings
from envctl.usecases.deployment.recovery.lock_breaking import break_state_locks
from envctl.usecases.deployment.recovery.state_import import StateImporter
from envctl.usecases.deployment.rollout.abort import require_restored
from envctl.usecases.deployment.stages.fixed_lines import FixedLines
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.rules_store import build_rules_request
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.terraform import PreparedStack, format_import_address
from envctl.usecases.project.settings.environment_settings import load_settings
from envctl.usecases.release import deploy_request, release_store

ASKS = AskedGuards(
    BEFORE_CHANGE - {GuardCode.BUSY},
    "G109: an unfinished deployment is what a recovery ends, and one that still runs raises LockHeldError",
)


@dataclass(frozen=True)
class Interruption:
    """What the ledger says of an environment before its recovery."""

    context: Context
    environment: str
    present: LedgerState

    @property
    def here(self) -> EnvironmentState:
        return self.present.find_environment(self.environment)

    @property
    def last(self) -> Deployment | None:
        return self.here.last

    @property
    def resume(self) -> str:
        """The command that resumes the last deployment; empty without one."""
        match self.last:
            case None:
                return ""
            case Deployment(action="promote", source=source):
                return format_command("promote", source, self.environment)
            case Deployment(action="rollback", release=release):
                return format_command("rollback", self.environment, to=shorten_id(release))
            case Deployment(action=action):
                return format_command(action, self.environment)


@dataclass(frozen=True)
class InspectedStacks:
    """What was found in the stacks, and repaired there. `performed` are the changes that the deployment has made."""

    interruption: Interruption
    findings: RecoveryFindings
    performed: tuple[str, ...] = ()


@dataclass(frozen=True)
class RepairedStacks(InspectedStacks):
    """The addresses of imported resources, and of earlier imports without a recorded end."""

    taken_in: tuple[str, ...] = ()
    abandoned_imports: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClosedRecovery:
    """The state of the ledger after the recovery. `is_recorded` if a deployment was unfinished until now."""

    repaired: RepairedStacks
    present: LedgerState
    is_recorded: bool


class AskGuards(FixedLines):
    """Raise RefusedError if a guard refuses a change of the environment."""

    lines = ("check that the environment may be changed: guards G108, G203 and G207",)

    def run(self, found: Interruption) -> Interruption:
        context, target = found.context, found.environment
        request = replace(build_rules_request(context, found.present, target), action="apply", source=None)
        again = format_command("recover", target)
        refused = [each for each in check_guards(request) if each.code in ASKS.codes and not each.warns]
        if refused:
            raise RefusedError(tuple(replace(each, hint=each.hint.replace(request.command, again)) for each in refused))
        with suppress(*inspection.INSPECTION_ERRORS):
            # Without an answer of AWS no state is reached either: the inspection tells.
            account_check.require_account(context, target)
        return found


class InspectStacks(FixedLines):
    """Look at all stacks, and repair their locks, states and traffic. Errors are found, and must not block."""

    lines = (
        "empty the state copies of an interrupted move, and break its locks",
        "prepare the release of the last deployment, and save the states not saved by it",
        "for each interrupted rollout: ask, and send all requests to the version before",
        "plan each stack to show the remaining changes; if a lock of that deployment remains, ask and break it",
    )

    def run(self, found: Interruption) -> InspectedStacks:
        try:
            broken = _clean_up_moves(found)
            ready = prepare_last(found)
        except inspection.INSPECTION_ERRORS as error:
            return InspectedStacks(found, RecoveryFindings(unseen=tuple(error.problems)))
        if ready is None:
            return InspectedStacks(found, RecoveryFindings())
        seen = inspection.inspect_stacks(found.context, found.here, ready)
        performed = _list_performed(found, ready, seen)
        return InspectedStacks(found, replace(seen, broken=(*broken, *seen.broken)), performed)


@dataclass(frozen=True)
class ImportResources:
    """Record imports without an end as abandoned, and import `existing`: addresses, with ids.

    Raises UsageError for an address outside all stacks, or of unclear stack, OperationFailedError for a resource that
    the last deployment did not report (E376) or for other settings than it had (E377), or the error of Terraform.
    """

    existing: tuple[tuple[str, str], ...] = ()

    def describe(self, environment: str) -> tuple[str, ...]:  # noqa: ARG002
        imports = tuple(f"import {address} into the state of its stack" for address, _ in self.existing)
        return ("record each unfinished import as abandoned", *imports)

    def run(self, seen: InspectedStacks) -> RepairedStacks:
        found = seen.interruption
        imports = StateImporter(found.context.ports, found.environment, found.last.release if found.last else "")
        repaired = RepairedStacks(
            found, seen.findings, seen.performed, abandoned_imports=imports.abandon_open(found.present)
        )
        if not self.existing:
            return repaired
        ready = prepare_last(found)
        if ready is None:
            message = f"{found.environment} has no deployments, so no state to import into"
            raise OperationFailedError(Problem("E322", message, format_command("status")))
        existing = [pair for each in self.existing for pair in _list_imports(seen, *each)]
        targets = [find_import_target(address, ready.prepared.stacks) for address, _ in existing]
        for (stack, address), (_, identity) in zip(targets, existing, strict=True):
            _require_reported(seen, stack, address, identity)
        _require_same_settings(found, ready)
        for (stack, address), (_, identity) in zip(targets, existing, strict=True):
            imports.import_resource(stack, address, identity)
        left = inspection.inspect_stacks(found.context, found.here, ready).left
        taken_in = tuple(address for address, _ in existing)
        return replace(repaired, findings=replace(seen.findings, left=left), taken_in=taken_in)


class CloseDeployment(FixedLines):
    """Record an unfinished deployment as abandoned."""

    lines = ("record the interrupted deployment of {environment} as closed",)

    def run(self, repaired: RepairedStacks) -> ClosedRecovery:
        last, ports = repaired.interruption.last, repaired.interruption.context.ports
        if last is None or last.outcome != "unfinished":
            return ClosedRecovery(repaired, journal.load(ports), is_recorded=False)
        target, reason = repaired.interruption.environment, _explain_end(repaired.findings)

        def decide_event(now: LedgerState) -> Event | None:
            still = now.find_environment(target).unfinished_deployment
            if still is None or still.seq != last.seq:
                return None
            return DeploymentAbandoned(target, still.release, still.seq, reason, repaired.performed)

        return ClosedRecovery(repaired, journal.append(ports, decide_event)[0], is_recorded=True)


class RequireRestored(FixedLines):
    """Raise OperationFailedError if requests are still shared between two versions, or if a stack was not seen."""

    lines = ("list failed checks, and stacks with split traffic",)

    def run(self, closed: ClosedRecovery) -> ClosedRecovery:
        found, findings = closed.repaired.interruption, closed.repaired.findings
        leaving = {plan.stack: found.resume for plan in findings.left if plan.leaves and found.resume}
        require_restored(closed.present, found.environment, findings.unseen, leaving)
        if findings.unseen and not closed.is_recorded:
            raise OperationFailedError(*findings.unseen)
        return closed


def _list_performed(found: Interruption, ready: PreparedRelease, seen: RecoveryFindings) -> tuple[str, ...]:
    """Return the planned changes of the unfinished deployment that are no longer to do. Other settings plan others."""
    last, ports = found.here.unfinished_deployment, found.context.ports
    if last is None or ready.prepared.settings != last.settings:
        return ()
    starts = [each.event for each in journal.read_entries(ports, [last.seq])]
    plans = release_store.load_plans(ports, [each.plan for each in starts if isinstance(each, DeploymentStarted)])
    # Restored traffic has undone a part.
    left = [plan for plan in seen.left if plan.stack not in {each.stack for each in seen.back}]
    return tuple(what for meaning in plans.values() for what in list_missing_actions(meaning, left))


def _explain_end(found: RecoveryFindings) -> str:
    reason = "its end was never recorded"
    if found.broken:
        reason += f"; Terraform's lock of {', '.join(lock.stack for lock in found.broken)} was broken"
    if found.rescued:
        reason += f"; the state of {', '.join(found.rescued)} was saved"
    if found.back:
        reason += f"; the requests of {', '.join(each.stack for each in found.back)} went back"
    return reason


def _clean_up_moves(found: Interruption) -> tuple[StateLock, ...]:
    """Break the locks and empty the unrecorded copies of a killed state move. Return the broken locks."""
    context, target, here = found.context, found.environment, found.here
    release = release_store.load_bundle(context.ports, here.last.release)[1] if here.last else None
    if here.last is None or release is None:
        return ()
    over = deploy_request.find_changeover(context, found.present, target, release.wiring, release=here.last.release)
    emptied = [old for old in here.renamed.values() if old not in here.held_stacks]
    broken = break_state_locks(context, target, [*over.moves, *emptied], here.last)
    clear_copies(context, target, over.moves)
    return broken


def prepare_last(found: Interruption) -> PreparedRelease | None:
    """Prepare the last deployment; without one, the working tree in the entry environment, else None."""
    context, target, last = found.context, found.environment, found.last
    if last is None:
        return prepare.prepare_working_tree(context, target) if target == context.project.entry else None
    action: Literal["apply", "destroy"] = "destroy" if last.action == "destroy" else "apply"
    candidate = deploy_request.build_redeployment(
        context, found.present, target=target, release=last.release, action=action
    )
    if candidate.release is None:
        raise release_store.unusable_bundle_error(last.release, candidate.request.bundle)
    over, wiring = candidate.request.changeover, candidate.release.wiring
    settings = candidate.settings or load_settings(context, target, wiring, moves=over.moves)
    digest = settings.digest(found.here.known_settings)
    prepared = prepare.write_workdirs(
        context, candidate.release, settings, last.release, digest=digest, changeover=over
    )
    prepare.init_release(context, prepared, candidate.release)
    prepared = leaving_stacks.add_leaving(context, found.present, prepared, release=candidate.release, changeover=over)
    return PreparedRelease(prepared, candidate.release, settings, over)


def find_import_target(text: str, stacks: Sequence[PreparedStack]) -> tuple[PreparedStack, str]:
    """Return the stack that an address means, and the address for Terraform.

    `STACK:ADDRESS` names the stack; ADDRESS is as plans show it. Otherwise it is the address in the state: below
    `module.STACK.` for a module, and any address for a root module that runs as it is.

    Raises UsageError if no stack has the address (E368), or if several stacks may have it (E375).
    """
    name, is_named, address = text.partition(":")
    # The address of a resource has no colon before its first key.
    if is_named and NAME.fullmatch(name):
        named = [stack for stack in stacks if stack.name == name]
        if not named:
            raise UsageError(Problem("E368", f"no stack {name} in this release", _list_forms(stacks)))
        return named[0], f"{named[0].address_prefix}{address}"
    owners = [stack for stack in stacks if text.startswith(stack.address_prefix)]
    if len(owners) > 1:
        names = join_names([stack.name for stack in owners])
        forms = " or ".join(f"'{stack.name}:{text.removeprefix(stack.address_prefix)}=ID'" for stack in owners)
        raise UsageError(Problem("E375", f"the address {text} may be in {names}", f"name the stack: {forms}"))
    if not owners:
        raise UsageError(Problem("E368", f"no stack of this release has the address {text}", _list_forms(stacks)))
    return owners[0], text


def _list_imports(seen: InspectedStacks, address: str, identity: str) -> list[tuple[str, str]]:
    """Return the address with its id, or in place of REPORTED all that the last deployment reported.

    Raises OperationFailedError (E376) if it reported none, or if the plan lacks an id.
    """
    if address != REPORTED:
        return [(address, identity)]
    found = seen.interruption
    if found.last is None or not found.last.existing:
        message = f"the last deployment to {found.environment} reported no existing resource: nothing was imported"
        raise OperationFailedError(Problem("E376", message, format_command("status")))
    known = {name: _find_planned_id(seen, *name.split(":", 1)) for name in found.last.existing}
    if lacking := [name for name, known_id in known.items() if not known_id]:
        message = f"the plan does not tell the id of {join_names(lacking)}: nothing was imported"
        hint = format_command("recover", found.environment, import_=f"{lacking[0]}=ID")
        raise OperationFailedError(Problem("E376", message, hint))
    return list(known.items())


def _find_planned_id(seen: InspectedStacks, stack: str, address: str) -> str:
    planned = (change for plan in seen.findings.left if plan.stack == stack for change in plan.resources)
    return next((find_import_id(change) for change in planned if change.address == address), "")


def _require_reported(seen: InspectedStacks, stack: PreparedStack, address: str, identity: str) -> None:
    """Raise OperationFailedError (E376) unless the last deployment failed by this resource (E367), and the id is the
    one in the plan, if the plan has it.
    """
    found, own = seen.interruption, address.removeprefix(stack.address_prefix)
    name, target = f"{stack.name}:{own}", found.environment
    if found.last is None or name not in found.last.existing:
        again = found.resume or format_command("apply", target)
        message = f"the last deployment to {target} did not report {name} as existing: nothing was imported"
        hint = "only what it reports (E367) can be imported; for anything else, write an import block in a root module."
        hint += f" To have it reported, run it again: {again}"
        raise OperationFailedError(Problem("E376", message, hint, stack=stack.name))
    wanted = _find_planned_id(seen, stack.name, own)
    if wanted and wanted != identity:
        message = f"the code gives {name} another id: nothing was imported"
        hint = format_command("recover", target, import_=f"{name}={wanted}")
        raise OperationFailedError(Problem("E376", message, hint, stack=stack.name))


def _require_same_settings(found: Interruption, ready: PreparedRelease) -> None:
    """Raise OperationFailedError (E377) for other settings: the next plan would change what was taken in."""
    if found.last is not None and ready.prepared.settings != found.last.settings:
        message = f"the settings of {found.environment} are not those of its last deployment: nothing was imported"
        hint = f"restore them, or deploy them first: {found.resume}"
        raise OperationFailedError(Problem("E377", message, hint))


def _list_forms(stacks: Sequence[PreparedStack]) -> str:
    beginnings = " or ".join(sorted(format_import_address(stack, "") for stack in stacks))
    example = format_import_address(stacks[0], 'TYPE.NAME["KEY"]')
    return f"start it with {beginnings}, and quote it: '{example}'"
