"""Settings of one environment as values."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from envctl.domain.config.secret_sources import SecretSource
from envctl.domain.errors import Location

Origin = Literal["file", "default", "envctl", "artifact", "secret"]
"""*secret*: the value is the text of its source in `[secrets.values]`; the secret itself is no setting."""


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
    """The resolved settings.

    Attributes:
        arguments: the module arguments by stack, without defaults, wired inputs and secret values.
        sources: the sources of secret values by stack and variable, with placeholders.
    """

    environment: str
    settings: tuple[Setting, ...]
    arguments: Mapping[str, Mapping[str, object]] = field(repr=False)
    sources: Mapping[str, Mapping[str, SecretSource]] = field(default_factory=dict, repr=False)

    def digest(self) -> str:
        """Return the SHA-256 of the environment's own values, with sensitive ones, without artifacts and defaults."""
        artifacts = {(stack, each.name) for each in self.settings if each.origin == "artifact" for stack in each.stacks}
        own = {
            stack: {name: value for name, value in values.items() if (stack, name) not in artifacts}
            for stack, values in self.arguments.items()
        }
        # Sources and no values: a short secret could be guessed from the digest.
        sources = {stack: {name: str(each) for name, each in found.items()} for stack, found in self.sources.items()}
        document = {"environment": self.environment, "arguments": own, **({"secrets": sources} if sources else {})}
        return hashlib.sha256(format_canonical_json(document).encode("utf-8", "surrogatepass")).hexdigest()


def format_canonical_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
