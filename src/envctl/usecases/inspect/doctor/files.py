"""Checks of the files of the project."""

from collections.abc import Iterator, Sequence

from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.errors import ConfigurationError
from envctl.usecases.inspect.doctor.rows import Row, report_bad, report_good
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.default_gates import find_default_gates


def check_project_file(project: Project) -> Row:
    return report_good(PROJECT_FILE, f"{project.name}: {', '.join(project.pipeline.order)}")


def check_approval_gates(ports: Ports, project: Project, environments: Sequence[str]) -> Iterator[Row]:
    """Report each environment without explicit approval gates."""
    for finding in find_default_gates(ports, project, environments):
        yield Row(finding)


def check_settings(ports: Ports) -> Iterator[Row]:
    try:
        valid = validate_project(ports)
    except ConfigurationError as error:
        first = error.problems[0]
        where = f"{first.location}: " if first.location else ""
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        seen = f"{where}{first.code} {first.message}{more}"
        yield report_bad("settings", *error.problems, seen=seen, mend="envctl validate", misconfigured=True)
        return
    yield report_good("settings", f"{valid.settings} in {len(valid.environments)} environments, of the right types")
