"""`envctl apply ENV`: the working tree into the entry environment; elsewhere what it has, with today's settings."""

from envctl.domain.plan.leaving_stacks import NO_CHANGEOVER, Changeover
from envctl.domain.release.contents import Release
from envctl.domain.release.image_repositories import copied
from envctl.usecases.deployment import stages
from envctl.usecases.deployment.deploy import carry_out, chosen, deploy, explained
from envctl.usecases.deployment.rollout import planner
from envctl.usecases.deployment.run import PLAINLY, Deployed, Run, Wishes
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import image_tags, load, remote_modules, working_tree
from envctl.usecases.release import deploy_request, stack_changes


def apply(ports: Ports, environment: str, wishes: Wishes = PLAINLY) -> Deployed:
    project, target = load.seen_from(ports, environment)
    run = Run(ports, project, "apply", target, wishes)
    with ports.workspace.lock(target, f"envctl apply {target} by {ports.identity.actor().name}"):
        if target == project.entry:
            return _enter(run)
        return deploy(deploy_request.redeployment(ports, project, journal.present(ports), target=target), run)


def _enter(run: Run) -> Deployed:
    project = run.project
    made = working_tree.release(run.ports, project)
    # All that is wrong with the settings is said before anything is written.
    load.settings(run.ports, project, run.target, made.wiring)
    tagged, called = tuple(image_tags.tagged(project, made)), remote_modules.called(made)
    needs = chosen(run, made)
    # A part is no whole, and proves nothing.
    verify = run.wishes.verify and not run.only
    rolled = planner.told(project, needs, run.action)
    # A deployment itself finds out anew what leaves, once it has made the release.
    over = _changeover(run, made) if run.wishes.dry_run and not run.only else NO_CHANGEOVER
    copies = copied(project)
    steps = stages.of_entry(
        needs, verify=verify, tagged=tagged, called=called, copied=copies, rolled=rolled, changeover=over
    )
    return explained(run, steps) if run.wishes.dry_run else carry_out(run, steps)


def _changeover(run: Run, made: Release) -> Changeover:
    present = journal.present(run.ports)
    return stack_changes.find_changeover(run.ports, run.project, present, run.target, made.wiring)
