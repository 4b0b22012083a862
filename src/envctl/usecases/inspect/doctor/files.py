"""The project's own files: whether they can be read, and make sense."""

from collections.abc import Iterator, Sequence

from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.errors import ConfigurationError
from envctl.usecases.inspect.doctor.rows import Row, bad, good
from envctl.usecases.inspect.settings import validate
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.default_gates import find_unsaid_gates


def project_file(project: Project) -> Row:
    return good(PROJECT_FILE, f"{project.name}: {', '.join(project.pipeline.order)}")


def approvals(ports: Ports, project: Project, environments: Sequence[str]) -> Iterator[Row]:
    """Nothing where each environment says which approvals it asks for."""
    for finding in find_unsaid_gates(ports, project, environments):
        yield Row(finding)


def settings(ports: Ports) -> Iterator[Row]:
    """With the modules that they are for."""
    try:
        valid = validate(ports)
    except ConfigurationError as error:
        first = error.problems[0]
        where = f"{first.location}: " if first.location else ""
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        seen = f"{where}{first.code} {first.message}{more}"
        yield bad("settings", *error.problems, seen=seen, mend="envctl validate", misconfigured=True)
        return
    yield good("settings", f"{valid.settings} in {len(valid.environments)} environments, of the right types")
