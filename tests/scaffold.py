"""Projects as `envctl init` makes them: whatever tests need a whole one takes it from there."""

from pathlib import Path

from envctl.cli.options.global_options import Options
from envctl.cli.wiring.container import open_ports
from envctl.usecases.project.init import Choices, init_project


def create_project(above: Path, template: str = "web", name: str = "shop") -> Path:
    """The folder of a new project, below that one."""
    with open_ports(Options(project=above, yes=True)) as ports:
        return Path(init_project(ports, name, Choices(template)).folder)
