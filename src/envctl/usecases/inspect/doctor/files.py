"""Checks of the files of the project."""

from collections.abc import Iterator

from envctl.domain.errors import ConfigurationError
from envctl.usecases.inspect.doctor.rows import Row, report_bad, report_good
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.ports.core import Ports


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
