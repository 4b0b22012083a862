"""The ordered list of environments. Code enters at the first one and moves one step at a time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pipeline:
    """`beside` is true for the one of an environment that stands beside the project's pipeline, alone."""

    order: tuple[str, ...]
    beside: bool = False

    @property
    def entry(self) -> str:
        return self.order[0]

    @property
    def makes_for(self) -> str:
        """What the ledger says of whom a release is made for: nothing where that is the project's pipeline."""
        return self.entry if self.beside else ""

    def before(self, environment: str) -> str | None:
        """The environment right before; None for the entry, and for what is no step of it."""
        position = self.order.index(environment) if environment in self.order else 0
        return self.order[position - 1] if position else None

    def after(self, environment: str) -> str | None:
        """The environment right after; None for the last one, and for what is no step of it."""
        position = self.order.index(environment) + 1 if environment in self.order else len(self.order)
        return self.order[position] if position < len(self.order) else None

    def way_into(self, environment: str) -> str:
        """The command that brings code there: by promotion alone, but for the entry."""
        before = self.before(environment)
        return f"envctl apply {environment}" if before is None else f"envctl promote {before} {environment}"

    def __str__(self) -> str:
        return " → ".join(self.order)
