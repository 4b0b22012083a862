"""The ordered list of environments. Code enters at the first one and moves one step at a time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pipeline:
    order: tuple[str, ...]

    @property
    def entry(self) -> str:
        return self.order[0]

    def before(self, environment: str) -> str | None:
        """The environment right before, or None for the entry."""
        position = self.order.index(environment)
        return self.order[position - 1] if position else None

    def after(self, environment: str) -> str | None:
        """The environment right after, or None for the last one."""
        position = self.order.index(environment)
        return self.order[position + 1] if position + 1 < len(self.order) else None

    def way_into(self, environment: str) -> str:
        """The command that brings code there: by promotion alone, but for the entry."""
        before = self.before(environment)
        return f"envctl apply {environment}" if before is None else f"envctl promote {before} {environment}"

    def __str__(self) -> str:
        return " → ".join(self.order)
