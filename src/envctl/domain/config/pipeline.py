"""The ordered environments: code enters the first one, and moves one step at a time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pipeline:
    """The pipeline of the project, or one standalone environment as a pipeline of its own."""

    order: tuple[str, ...]
    standalone: bool = False

    @property
    def entry(self) -> str:
        return self.order[0]

    @property
    def standalone_name(self) -> str:
        """The standalone environment its releases are made for; empty for the project's pipeline."""
        return self.entry if self.standalone else ""

    def find_previous(self, environment: str) -> str | None:
        """Return the environment right before; None for the entry and standalone environments."""
        position = self.order.index(environment) if environment in self.order else 0
        return self.order[position - 1] if position else None

    def find_next(self, environment: str) -> str | None:
        """Return the environment right after; None for the last one and standalone environments."""
        position = self.order.index(environment) + 1 if environment in self.order else len(self.order)
        return self.order[position] if position < len(self.order) else None

    def format_deploy_command(self, environment: str) -> str:
        """Return the command to bring code there: apply for the entry, promote for all others."""
        before = self.find_previous(environment)
        return f"envctl apply {environment}" if before is None else f"envctl promote {before} {environment}"

    def __str__(self) -> str:
        return " → ".join(self.order)
