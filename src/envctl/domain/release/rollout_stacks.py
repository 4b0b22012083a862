"""The stacks whose colours envctl says, and what must hold between their rollouts and the modules."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from envctl.domain.config.faults import TomlPath
from envctl.domain.config.project import Project, Stack
from envctl.domain.config.rollout import Rollout
from envctl.domain.config.rollout_checks import ALARM_OUTPUT
from envctl.domain.errors import Problem
from envctl.domain.release.contents import Wiring
from envctl.domain.rollout.traffic import CONTRACT, lacking
from envctl.domain.settings.values import EnvironmentSettings
from envctl.domain.terraform.output_reference import Reference
from envctl.domain.terraform.variables import Schema
from envctl.domain.text.durations import spelt
from envctl.domain.text.lists import listed
from envctl.domain.text.suggestions import suggestion

WORKER = "worker"


def artifact_of(project: Project, stack: str, variables: Iterable[str]) -> str | None:
    """The variable whose new value is rolled out; None where that is not one."""
    rollout = project.stacks[stack].rollout
    declared = set(variables)
    taken = {name: each.variable for name, each in project.artifacts.items() if each.variable in declared}
    if rollout is None:
        return None
    if rollout.artifact is not None:
        return taken.get(rollout.artifact)
    return next(iter(taken.values())) if len(taken) == 1 else None


def rolled(project: Project, wiring: Wiring, colored: Collection[str] = ()) -> dict[str, str]:
    """The stacks whose colour envctl says, each with the variable of its artifact. A release of before its module knew
    of colours is deployed as it was then.

    `colored` are stacks of which the ledger knows a colour: it counts where the project file no longer names them.
    """
    found = {name: find_artifact(project, wiring, name) for name in wiring.stacks}
    return {name: variable for name, variable in found.items() if variable and _is_rolled(project, name, colored)}


def _is_rolled(project: Project, name: str, colored: Collection[str]) -> bool:
    return name in project.stacks or name in colored


def find_artifact(project: Project, wiring: Wiring, name: str) -> str | None:
    """Return the variable of a stack whose new value is rolled out; None where there is none, or several that are
    possible.
    """
    if name not in project.stacks:
        taken = list_artifacts(wiring, name)
        return taken[0] if len(taken) == 1 else None
    declared = [variable.name for variable in wiring.schema.get(name, ())]
    if project.stacks[name].rollout is None or lacking(declared):
        return None
    variable = artifact_of(project, name, declared)
    return variable if variable is not None and isinstance(wiring.artifacts.get(variable), str) else None


def list_artifacts(wiring: Wiring, name: str) -> tuple[str, ...]:
    """Return the variables of a stack that could be rolled out by what its release says of it."""
    declared = [variable.name for variable in wiring.schema.get(name, ())]
    if lacking(declared):
        return ()
    return tuple(variable for variable in declared if isinstance(wiring.artifacts.get(variable), str))


@dataclass(frozen=True)
class Misfit:
    """What of a rollout does not fit the modules. `path` is its place in the project file."""

    problem: Problem
    path: TomlPath


def misfits(project: Project, schema: Schema, outputs: Mapping[str, Collection[str]]) -> Iterator[Misfit]:
    for name, stack in project.stacks.items():
        if stack.rollout is not None:
            declared = [variable.name for variable in schema.get(name, ())]
            yield from _module(name, stack, declared)
            yield from _artifact(project, name, declared)
            yield from _alarms(name, stack, outputs)
            yield from _sessions(project, name, stack.rollout)


def _module(name: str, stack: Stack, declared: Collection[str]) -> Iterator[Misfit]:
    path: TomlPath = ("stacks", name, "rollout")
    if missing := lacking(declared):
        message = f"the stack {name} has a rollout, and {stack.module} declares no variable {', '.join(missing)}"
        hint = f"declare {listed(CONTRACT)} in {stack.module}, or take the table out"
        yield Misfit(Problem("E120", message, hint), path)
    for variable in CONTRACT:
        if variable in stack.inputs:
            message = f"{variable} of the stack {name} is filled by its rollout, and can't be an input"
            yield Misfit(Problem("E120", message, "remove the input"), ("stacks", name, "inputs", variable))


def _artifact(project: Project, name: str, declared: Collection[str]) -> Iterator[Misfit]:
    if artifact_of(project, name, declared) is not None:
        return
    taken = [each for each, artifact in project.artifacts.items() if artifact.variable in declared]
    rollout = project.stacks[name].rollout
    named = rollout.artifact if rollout else None
    if named is not None:
        message = f"the rollout of {name} is of {named}, which its module does not take"
        yield Misfit(Problem("E121", message, _one_of(taken)), ("stacks", name, "rollout", "artifact"))
    else:
        message = f"the stack {name} has a rollout, and takes {'several artifacts' if taken else 'no artifact'}"
        yield Misfit(Problem("E121", message, _one_of(taken)), ("stacks", name, "rollout"))


def _one_of(taken: Collection[str]) -> str:
    if taken:
        quoted = [f'"{each}"' for each in taken]
        return f"say which one is rolled out: artifact = {' or '.join(quoted)}"
    return "let it take one, such as the image that it runs, or take the table out"


def _alarms(name: str, stack: Stack, outputs: Mapping[str, Collection[str]]) -> Iterator[Misfit]:
    for position, text in enumerate(stack.rollout.abort_on if stack.rollout else ()):
        if not text.startswith(ALARM_OUTPUT):
            continue
        reference = Reference.parse(text.removeprefix(ALARM_OUTPUT))
        known = outputs.get(reference.stack, ())
        if reference.output not in known:
            message = f"the rollout of {name} reads {reference}, which its module does not put out"
            path: TomlPath = ("stacks", name, "rollout", "abort_on", position)
            yield Misfit(Problem("E122", message, suggestion(reference.output, known) or "add the output"), path)


def _sessions(project: Project, name: str, rollout: Rollout) -> Iterator[Misfit]:
    """Whoever asks alarms has the credentials that the command took at its beginning."""
    lasts = rollout.wait * len(rollout.steps)
    for environment in project.pipeline.order if rollout.alarms else ():
        there = project.environments[environment]
        if there.assume_role and there.session_duration <= lasts:
            message = (
                f"the steps of {name} are watched for {spelt(lasts)},"
                f" and a session in {environment} lasts {spelt(there.session_duration)}"
            )
            hint = f"make it last longer, up to what the role allows: session_duration in [environments.{environment}]"
            yield Misfit(Problem("E121", message, hint), ("stacks", name, "rollout", "wait"))


def workers(rolls: Iterable[str], settings: EnvironmentSettings) -> Iterator[Problem]:
    """A worker takes no requests: there is nothing of it to send over."""
    for name in rolls:
        if settings.arguments.get(name, {}).get(WORKER) is True:
            where = next(
                (each.location for each in settings.settings if each.name == WORKER and name in each.stacks), None
            )
            message = f"{name} is a worker in {settings.environment}, and has a rollout: it has no requests to share"
            yield Problem("E120", message, f"take [stacks.{name}.rollout] out of envctl.toml", where)
