"""The surroundings of a command: its ports, and the project file that it has read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Every command imports the ports: types are imported for type checking only.
    from envctl.domain.config.project import Project
    from envctl.usecases.ports.core import Ports


@dataclass(frozen=True)
class Context:
    """The ports and the project, seen from one environment where a command is about one."""

    ports: Ports
    project: Project
