"""Artifacts of a release: image repositories by environment, and the stacks that roll out an artifact."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from envctl.domain.config.cross_checks import ALARM_OUTPUT
from envctl.domain.config.fields import Fault, TomlPath
from envctl.domain.config.placeholders import list_placeholder_values
from envctl.domain.config.project import Artifact, Project
from envctl.domain.config.rollout import Rollout
from envctl.domain.config.stacks import Stack
from envctl.domain.errors import Problem
from envctl.domain.images.image_reference import Image
from envctl.domain.plan.changes import Marker
from envctl.domain.release.bundle import Release
from envctl.domain.release.wiring import Wiring
from envctl.domain.rollout.traffic import TRAFFIC_VARIABLES, list_missing_variables
from envctl.domain.settings.settings import EnvironmentSettings, find_key, format_canonical_json
from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.terraform.variables import Schema
from envctl.domain.text.durations import format_duration
from envctl.domain.text.lists import join_names
from envctl.domain.text.suggestions import suggest_name

WORKER_VARIABLE = "worker"


class InvalidRepositoryError(ValueError):
    """The project file gives an artifact an invalid repository in an environment."""

    def __init__(self, artifact: str, problem: Problem) -> None:
        super().__init__(problem.message)
        self.artifact = artifact
        self.problem = problem


def relocate_images(project: Project, environment: str, artifacts: Mapping[str, object]) -> dict[str, object]:
    """Return the artifacts by variable, with the environment's image repositories. Raises InvalidRepositoryError."""
    found = dict(artifacts)
    for name, artifact in project.artifacts.items():
        for key in artifact.keys if artifact.kind == "oci" and artifact.repository is not None else ():
            if isinstance(value := found.get(key), str):
                found[key] = _relocate_image(project, environment, name, artifact, value)
    return found


def select_images(project: Project, artifacts: Mapping[str, object]) -> dict[str, str]:
    """Return the images among the artifacts of a release, by artifact name."""
    return {
        name: str(artifacts[key])
        for name, artifact in project.artifacts.items()
        # Its stacks have one value.
        for key in artifact.keys[:1]
        if artifact.kind == "oci" and key in artifacts
    }


def list_copied_artifacts(project: Project) -> tuple[str, ...]:
    """Return the artifacts with `copies` set: a deployment copies their images to the repository of the environment."""
    return tuple(name for name, artifact in project.artifacts.items() if artifact.kind == "oci" and artifact.copies)


def _relocate_image(project: Project, environment: str, name: str, artifact: Artifact, value: str) -> str:
    names = list_placeholder_values(project, environment)
    repository = (artifact.repository or "").format(**names)
    try:
        image = Image.parse(value)
    except ValueError:
        # Not an image; guard G201 reports it.
        return value
    try:
        return str(image.with_repository(repository))
    except ValueError as error:
        source = f"{repository}, not a valid repository: {error}"
        message = f"in {environment} the artifact {name} would be taken from {source}"
        unset = [key for key in ("account_id", "region") if not names[key]]
        lacking = [f"{key} = …" for key in unset if f"{{{key}}}" in (artifact.repository or "")]
        hint = f"add {' and '.join(lacking)} to [environments.{environment}]" if lacking else "correct its repository"
        raise InvalidRepositoryError(name, Problem("E437", message, hint)) from None


def find_declared_artifact(project: Project, stack: str, variables: Iterable[str]) -> str | None:
    """Return the artifact variable of the rollout of a stack; None unless it is exactly one."""
    rollout = project.stacks[stack].rollout
    taken = _list_taken(project, stack, variables)
    if rollout is None:
        return None
    if rollout.artifact is not None:
        return taken.get(rollout.artifact)
    return next(iter(taken.values())) if len(taken) == 1 else None


def _list_taken(project: Project, stack: str, variables: Iterable[str]) -> dict[str, str]:
    """Return the variables of a stack that artifacts fill, by artifact: one for this stack wins."""
    declared = set(variables)
    found = {name: each for name, each in project.artifacts.items() if each.fills(stack, declared)}
    own = {each.variable for each in found.values() if each.stacks is not None}
    return {name: e.variable for name, e in found.items() if e.stacks is not None or e.variable not in own}


def list_rollout_stacks(project: Project, wiring: Wiring, colored: Collection[str] = ()) -> dict[str, str]:
    """Return the stacks with a rollout, each with its artifact variable.

    A release older than the color variables of its module has none. `colored` are stacks with a color in the ledger:
    they keep their rollout if the project file no longer names them.
    """
    names = [name for name in wiring.stacks if name in project.stacks or name in colored]
    found = {name: find_rollout_artifact(project, wiring, name) for name in names}
    return {name: variable for name, variable in found.items() if variable}


def find_rollout_artifact(project: Project, wiring: Wiring, name: str) -> str | None:
    """Return the variable with the artifact to roll out; None for no candidate or several."""
    if name not in project.stacks:
        taken = list_candidate_artifacts(wiring, name)
        return taken[0] if len(taken) == 1 else None
    declared = [variable.name for variable in wiring.schema.get(name, ())]
    if project.stacks[name].rollout is None or list_missing_variables(declared):
        return None
    variable = find_declared_artifact(project, name, declared)
    return variable if variable is not None and _has_text(wiring, name, variable) else None


def list_candidate_artifacts(wiring: Wiring, name: str) -> tuple[str, ...]:
    """Return the artifact variables of a stack with the color variables declared, according to its release."""
    declared = [variable.name for variable in wiring.schema.get(name, ())]
    if list_missing_variables(declared):
        return ()
    return tuple(variable for variable in declared if _has_text(wiring, name, variable))


def _has_text(wiring: Wiring, stack: str, variable: str) -> bool:
    return isinstance(wiring.artifacts.get(find_key(wiring.artifacts, stack, variable)), str)


def find_rollout_faults(project: Project, schema: Schema, outputs: Mapping[str, Collection[str]]) -> Iterator[Fault]:
    """Yield the contradictions between rollouts and modules."""
    for name, stack in project.stacks.items():
        if stack.rollout is not None:
            declared = [variable.name for variable in schema.get(name, ())]
            yield from _check_module(name, stack, declared)
            yield from _check_artifact(project, name, declared)
            yield from _check_alarms(name, stack, outputs)
            yield from _check_sessions(project, name, stack.rollout)


def _check_module(name: str, stack: Stack, declared: Collection[str]) -> Iterator[Fault]:
    path: TomlPath = ("stacks", name, "rollout")
    if missing := list_missing_variables(declared):
        message = f"the stack {name} has a rollout, but {stack.folder} declares no variable {', '.join(missing)}"
        hint = f"declare {join_names(TRAFFIC_VARIABLES)} in {stack.folder}, or remove the table"
        yield Fault("E120", message, hint, path)
    for variable in TRAFFIC_VARIABLES:
        if variable in stack.inputs:
            message = f"{variable} of the stack {name} is filled by its rollout; it can't be an input"
            yield Fault("E120", message, "remove the input", ("stacks", name, "inputs", variable))


def _check_artifact(project: Project, name: str, declared: Collection[str]) -> Iterator[Fault]:
    if find_declared_artifact(project, name, declared) is not None:
        return
    taken = [*_list_taken(project, name, declared)]
    rollout = project.stacks[name].rollout
    named = rollout.artifact if rollout else None
    if named is not None:
        message = f"the rollout of {name} is of {named}, but its module has no variable for it"
        yield Fault("E121", message, _hint_artifacts(taken), ("stacks", name, "rollout", "artifact"))
    else:
        message = f"the stack {name} has a rollout, but takes {'several artifacts' if taken else 'no artifact'}"
        yield Fault("E121", message, _hint_artifacts(taken), ("stacks", name, "rollout"))


def _hint_artifacts(taken: Collection[str]) -> str:
    if taken:
        quoted = [f'"{each}"' for each in taken]
        return f"choose the artifact to roll out: artifact = {' or '.join(quoted)}"
    return "give it one, such as its image, or remove the table"


def _check_alarms(name: str, stack: Stack, outputs: Mapping[str, Collection[str]]) -> Iterator[Fault]:
    for position, text in enumerate(stack.rollout.abort_on if stack.rollout else ()):
        if not text.startswith(ALARM_OUTPUT):
            continue
        reference = OutputReference.parse(text.removeprefix(ALARM_OUTPUT))
        known = outputs.get(reference.stack, ())
        if reference.output not in known:
            message = f"the rollout of {name} reads {reference}, but its module has no such output"
            path = ("stacks", name, "rollout", "abort_on", position)
            yield Fault("E122", message, suggest_name(reference.output, known) or "add the output", path)


def _check_sessions(project: Project, name: str, rollout: Rollout) -> Iterator[Fault]:
    """Check that the role session outlasts the rollout: alarms are read with the session from its start."""
    total = rollout.wait * len(rollout.steps)
    for environment in project.pipeline.order if rollout.abort_alarms else ():
        target = project.environments[environment]
        if target.assume_role and target.session_duration <= total:
            message = (
                f"the steps of {name} are monitored for {format_duration(total)}, but a session in"
                f" {environment} lasts {format_duration(target.session_duration)}"
            )
            hint = f"make it longer, up to the limit of the role: session_duration in [environments.{environment}]"
            yield Fault("E121", message, hint, ("stacks", name, "rollout", "wait"))


def find_worker_faults(rolls: Iterable[str], settings: EnvironmentSettings) -> Iterator[Problem]:
    """Yield a problem for each worker with a rollout: a worker takes no requests to shift."""
    for name in rolls:
        if settings.arguments.get(name, {}).get(WORKER_VARIABLE) is True:
            set_at = (s.location for s in settings.settings if s.name == WORKER_VARIABLE and name in s.stacks)
            message = f"{name} is a worker in {settings.environment}: it has no traffic for a rollout"
            yield Problem("E120", message, f"remove [stacks.{name}.rollout] from envctl.toml", next(set_at, None))


@dataclass(frozen=True)
class ArtifactPair:
    """An artifact, by its key in a release, in two releases; None on a side without it."""

    variable: str
    first: object
    second: object
    equal: bool


def pair_artifacts(first: Release | None, second: Release | None) -> tuple[ArtifactPair, ...]:
    one, other = (dict(each.wiring.artifacts) if each else {} for each in (first, second))
    pairs = []
    for name in sorted(one.keys() | other.keys()):
        before, after = one.get(name), other.get(name)
        equal = format_canonical_json(before) == format_canonical_json(after)
        if _is_sensitive(name, first) or _is_sensitive(name, second):
            before, after = (None if value is None else Marker.SENSITIVE for value in (before, after))
        pairs.append(ArtifactPair(name, before, after, equal))
    return tuple(pairs)


def _is_sensitive(name: str, release: Release | None) -> bool:
    schema = release.wiring.schema if release else {}
    variable = name.rpartition(".")[2]
    return any(each.name == variable and each.sensitive for variables in schema.values() for each in variables)
