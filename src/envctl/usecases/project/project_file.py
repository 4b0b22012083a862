"""The project file of the working tree: loaded, and the lines of its keys."""

from collections.abc import Iterable, Mapping

from envctl.domain.config.fields import Fault
from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.cost import CostSource


def load_project(ports: Ports) -> Project:
    data = ports.tree.read_contents(PROJECT_FILE)
    if data is None:
        hint = "go to the project's folder, or use: envctl --project DIR …"
        raise ConfigurationError(Problem("E100", f"no {PROJECT_FILE} here", hint))
    project = ports.config_reader.parse_project(data)
    if least := project.identity.least_version:
        # Imported late, as below: few projects name one.
        from envctl.usecases.ledger.least_version import require_version

        require_version(least, PROJECT_FILE)
    if not any(each.signatures for each in project.environments.values()):
        return project
    # Imported late: most projects require no signatures.
    from envctl.usecases.ledger.trust import list_signers

    return project.with_signers(list_signers(ports.tree, project))


def locate_key(ports: Ports, *path: str | int) -> Location:
    """Return the line of a key in the project file."""
    return ports.config_reader.locate_key(ports.tree.read_contents(PROJECT_FILE) or b"", path)


def locate_faults(ports: Ports, faults: Iterable[Fault]) -> list[Problem]:
    """Return the faults as problems with their lines in the project file."""
    return [Problem(each.code, each.message, each.hint, locate_key(ports, *each.path)) for each in faults]


def find_cost_source(project: Project, environment: str, regions: Mapping[str, str]) -> CostSource | None:
    """Return the source of costs; None without [cost]. `regions` has the names of stacks' own regions, by stack."""
    if project.cost is None:
        return None
    there = project.environments[environment]
    return CostSource(
        project.cost.command,
        project.cost.timeout.total_seconds(),
        there.account_id or "",
        there.region or "",
        {stack: there.regions[name] for stack, name in regions.items() if name in there.regions},
    )
