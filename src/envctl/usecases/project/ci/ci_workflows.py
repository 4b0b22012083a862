"""Generated files of a CI system: their states, and the errors of `envctl ci github` and `envctl ci gitlab`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.ci.generated_file import digest_settings, is_generated, seal_file
from envctl.domain.ci.generated_pins import Pin, carry_pins, check_source, compare_files
from envctl.domain.ci.package import SOURCE_LOCK, format_kubernetes_requirement, render_locks
from envctl.domain.ci.workflow_inputs import DEFAULT_BRANCH
from envctl.domain.command_lines import format_command
from envctl.domain.config.ci.shared_keys import BRANCH_PATTERN
from envctl.domain.config.ci_package import KUBERNETES_NAME, PackageSource, parse_package
from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.errors import ConfigurationError, EnvctlError, OperationFailedError, Problem, UsageError
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file

WorkflowState = Literal["current", "raised", "written", "differs", "missing", "foreign", "edited", "other version"]
# States of a file whose other text is that of envctl: the last one of its pins counts.
_BY_PINS: tuple[WorkflowState, ...] = ("current", "raised", "other version", "edited")
System = Literal["github", "gitlab", "codebuild"]
LOCAL_STORE_REMARK = (
    'jobs share no folder, so the ledger needs a bucket: [store] url = "s3://BUCKET/PREFIX" in envctl.toml'
)
_DEFAULT_REGION = "us-east-1"
_PROJECT_LINE = re.compile(r"^# Project: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Workflow:
    """A generated file, by its path in the repository.

    A *raised* one differs by raised pins alone. A *foreign* one was not written by envctl and stays. An *edited* one
    has changes by hand or unknown pins. One of an *other version* of envctl has the same settings.
    """

    path: str
    state: WorkflowState


@dataclass(frozen=True)
class Variable:
    """A variable to define in the CI system: for one environment, or for all jobs if that is empty."""

    name: str
    environment: str
    meaning: str


@dataclass(frozen=True, kw_only=True)
class Workflows:
    """Result for one CI system."""

    system: str
    files: tuple[Workflow, ...]
    variables: tuple[Variable, ...] = ()
    remark: str = ""  # An obstacle outside of the files
    schedule_variable: str = ""  # The variable of a schedule that checks drift; empty if the files have the schedule
    pins: tuple[Pin, ...] = ()
    check: bool = False  # nothing was written; otherwise the files have all raised pins, and none of the others
    strict: bool = False  # raised pins, and files and pins of another version, are errors too

    def list_pin_problems(self, *, fatal: bool) -> list[Problem]:
        """Return the problem of each pin that fails the check, or of each raised one that does not."""
        told = [each for each in self.pins if self.strict or (self.check and each.state != "other version")]
        found = [each for each in told if (self.strict or each.state == "unknown") is fatal]
        return [each.to_problem(f"ci {self.system}") for each in found]


def format_project_line(folder: str) -> str:
    """Return the line of a generated file that names its project. `folder` is empty at the top of the repository."""
    return f"# Project: {folder or '.'}\n"


def find_project_folder(text: str) -> str | None:
    """Return the folder of the project that a generated file belongs to, `.` at the top; None if it does not say."""
    found = _PROJECT_LINE.search(text)
    return found[1] if found else None


def update_files(
    ports: Ports, project: Project, system: System, up: str, wanted: Mapping[str, str], *, check: bool, strict: bool
) -> tuple[Workflows, EnvctlError | None]:
    """Write files, by their paths below `up`, with their raised pins; none with `check`, or if one is foreign."""
    texts = {f"{up}{path}": text for path, text in wanted.items()}
    found = {path: text for path in texts if (text := read_text(ports, path)) is not None}
    states, pins = compare_files(found, texts)
    shown: dict[str, WorkflowState] = {**dict.fromkeys(texts, "missing"), **states}
    foreign = not check and "foreign" in states.values()
    # Pins of another version are written over.
    pins = tuple(
        each if each.state == "unknown" else check_source(each, ports.ci_forge.find_digests(each))
        for each in pins
        if check or not (foreign or each.state == "other version")
    )
    for path, state in ((place.file, each.state) for each in pins for place in each.places):
        if shown[path] in _BY_PINS:
            shown[path] = max(shown[path], "edited" if state == "unknown" else state, key=_BY_PINS.index)
    for path, text in () if check or foreign else texts.items():
        if (carried := carry_pins(text, pins)) != found.get(path):
            ports.tree.write_contents(path, carried.encode())
            shown[path] = "written"
    files = tuple(Workflow(path, shown[f"{up}{path}"]) for path in wanted)
    remark = LOCAL_STORE_REMARK if project.store.url.startswith("file:") else ""
    result = Workflows(system=system, files=files, remark=remark, pins=pins, check=check, strict=strict)
    sources = [text for path, text in found.items() if path.endswith(SOURCE_LOCK)]
    return result, _find_stale_error(result, _find_missing_kubernetes(project, sources))


def require_branch(branch: str | None, command: str) -> None:
    """Raise UsageError (E005) for a name that no branch can have."""
    if branch is not None and not re.fullmatch(BRANCH_PATTERN, branch, re.ASCII):
        hint = format_command(command, branch=DEFAULT_BRANCH)
        raise UsageError(Problem("E005", f"{branch!r} is not a valid branch name", hint))


def require_own_file(ports: Ports, up: str, path: str, folder: str, *, system: System, what: str) -> None:
    """Raise OperationFailedError (E043) for a file of another project. `folder` is this one's; empty at the top."""
    existing = read_text(ports, f"{up}{path}")
    other = find_project_folder(existing) if existing and is_generated(existing) else None
    if other is None or other == (folder or "."):
        return
    # The project may have been moved: then its old folder is empty.
    if ports.tree.read_contents(f"{up}{other}/{PROJECT_FILE}") is not None:
        message = f"{path} is the {what} of the project in {other}; no changes were made"
        hint = f'give this project its own files: prefix = "NAME" in [ci.{system}] of {PROJECT_FILE}'
        raise OperationFailedError(Problem("E043", message, hint, project_file.locate_key(ports, "ci", system)))


def seal_locks(
    ports: Ports, project: Project, package: PackageSource, *, folder: str, command: str, version: str
) -> dict[str, str]:
    """Return the lock files of the jobs, by their paths in the repository."""
    files = {}
    for name, text in render_locks(package, ports.templates.load_locks()).items():
        # The other lock files depend on envctl alone.
        own = describe_package(project) if name == SOURCE_LOCK else {}
        files[f"{folder}/{name}"] = seal_file(
            command, text, version=version, settings=digest_settings(own), pinned=name != SOURCE_LOCK
        )
    return files


def describe_package(project: Project) -> dict[str, object]:
    """Return the settings of the files that install envctl.

    Files of an envctl that installed no schemas of Kubernetes differ where the jobs need them, and only there.
    """
    return {"package": project.ci.package, **describe_kubernetes(project)}


def describe_kubernetes(project: Project) -> dict[str, object]:
    beside = project.ci.kubernetes_package
    return {"kubernetes": beside or True} if beside or _needs_kubernetes(project) else {}


def _needs_kubernetes(project: Project) -> bool:
    return any(stack.is_kubernetes for stack in project.every_stack.values())


def find_region(project: Project) -> str:
    """Return the region in which jobs request their roles."""
    return project.store.region or project.environments[project.entry].region or _DEFAULT_REGION


def read_text(ports: Ports, path: str) -> str | None:
    data = ports.tree.read_contents(path)
    return None if data is None else data.decode(errors="replace")


def require_package(ports: Ports, project: Project) -> PackageSource:
    """Return the envctl that jobs install. Raises ConfigurationError (E144; E146 for the schemas of Kubernetes)."""
    if project.ci.package is None:
        message = f"{PROJECT_FILE} does not say which envctl the jobs install"
        own = ports.installation.find_ci_package() or "git+https://HOST/OWNER/envctl@COMMIT"
        hint = f'add to [ci] in {PROJECT_FILE}: package = "{own}" ({format_command("explain", "E144")})'
        raise ConfigurationError(Problem("E144", message, hint, project_file.locate_key(ports, "ci")))
    package = parse_package(project.ci.package, project.ci.kubernetes_package)
    # The sandbox has the embedded Terraform alone.
    package = replace(package, pins_terraform=project.terraform.pin is not None and not ports.sandbox)
    if _needs_kubernetes(project) and not format_kubernetes_requirement(package):
        message = f"{PROJECT_FILE} does not say which {KUBERNETES_NAME} the jobs install: stacks of objects need it"
        example = "https://HOST/kube_api_emulator-VERSION-py3-none-any.whl#sha256=HASH"
        hint = f'add to [ci] in {PROJECT_FILE}: kubernetes_package = "{example}" ({format_command("explain", "E146")})'
        raise ConfigurationError(Problem("E146", message, hint, project_file.locate_key(ports, "ci")))
    return package


def _find_missing_kubernetes(project: Project, sources: Sequence[str]) -> str:
    """Return what the stacks of objects need and jobs lack, as pip names it; empty if nothing is missing.

    `sources` are the lock files that name envctl.
    """
    if (
        project.ci.package is None
        or not _needs_kubernetes(project)
        or all(f"\n{KUBERNETES_NAME}" in each for each in sources)
    ):
        return ""
    return format_kubernetes_requirement(parse_package(project.ci.package, project.ci.kubernetes_package))


def _find_stale_error(result: Workflows, missing: str) -> OperationFailedError | None:
    """Return the error of files foreign, missing, outdated or edited, and of pins. `missing` is what jobs lack."""
    foreign = [each.path for each in result.files if each.state == "foreign"]
    if foreign:
        message = f"{', '.join(foreign)} was not written by envctl; no changes were made"
        return OperationFailedError(Problem("E038", message, "move it away, and run the command again"))
    problems = result.list_pin_problems(fatal=True)
    outdated = ("differs", "missing", "edited", *(["other version"] if result.strict else []))
    stale = [f"{each.path} ({each.state})" for each in result.files if each.state in outdated]
    if stale:
        message = f"the workflows are out of date: {', '.join(stale)}"
        message += f"; stacks of objects need {missing}, which the jobs lack" if missing else ""
        problems.insert(0, Problem("E039", message, format_command(f"ci {result.system}")))
    return OperationFailedError(*problems) if problems else None
