"""`envctl validate [ENV]` and `envctl settings ENV`, without AWS. Terraform checks the keys of `[state]`, if any."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envctl.domain.aws.secret_values import find_plain_values
from envctl.domain.config.project import Project
from envctl.domain.config.settings_places import ENVIRONMENTS_FOLDER, REMOVED_FILE, list_all_places
from envctl.domain.config.settings_table import SUFFIXES
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.findings import Finding
from envctl.domain.release.bundle import Release
from envctl.domain.release.machine_paths import find_machine_paths
from envctl.domain.release.place.own_values import find_in_code, find_in_settings
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.variables import Schema
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import default_gates, project_file, root_modules, working_tree
from envctl.usecases.project.earlier_states import find_unknown_states
from envctl.usecases.project.environment_selection import load_context, select_environments
from envctl.usecases.project.settings.artifact_values import report_image_tags
from envctl.usecases.project.settings.environment_settings import load_settings, load_valid_settings
from envctl.usecases.project.unsigned_gates import find_unsigned_gates

if TYPE_CHECKING:
    from envctl.usecases.concurrency.dag_runner import StackSelection


@dataclass(frozen=True)
class ValidationResult:
    """A valid project. `unread` are settings files of no environment; `remarks` tell omissions, with file and line."""

    environments: tuple[str, ...]
    stacks: tuple[str, ...]
    settings: int
    unread: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def validate_project(ports: Ports, environment: str = "", *, only_settings: bool = False) -> ValidationResult:
    """Validate the project. Raises one ConfigurationError with the problems of all requested environments."""
    project = project_file.load_project(ports)
    context = Context(ports, project)
    environments = select_environments(project, (environment,) if environment else ())
    problems = dict.fromkeys(() if only_settings else (*_check_signing_keys(context), *_check_backend(context)))
    cache, count = _ReleaseCache(ports), 0
    notes: dict[str, None] = {}
    plain: dict[str, None] = {}
    foreign: list[Problem] = []
    for name in environments:
        view = project.view_for(name)
        try:
            release = cache.load_release(view)
            found = load_valid_settings(Context(ports, view), name, release)
            count += len(found.settings)
            plain |= dict.fromkeys(find_plain_values(found))
            if not only_settings:
                foreign += find_in_settings(view, found)
                problems.update(dict.fromkeys(_check_secrets(view, found, release.wiring.schema)))
                wrong = _check_objects(Context(ports, view), release, found, notes)
                problems.update(dict.fromkeys(_skip_same_objects(wrong, problems)))
        except ConfigurationError as error:
            problems.update(dict.fromkeys(_skip_known_values(error.problems, problems)))
    for of, release in () if only_settings else cache.releases.values():
        asked = [each for each in environments if project.view_for(each).pipeline == of.pipeline]
        # States of the sandbox are not on the disk: the plan finds them.
        unknown = () if ports.sandbox else find_unknown_states(Context(ports, of), release, asked, None)
        problems.update(dict.fromkeys(unknown))
        foreign += find_in_code(of, release)
        plain |= dict.fromkeys(find_machine_paths(release))
    if problems:
        raise ConfigurationError(*problems)
    for note in notes:
        ports.observer.on_message(note)
    for of, release in () if only_settings else cache.releases.values():
        report_image_tags(Context(ports, of), release)
        root_modules.report_overridden(Context(ports, of), release)
    stacks = dict.fromkeys(stack for _, release in cache.releases.values() for stack in release.wiring.stacks)
    finders = () if only_settings else (*default_gates.FINDERS, find_unsigned_gates, _find_changed_places)
    unsaid = [each for find in finders for each in find(context, environments)]
    remarks = tuple("; ".join(filter(None, (each.seen, each.mend))) for each in unsaid)
    remarks += tuple(f"{each.location}: {each.message}; {each.hint}" for each in dict.fromkeys(foreign))
    return ValidationResult(environments, tuple(stacks), count, _find_unread_files(context), (*plain, *remarks))


def _skip_known_values(found: Iterable[Problem], known: Iterable[Problem]) -> Iterator[Problem]:
    """Skip values that no settings file of their environment sets, if their own line is already known: an artifact is
    set in the entry alone, and is refused in every environment.
    """
    at_lines = {each.message for each in known if _is_in_settings(each)}
    return (each for each in found if _is_in_settings(each) or each.message not in at_lines)


def _skip_same_objects(found: Iterable[Problem], known: Iterable[Problem]) -> Iterator[Problem]:
    """Skip a fault of an object that is known from another environment, where it may have another namespace."""
    seen = {(each.code, each.location, each.stack, _drop_address(each)) for each in known if each.location}
    return (each for each in found if (each.code, each.location, each.stack, _drop_address(each)) not in seen)


def _drop_address(problem: Problem) -> str:
    return problem.message.replace(problem.address, "") if problem.address else problem.message


def _is_in_settings(problem: Problem) -> bool:
    return problem.location is not None and problem.location.file.endswith((".tfvars", ".tfvars.json"))


@dataclass
class _ReleaseCache:
    """The working tree as a release of the pipeline, and of each standalone environment, each read once."""

    ports: Ports
    releases: dict[str, tuple[Project, Release]] = field(default_factory=dict)

    def load_release(self, project: Project) -> Release:
        of = project.pipeline.standalone_name
        if of not in self.releases:
            self.releases[of] = project, working_tree.build_release(Context(self.ports, project))
        return self.releases[of][1]


def _find_unread_files(context: Context) -> tuple[str, ...]:
    """Return settings files of no environment: mostly, their names are misspelled."""
    project = context.project
    read = {place.path for place in list_all_places(project, project.removed)}
    read |= {f"{ENVIRONMENTS_FOLDER}/{name}/{REMOVED_FILE}" for name in project.all_environments}
    folders = {ENVIRONMENTS_FOLDER, *(path.split("/")[0] for path in project.settings.files or () if "/" in path)}
    found: dict[str, None] = {}
    for folder in sorted(folder for folder in folders if "{" not in folder):
        found |= dict.fromkeys(context.ports.tree.read_folder(folder, SUFFIXES) or {})
    return tuple(path for path in sorted(found) if path not in read)


def _find_changed_places(context: Context, environments: Sequence[str]) -> tuple[Finding, ...]:
    """Return a finding for each environment with another place or name than at its last deployment.

    A ledger in S3 is not read: a validation needs no credentials, and waits for no network.
    """
    ports = context.ports
    if context.project.store.url.startswith("s3:") and not ports.sandbox:
        ports.observer.on_message("places are not compared with the last deployments: validate does not read S3")
        return ()
    if not ports.has_store:
        return ()
    from envctl.usecases.release.moved_places import find_changed_places

    return find_changed_places(context, environments)


def _check_backend(context: Context) -> tuple[Problem, ...]:
    """Return the mistakes in the keys of `[state]`. The keys that envctl sets by itself are right."""
    if context.project.has_usual_states or context.ports.sandbox:
        return ()
    from envctl.usecases.project.backend_check import find_backend_mistakes

    return tuple(find_backend_mistakes(context))


def _check_objects(
    context: Context, release: Release, settings: EnvironmentSettings, notes: dict[str, None]
) -> tuple[Problem, ...]:
    """Return the problems of Kubernetes objects, and add to the notes. Imported late: many projects have none."""
    if not any(stack.kubernetes for stack in release.wiring.stacks.values()):
        return ()
    from envctl.usecases.project import manifests

    found = list(manifests.render_manifests(context, release, settings))
    notes |= {**manifests.list_notes(found), **dict.fromkeys(manifests.list_unknown_versions(context.ports, found))}
    return tuple(manifests.find_schema_problems(context.ports, found))


def _check_signing_keys(context: Context) -> tuple[Problem, ...]:
    """Return the problems of pinned keys. Imported late, as below: most projects have none."""
    if not any(environment.signing_key for environment in context.project.environments.values()):
        return ()
    from envctl.usecases.ledger.trust import load_trust

    try:
        load_trust(context.ports.tree, context.project)
    except ConfigurationError as error:
        return tuple(error.problems)
    return ()


def _check_secrets(project: Project, found: EnvironmentSettings, schema: Schema) -> tuple[Problem, ...]:
    patterns = project.secrets
    if not (patterns.secretsmanager or patterns.ssm or patterns.values):
        return ()
    from envctl.domain.aws.required_secrets import find_required_secrets
    from envctl.domain.aws.secret_values import find_value_secrets

    named = find_required_secrets(found, schema, patterns).problems
    return (*named, *find_value_secrets(project, found).problems)


def resolve_settings(
    ports: Ports, environment: str, selection: "StackSelection | None" = None, *, set_only: bool = False
) -> EnvironmentSettings:
    """Resolve the settings of an environment for the modules of the working tree; with `set_only`, those that are set,
    without the defaults of modules. Raises UsageError (E029) for an unknown stack.
    """
    context, environment = load_context(ports, environment)
    # Imported late: it starts threads, and a validation needs none.
    from envctl.usecases.concurrency.dag_runner import ALL_STACKS, select_stacks

    needs = {name: working_tree.wire_stack(stack).needs for name, stack in context.project.stacks.items()}
    stacks = select_stacks(selection or ALL_STACKS, needs)
    release = working_tree.build_release(context)
    found = load_settings(context, environment, release.wiring)
    report_image_tags(context, release)
    return found.select(stacks, set_only=set_only)
