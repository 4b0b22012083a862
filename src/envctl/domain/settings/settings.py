"""Settings of one environment as values."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from envctl.domain.config.secret_sources import SecretSource
from envctl.domain.errors import Location

Origin = Literal["file", "default", "envctl", "artifact", "set", "secret"]
"""Where a value comes from. *set*: `[stacks.STACK.set]`, as the release carries it. *secret*: the value is the
text of its source in `[secrets.values]`; the secret itself is no setting.
"""
CARRIED_ORIGINS = frozenset({"artifact", "set"})
"""The origins of values that a release carries: they are equal in all environments."""


@dataclass(frozen=True)
class SetValue:
    """A value of `[stacks.STACK.set]`, with its line in the project file; None if the release has another value."""

    value: object = field(repr=False)
    location: Location | None = None


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
    """The resolved settings."""

    environment: str
    settings: tuple[Setting, ...]
    # The module arguments by stack, without defaults, wired inputs and secret values.
    arguments: Mapping[str, Mapping[str, object]] = field(repr=False)
    # The sources of secret values by stack and variable, with placeholders.
    sources: Mapping[str, Mapping[str, SecretSource]] = field(default_factory=dict, repr=False)

    def select(self, stacks: Collection[str], *, set_only: bool = False) -> "EnvironmentSettings":
        """Return the settings of these stacks; with `set_only`, those that are not defaults of modules."""
        found = (replace(each, stacks=tuple(s for s in each.stacks if s in stacks)) for each in self.settings)
        kept = tuple(each for each in found if each.stacks and not (set_only and each.origin == "default"))
        arguments = {stack: each for stack, each in self.arguments.items() if stack in stacks}
        sources = {stack: each for stack, each in self.sources.items() if stack in stacks}
        return replace(self, settings=kept, arguments=arguments, sources=sources)

    def digest(self) -> str:
        """Return the SHA-256 of the environment's own values, with sensitive ones, without those of the release and
        defaults.
        """
        carried = {(s, each.name) for each in self.settings if each.origin in CARRIED_ORIGINS for s in each.stacks}
        own = {
            stack: {name: value for name, value in values.items() if (stack, name) not in carried}
            for stack, values in self.arguments.items()
        }
        # Sources and no values: a short secret could be guessed from the digest.
        sources = {stack: {name: str(each) for name, each in found.items()} for stack, found in self.sources.items()}
        document = {"environment": self.environment, "arguments": own, **({"secrets": sources} if sources else {})}
        return hashlib.sha256(format_canonical_json(document).encode("utf-8", "surrogatepass")).hexdigest()


def format_canonical_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def find_key(values: Mapping[str, object], stack: str, variable: str) -> str:
    """Return the key that gives a variable its value: `STACK.VARIABLE` wins over `VARIABLE`. Empty if neither does."""
    for key in (f"{stack}.{variable}", variable):
        if key in values:
            return key
    return ""
