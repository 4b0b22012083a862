"""`envctl apply ENV`: the working tree into the entry environment; elsewhere what it has, with today's settings."""

from envctl.domain.guards import RefusedError, ask
from envctl.domain.project import Project
from envctl.usecases import candidates, load, record, stages, working_tree
from envctl.usecases.deploy import Deployed, Run, carry_out
from envctl.usecases.ports import Ports


def apply(ports: Ports, environment: str, *, dry_run: bool = False) -> Deployed:
    project = load.project(ports)
    target = load.known_environment(project, environment)
    with ports.workspace.lock(target, f"envctl apply {target} by {ports.identity.actor().name}"):
        if target == project.entry:
            return _enter(ports, project, target, dry_run=dry_run)
        candidate = candidates.redeployment(ports, project, record.present(ports), target=target)
        return deploy(ports, project, candidate, dry_run=dry_run)


def deploy(ports: Ports, project: Project, candidate: candidates.Candidate, *, dry_run: bool) -> Deployed:
    """Deploys a stored release, or explains how; refused at once where a guard says no."""
    request, release = candidate.request, candidate.release
    refusals = ask(request)
    if refusals or release is None or request.release is None:
        raise RefusedError(refusals)
    steps = stages.of_release(request.action, tuple(release.wiring.stacks))
    if dry_run:
        return _explained(request.target, request.release, steps)
    run = Run(
        ports,
        project,
        request.action,
        request.target,
        request.source or "",
        request=request,
        release=release,
        settings=candidate.settings,
        identity=request.release,
        bundle=candidate.bundle,
    )
    return carry_out(run, steps)


def _enter(ports: Ports, project: Project, target: str, *, dry_run: bool) -> Deployed:
    made = working_tree.release(ports, project)
    # All that is wrong with the settings is said before anything is written.
    load.settings(ports, project, target, made.wiring)
    steps = stages.of_entry(tuple(made.wiring.stacks))
    if dry_run:
        return _explained(target, "", steps)
    return carry_out(Run(ports, project, "apply", target), steps)


def _explained(target: str, release: str, steps: tuple[stages.Stage, ...]) -> Deployed:
    told = tuple(stages.explain(step, target) for step in steps)
    return Deployed(target, release, stages=told, dry_run=True)
