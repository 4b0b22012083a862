"""`envctl verify ENV`, also the last stage of a deployment: run the project's checks, and record their results."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.command_lines import format_command
from envctl.domain.config.checks.check_table import CheckResult, Probe
from envctl.domain.config.checks.kinds import is_check_applicable, resolve_check
from envctl.domain.config.checks.table import Check
from envctl.domain.config.project import Project
from envctl.domain.config.rules.asked_guards import RECORDS_ONLY
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.guards.drift import suggest_drift_fix
from envctl.domain.ledger.events import Event, VerificationFailed, VerificationPassed
from envctl.domain.ledger.state import Deployment, LedgerState, describe_outcome
from envctl.domain.release.code_search import may_have_check_blocks
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.rules.document import format_check_digest, to_check_table
from envctl.domain.terraform.outputs import Output, Outputs, drop_sensitive
from envctl.domain.text.lists import join_first
from envctl.usecases.concurrency.dag_runner import run_stack_jobs
from envctl.usecases.deployment import prepare
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.kubernetes import DoubtfulClusterError
from envctl.usecases.ports.terraform import PreparedEnvironment, PreparedStack
from envctl.usecases.project.environment_selection import load_context, lock_target
from envctl.usecases.release import deploy_request, moved_places
from envctl.usecases.release.next_steps import build_adviser

ASKS = RECORDS_ONLY

# Drifted names in a message.
MAX_NAMED = 3


@dataclass(frozen=True)
class CheckOutcome:
    """The result of one check; `problem` is the reason of a failure or a skip."""

    name: str
    outcome: Literal["passed", "failed", "skipped"]
    problem: str = ""


@dataclass(frozen=True)
class Verification:
    environment: str
    release: str
    checks: tuple[CheckOutcome, ...]
    next: str = ""
    label: ReleaseLabel | None = None


def verify(ports: Ports, environment: str) -> Verification:
    """Verify the running deployment. Record failed checks, and raise OperationFailedError with each."""
    context, target = load_context(ports, environment)
    with lock_target(ports, target, "verify"):
        present = journal.load(ports)
        _require_running(present, target)
        _require_no_drift(present, target)
        moved_places.require_place(context, present, target)
        found = verify_prepared(context, _prepare_running(context, present, target))
    return replace(found, next=build_adviser(context, journal.load(ports)).follow(target).advice)


def verify_prepared(context: Context, prepared: PreparedEnvironment) -> Verification:
    """Verify the running deployment with its prepared root modules."""
    target = prepared.environment
    present = journal.load(context.ports)
    running = _require_running(present, target)
    own = (*_await_workloads(context.ports, prepared), *_run_checks(context, prepared, running))
    blocks = tuple(_ask_check_blocks(context.ports, prepared))
    checked = (*own, *(outcome for outcome, _ in blocks))
    _record_result(context, target, running, checked)
    failed = [each for each in own if each.outcome == "failed"]
    problems = [Problem("E410", f"check {each.name} of {target} failed: {each.problem}") for each in failed]
    problems += [problem for _, problem in blocks if problem]
    if problems:
        hint = f"{target} is not verified; fix the cause, then: {format_command('verify', target)}"
        raise OperationFailedError(*(replace(problem, hint=hint) for problem in problems))
    return Verification(target, running.release, checked, label=present.find_label(running.release))


def _require_running(present: LedgerState, target: str) -> Deployment:
    """Return the last deployment. Raise OperationFailedError if it did not succeed."""
    proof = present.find_environment(target).current_evidence
    if proof is not None:
        return proof.deployment
    last = present.find_environment(target).last
    state = (
        f"its last deployment {describe_outcome(last)}"
        if last and last.action != "destroy"
        else "it has no deployments"
    )
    hint = format_command("recover", target) if last and last.outcome == "unfinished" else format_command("status")
    raise OperationFailedError(Problem("E409", f"{target} can't be verified: {state}", hint))


def _require_no_drift(present: LedgerState, target: str) -> None:
    """Raise OperationFailedError on drift since the deployment: checks of other resources don't prove the release."""
    here = present.find_environment(target)
    if here.drift is None or not here.drifted:
        return
    count = "1 difference" if here.drift.drifted == 1 else f"{here.drift.drifted} differences"
    named = join_first(here.drift.resources, MAX_NAMED, here.drift.drifted)
    message = f"{target} has drifted ({count}: {named}): checks would not verify its release"
    if not here.drift.unplanned:
        message += f". If the drift was fixed by hand, check for drift: {format_command('drift', target)}"
    raise OperationFailedError(Problem("E418", message, suggest_drift_fix(target, here.drift)))


def _prepare_running(context: Context, present: LedgerState, target: str) -> PreparedEnvironment:
    candidate = deploy_request.build_redeployment(context, present, target=target)
    found = candidate.require_fitting()
    identity, digest = found.request.identity, found.request.settings
    # Check blocks need a plan, and that needs all values.
    has_blocks = any(may_have_check_blocks(path, file.data) for path, file in found.release.files.items())
    prepared = prepare.write_workdirs(
        context, found.release, found.settings, identity, digest=digest, with_values=has_blocks
    )
    has_workload = any(stack.workload for stack in prepared.stacks)
    if (
        has_workload
        or has_blocks
        or find_needed_stacks(prepared, select_checks(context.project, target, sandbox=context.ports.sandbox).values())
    ):
        prepare.init_release(context, prepared, found.release)
    return prepared


def select_checks(project: Project, environment: str, *, sandbox: bool) -> dict[str, Check]:
    """Return the checks of an environment; in the sandbox, only those applicable there."""
    return {
        name: each for name, each in project.checks.items() if is_check_applicable(each, environment, sandbox=sandbox)
    }


def find_needed_stacks(prepared: PreparedEnvironment, known: Collection[Check]) -> frozenset[str]:
    """Return the stacks with outputs needed by the checks."""
    if any(check.needs_all_outputs for check in known):
        return frozenset(stack.name for stack in prepared.stacks)
    return frozenset(reference.stack for check in known for reference in check.list_references())


def build_check_variables(environment: str, release: str, outputs: Outputs) -> dict[str, str]:
    """Return the variables of a check. Only public outputs are included: other processes can read variables."""
    public = json.dumps(drop_sensitive(outputs))
    return {"ENVCTL_ENVIRONMENT": environment, "ENVCTL_RELEASE": release, "ENVCTL_OUTPUTS": public}


def run_probe(ports: Ports, probe: Probe | CheckResult, variables: Mapping[str, str]) -> str:
    """Run a resolved check. Return the reason of a failure, else an empty text."""
    return probe.problem if isinstance(probe, CheckResult) else ports.check_runner.run_check(probe, variables)


def _await_workloads(ports: Ports, prepared: PreparedEnvironment) -> Iterator[CheckOutcome]:
    """Wait until the objects of all stacks for Kubernetes are ready, all at once. No project declares this check."""
    stacks = [stack for stack in prepared.stacks if stack.workload]
    if not stacks:
        return
    target = prepared.environment
    for stack in stacks:
        ports.observer.on_message(f"checking that {stack.name} is ready in {target}")
    _, report = run_stack_jobs(ports, target, stacks, lambda stack: ports.terraform.await_ready(target, stack))
    unready = {
        name: error
        for name, error in report.failed.items()
        if isinstance(error, OperationFailedError) and not isinstance(error, DoubtfulClusterError)
    }
    report.raise_stop()
    if len(unready) < len(report.failed):
        report.raise_failure()
    for stack in stacks:
        name, error = f"{stack.name} is ready", unready.get(stack.name)
        if error is None:
            yield CheckOutcome(name, "passed")
        else:
            yield CheckOutcome(name, "failed", "; ".join(problem.message for problem in error.problems))


def _ask_check_blocks(ports: Ports, prepared: PreparedEnvironment) -> Iterator[tuple[CheckOutcome, Problem | None]]:
    """Ask the check blocks of all stacks with a root module. No answer is a failure, with its problem."""
    target, stacks = prepared.environment, [stack for stack in prepared.stacks if not stack.workload]
    found, report = run_stack_jobs(ports, target, stacks, lambda stack: ports.terraform.ask_check_blocks(target, stack))
    report.raise_failure()
    for stack, block in ((each.name, block) for each in stacks for block in found[each.name]):
        name, why = f"{stack}: {block.address}", "; ".join(block.messages)
        if block.status == "pass":
            yield CheckOutcome(name, "passed"), None
            continue
        message = f"{name} {'failed' if block.status == 'fail' else 'has no answer'} in {target}{why and f': {why}'}"
        problem = Problem("E410", message, location=block.location, stack=stack, address=block.address)
        yield CheckOutcome(name, "failed", why), problem


def _run_checks(context: Context, prepared: PreparedEnvironment, running: Deployment) -> Iterator[CheckOutcome]:
    ports = context.ports
    checks = select_checks(context.project, prepared.environment, sandbox=False)
    if not checks:
        return
    needed = find_needed_stacks(
        prepared, select_checks(context.project, prepared.environment, sandbox=ports.sandbox).values()
    )
    stacks = [stack for stack in prepared.stacks if stack.name in needed]
    outputs = read_outputs(ports, prepared.environment, stacks)
    variables = build_check_variables(prepared.environment, running.release, outputs)
    for name, check in checks.items():
        if not is_check_applicable(check, prepared.environment, sandbox=ports.sandbox):
            yield CheckOutcome(name, "skipped", "not in the sandbox")
            continue
        ports.observer.on_message(f"checking {name} in {prepared.environment}")
        problem = run_probe(ports, resolve_check(check, name, outputs), variables)
        yield CheckOutcome(name, "failed" if problem else "passed", problem)


def _record_result(context: Context, target: str, running: Deployment, checked: tuple[CheckOutcome, ...]) -> None:
    failed = [each for each in checked if each.outcome == "failed"]
    known = select_checks(context.project, target, sandbox=False)
    marks = tuple(format_check_digest(name, to_check_table(check)) for name, check in known.items())

    def decide_event(present: LedgerState) -> Event:
        now = present.find_environment(target).current_evidence
        if now is None or now.deployment.seq != running.seq:
            message = f"another deployment to {target} started during the verification; the result was not recorded"
            raise OperationFailedError(Problem("E411", message, format_command("verify", target)))
        if failed:
            names = tuple(each.name for each in failed)
            # Without the message: it may quote a secret, and entries are permanent.
            return VerificationFailed(target, running.release, running.seq, names, f"E410 at check {names[0]}")
        passed = tuple(each.name for each in checked if each.outcome == "passed")
        return VerificationPassed(target, running.release, running.seq, passed, marks)

    journal.append(context.ports, decide_event)


def read_outputs(ports: Ports, environment: str, stacks: Sequence[PreparedStack]) -> dict[str, Mapping[str, Output]]:
    """Return the outputs by stack, in the order of `stacks`. Raise all errors together, after reading all."""
    if len(stacks) <= 1:
        return {stack.name: ports.terraform.read_outputs(environment, stack) for stack in stacks}
    found, report = run_stack_jobs(
        ports, environment, stacks, lambda stack: ports.terraform.read_outputs(environment, stack)
    )
    report.raise_failure()
    return {stack.name: found[stack.name] for stack in stacks}
