"""`envctl preview`, `envctl plan ENV --release R`: plans of a release for environments ahead of its promotion.

They leave no ledger entry, and guards are not checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import join, normpath

from envctl.domain.ci.request_changes import RequestChange, list_request_changes
from envctl.domain.config.checks.command import CommandCheck
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Problem
from envctl.domain.exit_codes import ExitCode, worst_exit_code
from envctl.domain.ledger.projection.stacks import warn_of_unknown_states
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.release.bundle import Release
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.bundle_paths import to_project_path
from envctl.usecases.account import account_check
from envctl.usecases.deployment import planning, prepare, shared_resources
from envctl.usecases.deployment.leaving import leaving_stacks
from envctl.usecases.deployment.planning import plan_stacks
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import look_scope, module_checks, project_file, remote_modules, working_tree
from envctl.usecases.project.earlier_states import require_known_states
from envctl.usecases.project.environment_selection import find_environments, load_context, lock_target
from envctl.usecases.project.project_file import find_cost_source
from envctl.usecases.project.settings.environment_settings import load_valid_settings
from envctl.usecases.project.watched_folders import list_further_folders
from envctl.usecases.release import deploy_request, moved_places, pending_changes, release_store
from envctl.usecases.release.release_names import find_release

_MAX_FILES = 2000


@dataclass(frozen=True)
class EnvironmentPreview:
    """The plan of an environment, or the problems that prevented it."""

    environment: str
    plan: EnvironmentPlan | None = None
    problems: tuple[Problem, ...] = ()
    exit_code: ExitCode = ExitCode.DONE
    hidden: bool = False  # whether this job must not read its states, so that there is no plan
    # of a hidden one, the settings that differ from the deployed ones, as far as they are known
    settings_changed: tuple[str, ...] = ()


class EnvironmentPreviews:
    """Common properties of plans of several environments."""

    environments: tuple[EnvironmentPreview, ...]

    @property
    def changes(self) -> bool:
        return any(each.plan and each.plan.changes for each in self.environments)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(problem for each in self.environments for problem in each.problems)

    def exit_code(self, *, detailed: bool = False) -> ExitCode:
        """Return the worst exit code. With `detailed`, changes count as well."""
        changes = [ExitCode.CHANGES] if detailed and self.changes else []
        return worst_exit_code([*changes, *(each.exit_code for each in self.environments)])


@dataclass(frozen=True)
class Preview(EnvironmentPreviews):
    """Plans of one release. `release` is empty for the working tree, which has no label. `request_changes` are those
    of a pull or merge request that no plan shows.
    """

    release: str
    environments: tuple[EnvironmentPreview, ...]
    label: ReleaseLabel | None = None
    request_changes: tuple[RequestChange, ...] = ()


@dataclass(frozen=True)
class PreviewedRelease:
    """A release to plan without deploying it. `identity` is empty for the working tree, which has no label."""

    release: Release
    identity: str
    label: ReleaseLabel | None = None


def preview_environments(ports: Ports, environments: Sequence[str] = (), *, release: str | None = None) -> Preview:
    """Plan the tree or a release in environments, by default the pipeline's. A failure in one stops no other."""
    project = project_file.load_project(ports)
    wanted = find_environments(Context(ports, project), environments) if environments else project.pipeline.order
    bundles = {"": load_stored_release(ports, release)} if release else {}
    plans = []
    for each in wanted:
        view = project.view_for(each)
        pipeline_name = "" if release else view.pipeline.standalone_name
        bundles[pipeline_name] = bundles.get(pipeline_name) or load_working_tree(Context(ports, view))
        plan = _describe_hidden if look_scope.is_hidden(ports, project, each) else _preview_environment
        plans.append(plan(Context(ports, view), bundles[pipeline_name], each))
    first = next(iter(bundles.values()))
    changes = () if release else _find_request_changes(Context(ports, project))
    return Preview(first.identity, tuple(plans), first.label, changes)


def load_stored_release(ports: Ports, name: str) -> PreviewedRelease:
    """Load a release by any of its names. Raises UsageError, or OperationFailedError for a damaged bundle."""
    present = journal.load(ports)
    identity = find_release(present, name)
    state, release, _ = release_store.load_bundle(ports, identity)
    if release is None:
        raise release_store.unusable_bundle_error(identity, state)
    return PreviewedRelease(release, identity, present.find_label(identity))


def load_working_tree(context: Context) -> PreviewedRelease:
    pinned = account_check.pin_digests(context, working_tree.build_release(context))
    return PreviewedRelease(remote_modules.complete_release(context, pinned).release, "")


def plan_release(context: Context, bundle: PreviewedRelease, target: str) -> EnvironmentPlan:
    """Plan a release, alone in its work directory. Raises ConfigurationError if the settings do not fit it."""
    ports = context.ports
    look_scope.require_visible(context, target)
    moved_places.require_place(context, journal.load(ports), target)
    with lock_target(ports, target, "plan"):
        settings = load_valid_settings(context, target, bundle.release)
        plan = plan_under_lock(context, bundle, settings)
    costs = find_cost_source(context.project, target, bundle.release.wiring.stack_regions)
    return planning.add_cost(ports, plan, costs)


def plan_stored_release(ports: Ports, environment: str, release: str) -> EnvironmentPlan:
    """Plan a stored release, given by any of its names."""
    context, target = load_context(ports, environment)
    return plan_release(context, load_stored_release(ports, release), target)


def plan_under_lock(
    context: Context, bundle: PreviewedRelease, settings: EnvironmentSettings, *, left: bool = True
) -> EnvironmentPlan:
    """Plan a release under the caller's lock of the work directory. Without `left`, only for a comparison: without the
    stacks missing from it, and without forecasts.
    """
    ports = context.ports
    target, state = settings.environment, journal.load(ports)
    over = deploy_request.find_changeover(context, state, target, bundle.release.wiring, release=bundle.identity)
    require_known_states(context, bundle.release, target, state)
    # Nothing is recorded of a plan alone.
    prepared = prepare.write_workdirs(context, bundle.release, settings, bundle.identity, digest="", changeover=over)
    if bundle.identity:
        module_checks.check_stored_reads(context, bundle.release, bundle.identity)
        module_checks.check_stored_accounts(context, bundle.release, bundle.identity, target)
        prepare.init_release(context, prepared, bundle.release)
    else:
        prepare.init_working_tree(context, prepared)
    if left:
        prepared = leaving_stacks.add_leaving(context, state, prepared, release=bundle.release, changeover=over)
    here = state.find_environment(target).apply_moves(over.moves)
    try:
        plans = plan_stacks(ports, target, prepared.all_stacks, here.stacks, locking="none")
        plans = warn_of_unknown_states(target, here, plans)
        plans = shared_resources.warn_of_shared_resources(ports, target, prepared.all_stacks, plans, here)
        if left:
            plans = planning.add_forecasts(context, target, prepared.all_stacks, plans)
        return EnvironmentPlan(environment=target, release=bundle.identity, stacks=plans, label=bundle.label)
    finally:
        ports.terraform.delete_plans(target)


def _preview_environment(context: Context, bundle: PreviewedRelease, target: str) -> EnvironmentPreview:
    try:
        return EnvironmentPreview(target, plan_release(context, bundle, target))
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return EnvironmentPreview(target, problems=tuple(error.problems), exit_code=error.exit_code)


def _describe_hidden(context: Context, bundle: PreviewedRelease, target: str) -> EnvironmentPreview:
    """Return what is known without any state: whether the settings fit the release, and which ones differ."""
    try:
        load_valid_settings(context, target, bundle.release)
        present = journal.load(context.ports)
        pending = pending_changes.find_pending_changes(
            context, present, target, lambda release: release_store.load_bundle(context.ports, release)[:2]
        )
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return EnvironmentPreview(target, problems=tuple(error.problems), exit_code=error.exit_code, hidden=True)
    return EnvironmentPreview(target, hidden=True, settings_changed=pending.settings.names if pending else ())


def _find_request_changes(context: Context) -> tuple[RequestChange, ...]:
    """Return the changes of rules, workflows and programs; empty outside of a request, or if git can't tell."""
    ports, project = context.ports, context.project
    base = ports.job_requests.find_base(ports.version_control.read_revision(()).commit)
    changed = ports.version_control.list_changes(base) if base else None
    folder = ports.version_control.locate_project()
    if not changed or folder is None:
        return ()
    prefix = f"{folder}/" if folder else ""
    shared = {f"{normpath(join(folder, each))}/" for each in list_further_folders(ports, project)}
    sources = [path for path in changed if path.endswith(".tf") and path.startswith((prefix, *shared))][:_MAX_FILES]
    modules = {path: ports.tree.read_contents(to_project_path(folder, path)) or b"" for path in sources}
    commands = [check.command for check in project.every_check.values() if isinstance(check, CommandCheck)]
    commands += [project.cost.command] if project.cost else []
    return list_request_changes(changed, folder, [word for command in commands for word in command], modules)
