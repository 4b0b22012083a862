"""The settings of one environment, as values."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from envctl.domain.errors import Location

Origin = Literal["file", "default", "envctl", "artifact"]


@dataclass(frozen=True)
class Setting:
    """One value and the stacks that take it. A name has several where modules bring defaults of their own."""

    name: str
    value: object = field(repr=False)
    location: Location | None
    origin: Origin
    sensitive: bool
    stacks: tuple[str, ...]


@dataclass(frozen=True)
class EnvironmentSettings:
    """`arguments` holds for each stack what its module is called with.

    Defaults stay with the module and wired inputs with the wiring: neither is in `arguments`.
    """

    environment: str
    settings: tuple[Setting, ...]
    arguments: Mapping[str, Mapping[str, object]] = field(repr=False)

    def digest(self) -> str:
        """SHA-256 over all that the environment itself decides; artifacts and defaults come with the release.

        Sensitive values are in the hash and nowhere else.
        """
        artifacts = {(stack, each.name) for each in self.settings if each.origin == "artifact" for stack in each.stacks}
        own = {
            stack: {name: value for name, value in values.items() if (stack, name) not in artifacts}
            for stack, values in self.arguments.items()
        }
        document = {"environment": self.environment, "arguments": own}
        return hashlib.sha256(canonical(document).encode("utf-8", "surrogatepass")).hexdigest()


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
