"""Stages whose lines for `--dry-run` name nothing but the environment."""

from typing import ClassVar


class FixedLines:
    """A stage with the same `lines` in each deployment; `{environment}` stands for the name of the target."""

    lines: ClassVar[tuple[str, ...]] = ()

    def describe(self, environment: str) -> tuple[str, ...]:
        """Return the lines for `--dry-run`."""
        return tuple(line.format(environment=environment) for line in self.lines)
