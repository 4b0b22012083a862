"""Stacks that an environment holds and the next release has no more: made ready with the code, the provider lock and
the settings that made them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, OperationFailedError, Problem
from envctl.domain.ledger.state import EnvironmentPresent, Present
from envctl.domain.plan.leaving_stacks import Changeover
from envctl.domain.release.contents import File, Release, StackWiring, Wiring
from envctl.domain.release.remote_modules import manifest
from envctl.domain.release.root_module import RootModule, render
from envctl.domain.rollout.traffic import ALL, COLOR, PERCENT, STABLE
from envctl.domain.terraform.workdir_names import LEFT, LOCK_FILE
from envctl.domain.text.short_ids import short
from envctl.usecases.account import account_check
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.leaving.settings import find_arguments
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.project import Prepared
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project.state_location import place
from envctl.usecases.release.stack_makers import Maker, find_makers


def add_leaving(
    ports: Ports, project: Project, present: Present, prepared: Prepared, *, release: Release, changeover: Changeover
) -> Prepared:
    """`prepared` with the stacks that leave, each laid out and initialised. Raises OperationFailedError where one that
    is to be destroyed can't be made ready; one that is to be forgotten need not be.
    """
    if not changeover.leaving:
        return prepared
    environment = prepared.environment
    makers = find_makers(ports, present, environment, changeover.leaving)
    code = {path: file for maker in makers.values() for path, file in _code(maker).items()}
    ports.workspace.lay_code(environment, {**release.files, **code})
    leaving = _Leaving(ports, project, environment, present.of(environment), changeover)
    left = tuple(leaving.make_ready(name, makers.get(name)) for name in changeover.leaving)
    kept = tuple(stack for stack in prepared.stacks if stack.name not in changeover.leaving)
    return account_check.named(ports, project, replace(prepared, stacks=kept, left=left))


@dataclass(frozen=True)
class _Leaving:
    """`here` is what the environment holds."""

    ports: Ports
    project: Project
    environment: str
    here: EnvironmentPresent
    changeover: Changeover

    def make_ready(self, name: str, maker: Maker | None) -> PreparedStack:
        fate = self.changeover.leaving[name] or "destroy"
        try:
            return replace(self._laid_out(name, maker), leaves=fate)
        except (ConfigurationError, OperationFailedError) as error:
            if fate != "forget":
                raise
            why = error.problems[0].message.partition("\n")[0]
            return PreparedStack(name, leaves="forget", unready=f"what it holds could not be listed: {why}")

    def _laid_out(self, name: str, maker: Maker | None) -> PreparedStack:
        if maker is None:
            raise OperationFailedError(_unknown(self.environment, name))
        stack = self._lay_out(name, maker)
        prepare.initialise_pinned(self.ports, self.environment, (stack,), maker.release)
        return stack

    def _lay_out(self, name: str, maker: Maker) -> PreparedStack:
        ports, environment = self.ports, self.environment
        ports.terraform.at_rest(environment, PreparedStack(name))
        wiring = _relocated(maker, name)
        wired = wiring.stacks[name]
        reachable = {
            variable: text for variable, text in wired.inputs.items() if text.partition(".")[0] in self.here.stacks
        }
        lost = [variable for variable in wired.inputs if variable not in reachable]
        wiring = replace(wiring, stacks={**wiring.stacks, name: replace(wired, inputs=reachable)})
        live = self.here.traffic[name].live if name in self.here.traffic else None
        positioned = {COLOR: live.color, PERCENT: ALL, STABLE: None} if live else {}
        found = find_arguments(ports, self.project, environment, name, maker=maker, lost=lost, positioned=positioned)
        root = _root_module(self.project, environment, name, wiring, found)
        prepare.check_secrets(root)
        ports.observer.hides(tuple(root.secrets.values()), (environment, name))
        ports.workspace.lay_stack(environment, name, root.encode())
        ports.workspace.lay_modules(environment, name, manifest(wiring, name))
        return PreparedStack(
            name,
            tuple(each for each in wired.needs if each in self.changeover.leaving),
            root.secrets,
            self.project.terraform.binary or "",
            self.project.environments[environment].profile or "",
            plan_keys=self.project.terraform.plan_keys,
        )


def _unknown(environment: str, name: str) -> Problem:
    message = f"{environment} holds {name}, and the store has no release that made it: envctl can't destroy it"
    hint = f'restore the store; or add [removed.{name}] with then = "forget", and destroy what it holds by hand'
    return Problem("E140", message, hint)


def _root_module(
    project: Project, environment: str, name: str, wiring: Wiring, arguments: Mapping[str, object]
) -> RootModule:
    where = place(project, environment)
    region = wiring.stacks[name].region
    if region and where.region and region not in where.regions:
        message = f"{name} ran in the region {region} of {environment}, which envctl.toml no longer names"
        hint = f"put it back under [environments.{environment}.regions] until {name} is gone"
        raise OperationFailedError(Problem("E141", message, hint))
    return render(wiring, name, where, arguments)


def _folder(maker: Maker) -> str:
    return f"{LEFT}/{short(maker.identity)}"


def _code(maker: Maker) -> dict[str, File]:
    there = _folder(maker)
    return {f"{there}/{path}": file for path, file in maker.release.files.items() if path != LOCK_FILE}


def _relocated(maker: Maker, name: str) -> Wiring:
    """The wiring of the release, whose code lies in a folder of its own beside that of the next one."""
    wiring, there = maker.release.wiring, _folder(maker)
    stack: StackWiring = wiring.stacks[name]
    modules = tuple(replace(each, folder=f"{there}/{each.folder}") for each in wiring.modules)
    moved = replace(stack, module=f"{there}/{stack.module}")
    return replace(wiring, stacks={**wiring.stacks, name: moved}, modules=modules)
