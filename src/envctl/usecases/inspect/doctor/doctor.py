"""`envctl doctor [ENV …]`: all that has to be right before anything can be deployed, looked at one by one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.errors import ConfigurationError, ExitCode, Problem, worst
from envctl.domain.findings import Finding
from envctl.usecases.inspect.doctor import access, buckets, files, history, terraform
from envctl.usecases.inspect.doctor.rows import Row, attempted, bad, unseen
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load

_Check = tuple[str, Callable[[], Iterable[Row]]]


@dataclass(frozen=True)
class Section:
    """`environment` where it is about one."""

    name: str
    findings: tuple[Finding, ...]
    environment: str = ""


@dataclass(frozen=True)
class Doctor:
    """`problems` are those of what is bad. `misconfigured` where the project's own files are what is wrong."""

    sections: tuple[Section, ...]
    problems: tuple[Problem, ...] = ()
    misconfigured: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """Nothing but what is bad counts: a warning is a warning, and what was not looked at may be right."""
        codes = [ExitCode.FAILED for each in self.sections for f in each.findings if f.verdict == "bad"]
        return worst([*codes, ExitCode.CONFIGURATION if self.misconfigured else ExitCode.DONE])


def doctor(ports: Ports, environments: Sequence[str] = (), *, probe: bool = False) -> Doctor:
    """Raises UsageError for an environment that does not exist, where the project file tells which do."""
    try:
        project = load.project(ports)
    except ConfigurationError as error:
        return _without_project(ports, error)
    wanted = load.find_environments(ports, project, environments)
    told: list[tuple[Section, list[Row]]] = []
    for name, environment, checks in _sections(ports, project, wanted, probe=probe):
        if environment:
            ports.observer.said(f"looking at {environment} …")
        rows = [row for called, check in checks for row in attempted(called, check)]
        told.append((Section(name, tuple(row.finding for row in rows), environment), rows))
    rows = [row for _, each in told for row in each]
    problems = dict.fromkeys(problem for row in rows for problem in row.problems)
    return Doctor(tuple(section for section, _ in told), tuple(problems), any(row.misconfigured for row in rows))


def _sections(
    ports: Ports, project: Project, environments: Sequence[str], *, probe: bool
) -> Iterator[tuple[str, str, Sequence[_Check]]]:
    yield (
        "project",
        "",
        [
            ("envctl.toml", lambda: [files.project_file(project)]),
            ("approvals", partial(files.approvals, ports, project, environments)),
            ("settings", partial(files.settings, ports)),
        ],
    )
    yield (
        "Terraform",
        "",
        [
            ("terraform", partial(terraform.terraform, ports, project)),
            ("provider lock", partial(terraform.provider_lock, ports, project)),
            ("providers", partial(terraform.provider_source, ports)),
        ],
    )
    # The clock comes after what asks AWS.
    yield "you", "", [("credentials", partial(access.own, ports, project)), ("clock", partial(access.clock, ports))]
    yield (
        "store",
        "",
        [
            ("bucket", partial(buckets.of_the_store, ports, project)),
            ("ledger", partial(history.ledger, ports, project)),
            ("create-only", partial(history.nothing_written_over, ports, project, probe=probe)),
        ],
    )
    for each in environments:
        yield (
            each,
            each,
            [
                ("credentials", partial(access.of_environment, ports, project, each)),
                ("bucket", partial(buckets.of_an_environment, ports, project, each)),
            ],
        )


def _without_project(ports: Ports, error: ConfigurationError) -> Doctor:
    """What can be looked at all the same. In the sandbox that is nothing, as it is made for a project."""
    first = error.problems[0]
    where = f"{first.location}: " if first.location else ""
    row = bad(PROJECT_FILE, *error.problems, seen=f"{where}{first.code} {first.message}")
    why = "the project file can't be read"
    here = [unseen("terraform", why)]
    if not ports.sandbox:
        here = list(attempted("terraform", partial(terraform.terraform, ports, None)))
    rest = [unseen(name, why) for name in ("settings", "credentials", "store", "environments")]
    rows = [row, *here, *rest]
    problems = dict.fromkeys(problem for each in rows for problem in each.problems)
    section = Section("project", tuple(each.finding for each in rows))
    return Doctor((section,), tuple(problems), misconfigured=True)
