"""Settings of one environment as values."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from envctl.domain.errors import Location

Origin = Literal["file", "default", "envctl", "artifact"]


@dataclass(frozen=True)
class Setting:
    """A value and its stacks. A name has several settings if modules have different defaults."""

    name: str
    value: object = field(repr=False)
    location: Location | None
    origin: Origin
    sensitive: bool
    stacks: tuple[str, ...]


@dataclass(frozen=True)
class EnvironmentSettings:
    """The resolved settings. `arguments` are the module arguments by stack, without defaults and wired inputs."""

    environment: str
    settings: tuple[Setting, ...]
    arguments: Mapping[str, Mapping[str, object]] = field(repr=False)

    def digest(self) -> str:
        """Return the SHA-256 of the environment's own values, with sensitive ones, without artifacts and defaults."""
        artifacts = {(stack, each.name) for each in self.settings if each.origin == "artifact" for stack in each.stacks}
        own = {
            stack: {name: value for name, value in values.items() if (stack, name) not in artifacts}
            for stack, values in self.arguments.items()
        }
        document = {"environment": self.environment, "arguments": own}
        return hashlib.sha256(format_canonical_json(document).encode("utf-8", "surrogatepass")).hexdigest()


def format_canonical_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
