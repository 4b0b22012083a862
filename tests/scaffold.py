"""Projects as `envctl init` makes them: whatever tests need a whole one takes it from there."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from envctl.cli.options.global_options import Options
from envctl.cli.wiring.container import open_ports
from envctl.usecases.project.init import Choices, init_project


def create_project(above: Path, template: str = "web", name: str = "shop") -> Path:
    """The folder of a new project, below that one."""
    return shutil.copytree(_create_once(template, name), above / name, symlinks=True)


@cache
def _create_once(template: str, name: str) -> Path:
    above = Path(tempfile.mkdtemp(prefix="envctl-project-"))
    atexit.register(shutil.rmtree, above, ignore_errors=True)
    with open_ports(Options(project=above, yes=True)) as ports:
        return Path(init_project(ports, name, Choices(template)).folder)
