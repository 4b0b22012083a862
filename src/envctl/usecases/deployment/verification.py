"""`envctl verify ENV`, and the end of every deployment: the project's checks, and what they say, in the ledger."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from envctl.domain.checks import probes as checks
from envctl.domain.config.project import Project
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.guards import RefusedError, refusals
from envctl.domain.ledger.events import Event, VerificationFailed, VerificationPassed
from envctl.domain.ledger.state import Deployment, Present, ended
from envctl.domain.rules.document import mark_check
from envctl.domain.terraform.outputs import public
from envctl.usecases.deployment import output_reader, prepare
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.project import Prepared
from envctl.usecases.project import load
from envctl.usecases.release import deploy_request


@dataclass(frozen=True)
class Checked:
    """One check; `problem` says why it failed, or why it was skipped."""

    name: str
    outcome: Literal["passed", "failed", "skipped"]
    problem: str = ""


@dataclass(frozen=True)
class Verification:
    environment: str
    release: str
    checks: tuple[Checked, ...]
    next: str = ""


def verify(ports: Ports, environment: str) -> Verification:
    """Raises OperationFailedError with each check that failed, which is recorded then."""
    project, target = load.seen_from(ports, environment)
    with ports.workspace.lock(target, f"envctl verify {target} by {ports.identity.actor().name}"):
        present = journal.present(ports)
        _running(present, target)
        return verify_prepared(ports, project, _prepare(ports, project, present, target))


def verify_prepared(ports: Ports, project: Project, prepared: Prepared) -> Verification:
    """Of what the environment runs, whose root modules lie ready."""
    target = prepared.environment
    running = _running(journal.present(ports), target)
    checked = tuple(_check(ports, project, prepared, running))
    failed = [each for each in checked if each.outcome == "failed"]
    _record(ports, project, target, running, checked)
    if failed:
        raise OperationFailedError(*(_failed(target, each) for each in failed))
    after = project.pipeline.after(target)
    return Verification(target, running.release, checked, project.pipeline.way_into(after) if after else "")


def _running(present: Present, target: str) -> Deployment:
    """The deployment that can be verified: the last one, if it went well."""
    proof = present.of(target).proof
    if proof is not None:
        return proof.deployment
    last = present.of(target).last
    state = "nothing runs there" if last is None or last.action == "destroy" else f"its last deployment {ended(last)}"
    hint = f"envctl recover {target}" if last and last.outcome == "unfinished" else "envctl status shows the way on"
    raise OperationFailedError(Problem("E409", f"there is nothing to verify in {target}: {state}", hint))


def _prepare(ports: Ports, project: Project, present: Present, target: str) -> Prepared:
    candidate = deploy_request.redeployment(ports, project, present, target=target)
    if candidate.release is None or candidate.settings is None:
        raise RefusedError(refusals(candidate.request))
    prepared = prepare.lay_out(ports, project, candidate.release, candidate.settings, candidate.request.identity)
    if _needed(project, prepared, sandbox=ports.sandbox):
        prepare.initialise_from(ports, project, prepared, candidate.release)
    return prepared


def asked(project: Project, environment: str, *, sandbox: bool) -> dict[str, checks.Check]:
    """The checks of an environment; in the sandbox those alone that mean something there."""
    return {name: each for name, each in project.checks.items() if checks.applies(each, environment, sandbox=sandbox)}


def _needed(project: Project, prepared: Prepared, *, sandbox: bool) -> frozenset[str]:
    """The stacks whose outputs the checks need: a command may look at all of them."""
    here = prepared.environment
    known = asked(project, here, sandbox=sandbox).values()
    if any(isinstance(check, checks.CommandCheck) for check in known):
        return frozenset(stack.name for stack in prepared.stacks)
    return frozenset(reference.stack for check in known if (reference := checks.needs(check)))


def _check(ports: Ports, project: Project, prepared: Prepared, running: Deployment) -> Iterator[Checked]:
    needed = _needed(project, prepared, sandbox=ports.sandbox)
    stacks = [stack for stack in prepared.stacks if stack.name in needed]
    outputs = output_reader.read_all(ports, prepared.environment, stacks)
    surroundings = {
        "ENVCTL_ENVIRONMENT": prepared.environment,
        "ENVCTL_RELEASE": running.release,
        # A command's environment can be read by others.
        "ENVCTL_OUTPUTS": json.dumps(public(outputs)),
    }
    for name, check in asked(project, prepared.environment, sandbox=False).items():
        if not checks.applies(check, prepared.environment, sandbox=ports.sandbox):
            yield Checked(name, "skipped", "not in the sandbox")
            continue
        ports.observer.said(f"checking {name} in {prepared.environment}")
        probe = checks.resolve(check, name, outputs)
        problem = probe.problem if isinstance(probe, checks.Verdict) else ports.probes.ask(probe, surroundings)
        yield Checked(name, "failed" if problem else "passed", problem)


def _record(ports: Ports, project: Project, target: str, running: Deployment, checked: tuple[Checked, ...]) -> None:
    failed = [each for each in checked if each.outcome == "failed"]
    known = asked(project, target, sandbox=False)
    marks = tuple(mark_check(name, check) for name, check in known.items())

    def decide(present: Present) -> Event:
        now = present.of(target).proof
        if now is None or now.deployment.seq != running.seq:
            message = f"something else was deployed to {target} while it was verified: nothing was recorded"
            raise OperationFailedError(Problem("E411", message, f"envctl verify {target}"))
        if failed:
            names = tuple(each.name for each in failed)
            # Not what the check said: it may quote a secret, and an entry is for ever.
            return VerificationFailed(target, running.release, running.seq, names, f"E410 at check {names[0]}")
        passed = tuple(each.name for each in checked if each.outcome == "passed")
        return VerificationPassed(target, running.release, running.seq, passed, marks)

    journal.append(ports, decide)


def _failed(target: str, checked: Checked) -> Problem:
    hint = f"what runs in {target} is not proven until it is mended and checked again: envctl verify {target}"
    return Problem("E410", f"check {checked.name} of {target} failed: {checked.problem}", hint)
