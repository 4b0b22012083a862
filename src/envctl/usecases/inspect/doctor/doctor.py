"""`envctl doctor [ENV …]`: checks of all prerequisites of a deployment."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from envctl.domain.config.project import PROJECT_FILE
from envctl.domain.config.rules.asked_guards import RECORDS_ONLY
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.exit_codes import ExitCode, worst_exit_code
from envctl.domain.findings import Finding
from envctl.usecases.inspect.doctor import checks
from envctl.usecases.inspect.doctor.rows import Row, report_bad, report_good, report_unchecked, run_check
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.default_gates import find_default_gates, find_slow_reviews
from envctl.usecases.project.environment_selection import find_environments

ASKS = RECORDS_ONLY

_Check = tuple[str, Callable[[], Iterable[Row]]]


@dataclass(frozen=True)
class Section:
    """A group of findings, of one environment if it is named."""

    name: str
    findings: tuple[Finding, ...]
    environment: str = ""


@dataclass(frozen=True)
class Doctor:
    """All findings. `problems` belong to the bad ones; `misconfigured` is true for faulty project files."""

    sections: tuple[Section, ...]
    problems: tuple[Problem, ...] = ()
    misconfigured: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """The worst exit code of bad findings. Warnings and unchecked items do not count."""
        codes = [ExitCode.FAILED for each in self.sections for f in each.findings if f.verdict == "bad"]
        return worst_exit_code([*codes, ExitCode.CONFIGURATION if self.misconfigured else ExitCode.DONE])


def diagnose_project(ports: Ports, environments: Sequence[str] = (), *, probe: bool = False) -> Doctor:
    """Run all checks. Raises UsageError for an environment missing from a readable project file."""
    try:
        project = project_file.load_project(ports)
    except ConfigurationError as error:
        return _diagnose_without_project(ports, error)
    context = Context(ports, project)
    wanted = find_environments(context, environments)
    checked: list[tuple[Section, list[Row]]] = []
    for name, environment, group in _list_sections(context, wanted, probe=probe):
        if environment:
            ports.observer.on_message(f"checking {environment} …")
        rows = [row for called, check in group for row in run_check(called, check)]
        checked.append((Section(name, tuple(row.finding for row in rows), environment), rows))
    rows = [row for _, each in checked for row in each]
    problems = dict.fromkeys(problem for row in rows for problem in row.problems)
    return Doctor(tuple(section for section, _ in checked), tuple(problems), any(row.misconfigured for row in rows))


def _list_sections(
    context: Context, environments: Sequence[str], *, probe: bool
) -> Iterator[tuple[str, str, Sequence[_Check]]]:
    ports, project = context.ports, context.project
    yield "envctl", "", [("packages", partial(checks.check_packages, ports))]
    order = f"{project.name}: {', '.join(project.pipeline.order)}"
    group: list[_Check] = [
        ("envctl.toml", lambda: [report_good(PROJECT_FILE, order)]),
        ("approvals", lambda: map(Row, find_default_gates(context, environments))),
        ("approvals", lambda: map(Row, find_slow_reviews(context, environments))),
        ("settings", partial(checks.check_settings, ports)),
    ]
    yield "project", "", group
    has_kubernetes = any(stack.is_kubernetes for stack in project.stacks.values())
    if not has_kubernetes or not all(stack.is_kubernetes for stack in project.stacks.values()):
        group = [
            ("terraform", partial(checks.check_terraform, ports, project)),
            ("provider lock", partial(checks.check_provider_lock, context)),
            ("providers", partial(checks.check_provider_source, ports)),
        ]
        yield "Terraform", "", group
    if has_kubernetes:
        from envctl.usecases.inspect.doctor import cluster_checks

        yield "Kubernetes", "", [("tools", partial(cluster_checks.check_tools, context))]
    # The clock check needs an earlier response of AWS.
    group = [
        ("credentials", partial(checks.check_own_credentials, context)),
        ("clock", partial(checks.check_aws_clock, ports)),
    ]
    yield "you", "", group
    group = [
        ("bucket", partial(checks.check_store_bucket, context)),
        ("ledger", partial(checks.check_ledger, context)),
        ("create-only", partial(checks.check_create_only, context, probe=probe)),
    ]
    yield "store", "", group
    for each in environments:
        group = [
            ("credentials", partial(checks.check_environment_credentials, context, each)),
            ("bucket", partial(checks.check_state_bucket, context, each)),
        ]
        group.append(("provider start", partial(checks.check_provider_start, context, each)))
        if has_kubernetes:
            group.append(("clusters", partial(cluster_checks.check_clusters, context, each)))
            group.append(("look_role", partial(cluster_checks.check_look_role, context, each)))
        if project.secrets.values:
            group.append(("secret values", partial(checks.check_secret_values, context, each)))
        yield each, each, group


def _diagnose_without_project(ports: Ports, error: ConfigurationError) -> Doctor:
    """Run the checks possible without a project file. The sandbox has none: it is made for a project."""
    first = error.problems[0]
    prefix = f"{first.location}: " if first.location else ""
    row = report_bad(PROJECT_FILE, *error.problems, seen=f"{prefix}{first.code} {first.message}")
    why = "the project file can't be read"
    terraform_rows = [report_unchecked("terraform", why)]
    if not ports.sandbox:
        terraform_rows = list(run_check("terraform", partial(checks.check_terraform, ports, None)))
    unchecked = [report_unchecked(name, why) for name in ("settings", "credentials", "store", "environments")]
    packages = run_check("packages", partial(checks.check_packages, ports))
    rows = [row, *packages, *terraform_rows, *unchecked]
    problems = dict.fromkeys(problem for each in rows for problem in each.problems)
    section = Section("project", tuple(each.finding for each in rows))
    return Doctor((section,), tuple(problems), misconfigured=True)
