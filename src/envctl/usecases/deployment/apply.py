"""`envctl apply ENV`: deploy the working tree to the entry environment; redeploy the current release to any other."""

from envctl.domain.plan.leaving_stacks import NO_CHANGEOVER
from envctl.domain.release.image_repositories import list_copied_artifacts
from envctl.usecases.deployment import stages
from envctl.usecases.deployment.deploy import deploy, describe_dry_run, run_stages, select_needs
from envctl.usecases.deployment.rollout import planner
from envctl.usecases.deployment.run import DEFAULT, Deployed, DeployOptions, Run
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import image_tags, load, remote_modules, working_tree
from envctl.usecases.release import deploy_request, stack_changes


def apply(ports: Ports, environment: str, options: DeployOptions = DEFAULT) -> Deployed:
    project, target = load.load_view(ports, environment)
    run = Run(ports, project, "apply", target, options)
    with ports.workspace.lock_environment(target, f"envctl apply {target} by {ports.identity.identify_actor().name}"):
        if target == project.entry:
            return _deploy_working_tree(run)
        return deploy(deploy_request.build_redeployment(ports, project, journal.load(ports), target=target), run)


def _deploy_working_tree(run: Run) -> Deployed:
    project = run.project
    made = working_tree.build_release(run.ports, project)
    # Report all faults of the settings before writing anything.
    load.load_settings(run.ports, project, run.target, made.wiring)
    tagged, called = tuple(image_tags.find_tagged_images(project, made)), remote_modules.list_missing_modules(made)
    needs = select_needs(run, made)
    # A partial deployment verifies nothing.
    verify = run.options.verify and not run.only
    rolled = planner.describe_rollouts(project, needs, run.action)
    over = NO_CHANGEOVER
    if run.options.dry_run and not run.only:
        # A real run finds the leaving stacks again after it has created the release.
        over = stack_changes.find_changeover(run.ports, project, journal.load(run.ports), run.target, made.wiring)
    copies = list_copied_artifacts(project)
    steps = stages.build_entry_stages(
        needs, verify=verify, tagged=tagged, called=called, copied=copies, rolled=rolled, changeover=over
    )
    return describe_dry_run(run, steps) if run.options.dry_run else run_stages(run, steps)
