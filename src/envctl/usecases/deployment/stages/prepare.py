"""The stages before a plan: guards, the account, images, root modules, and a release of the working tree."""

from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

from envctl.domain.guards import count_required_approvals
from envctl.domain.operation import Operation
from envctl.domain.release import bundle as releases
from envctl.usecases.account import account_check, image_copy
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.progress import GuardRunner, Prepared, SelectedRelease, WorkingTreeRelease
from envctl.usecases.deployment.request import DeployRequest
from envctl.usecases.ledger import journal
from envctl.usecases.project import module_checks
from envctl.usecases.release import deploy_request, release_store

Selected = TypeVar("Selected", bound=SelectedRelease)
Started = TypeVar("Started", bound=DeployRequest | SelectedRelease)


@dataclass(frozen=True)
class CheckGuards(Generic[Selected]):
    """Check all guards, as far as they need neither the account nor a plan."""

    action: Operation

    VERBS: ClassVar[dict[Operation, str]] = {
        "apply": "applied to",
        "promote": "promoted to",
        "rollback": "rolled back in",
        "destroy": "destroyed in",
    }

    def describe(self, environment: str) -> tuple[str, ...]:
        return (f"check every guard: may this be {self.VERBS[self.action]} {environment}?",)

    def run(self, selected: Selected) -> Selected:
        present = journal.load(selected.request.context.ports)
        return replace(selected, guard_request=selected.guards.enforce_guards(selected.guard_request, present))


@dataclass(frozen=True)
class RequireAnswer(Generic[Started]):
    """Check that the plan can be confirmed, before the time that it takes."""

    def describe(self, environment: str) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def run(self, started: Started) -> Started:
        request = started if isinstance(started, DeployRequest) else started.request
        request.context.ports.prompter.require_answer(request.target)
        return started


@dataclass(frozen=True)
class CheckAccount(Generic[Selected]):
    """Take the credentials of the environment, and check the guards needing them."""

    def describe(self, environment: str) -> tuple[str, ...]:
        return (f"sign in to the account of {environment}, and check it",)

    def run(self, selected: Selected) -> Selected:
        context, target, asked = selected.request.context, selected.request.target, selected.guard_request
        asked = selected.guards.enforce_account_guards(asked, selected.release, selected.settings)
        account_check.require_time_left(context.ports, asked.present, target, asked.caller)
        account_check.require_state_bucket(context, target)
        return replace(selected, guard_request=asked)


@dataclass(frozen=True)
class CopyImages(Generic[Selected]):
    """Copy missing images of these artifacts to the registry of the target."""

    artifacts: tuple[str, ...]

    def describe(self, environment: str) -> tuple[str, ...]:
        images = ", ".join(self.artifacts)
        return (f"copy the image of {images} to the registry of {environment}, if missing",)

    def run(self, selected: Selected) -> Selected:
        context, source = selected.request.context, selected.guard_request.origin
        image_copy.copy_images(context, source, selected.request.target, selected.release)
        return selected


@dataclass(frozen=True)
class PrepareRelease:
    """Render the root modules of a stored release, and run `terraform init` as needed."""

    stacks: tuple[str, ...]

    def describe(self, environment: str) -> tuple[str, ...]:
        return (_describe_rendering(self.stacks, environment),)

    def run(self, selected: SelectedRelease) -> Prepared:
        context, target = selected.request.context, selected.request.target
        release, settings, identity = selected.release, selected.settings, selected.guard_request.identity
        if selected.request.action == "rollback":
            module_checks.warn_stored_reads(context.ports, release, identity)
            module_checks.warn_stored_accounts(context, release, identity, target)
        elif selected.request.action != "destroy":
            module_checks.check_stored_reads(context, release, identity)
            module_checks.check_stored_accounts(context, release, identity, target)
        over = selected.guard_request.changeover
        written = prepare.write_workdirs(context, release, settings, identity, changeover=over)
        environment = account_check.name_sessions(context, written)
        prepare.init_release(context, environment, release)
        return Prepared(**vars(selected), environment=environment)


@dataclass(frozen=True)
class PrepareWorkingTree:
    """Render the root modules of the working tree, and run `terraform init` as needed.

    `tagged` are artifacts to pin to digests, `called` the addresses of remote modules to download.
    """

    stacks: tuple[str, ...]
    only: tuple[str, ...]
    tagged: tuple[str, ...] = ()
    called: tuple[str, ...] = ()

    def describe(self, environment: str) -> tuple[str, ...]:
        tags = f"resolve the tag of {', '.join(self.tagged)} to a digest, " if self.tagged else ""
        code = f"add the code of {', '.join(self.called)} to the release, " if self.called else ""
        return (f"{tags}{code}{_describe_rendering(self.stacks, environment)}",)

    def run(self, request: DeployRequest) -> WorkingTreeRelease:
        made = prepare.prepare_working_tree(request.context, request.target)
        environment = account_check.name_sessions(request.context, made.prepared)
        return WorkingTreeRelease(request, made.release, made.settings, environment, self.only)


@dataclass(frozen=True)
class CreateRelease:
    """Create a release from the working tree."""

    def describe(self, environment: str) -> tuple[str, ...]:  # noqa: ARG002
        return ("bundle the working tree into a release",)

    def run(self, tree: WorkingTreeRelease) -> Prepared:
        ports, project = tree.request.context.ports, tree.request.context.project
        bundle = releases.pack(tree.release)
        identity = releases.compute_identity(bundle)
        # A release that can't be read back must not be deployed: no promotion and no drift check could follow.
        releases.unpack(bundle, identity)
        aim = project.pipeline.standalone_name
        present = release_store.record_commit(ports, journal.load(ports), identity, tree.release, aim)
        asked = deploy_request.build_entry_request(
            tree.request.context,
            present,
            identity=identity,
            settings=tree.environment.settings,
            release=tree.release,
        )
        asked = replace(asked, changeover=asked.changeover.limit_to(tree.only))
        if count_required_approvals(asked):
            # Approvals need a stored release.
            release_store.save_bundle(ports, identity, bundle, tree.release, aim)
        environment = replace(tree.environment, release=identity)
        guards = GuardRunner(tree.request)
        label = asked.present.find_label(identity) or release_store.label_new_release(ports, identity, tree.release)
        return Prepared(tree.request, guards, asked, tree.release, bundle, tree.settings, tree.only, label, environment)


def _describe_rendering(stacks: tuple[str, ...], environment: str) -> str:
    return f"render {describe_stacks(stacks)} with the settings of {environment}, and run init if needed"


def describe_stacks(stacks: tuple[str, ...]) -> str:
    return f"{'stack' if len(stacks) == 1 else 'stacks'} {', '.join(stacks)}"
