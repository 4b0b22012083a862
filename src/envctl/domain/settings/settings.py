"""Settings of one environment as values."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from envctl.domain.config.secret_sources import SecretSource
from envctl.domain.errors import Location, OperationFailedError, Problem

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
    project: str = ""  # Salt of the digest

    def select(self, stacks: Collection[str], *, set_only: bool = False) -> "EnvironmentSettings":
        """Return the settings of these stacks; with `set_only`, those that are not defaults of modules."""
        found = (replace(each, stacks=tuple(s for s in each.stacks if s in stacks)) for each in self.settings)
        kept = tuple(each for each in found if each.stacks and not (set_only and each.origin == "default"))
        arguments = {stack: each for stack, each in self.arguments.items() if stack in stacks}
        sources = {stack: each for stack, each in self.sources.items() if stack in stacks}
        return replace(self, settings=kept, arguments=arguments, sources=sources)

    def digest(self, known: Collection[str]) -> str:
        """Return the digest of the environment's own values, with sensitive ones, without those of the release and
        defaults. With a sensitive one it is slow to compute, so that a guess of the value is as slow.

        Earlier versions recorded the SHA-256 of these too. It is returned if it is among the digests `known` from the
        ledger of the environment: the settings have not changed since, and nothing new is given away.
        """
        carried = {(s, each.name) for each in self.settings if each.origin in CARRIED_ORIGINS for s in each.stacks}
        own = {
            stack: {name: value for name, value in values.items() if (stack, name) not in carried}
            for stack, values in self.arguments.items()
        }
        # Sources and no values: a short secret could be guessed from the digest.
        sources = {stack: {name: str(each) for name, each in found.items()} for stack, found in self.sources.items()}
        document = {"environment": self.environment, "arguments": own, **({"secrets": sources} if sources else {})}
        text = format_canonical_json(document).encode("utf-8", "surrogatepass")
        plain = hashlib.sha256(text).hexdigest()
        shown = {(stack, each.name) for each in self.settings if not each.sensitive for stack in each.stacks}
        given = {(stack, name) for stack, values in own.items() for name, value in values.items() if value is not None}
        if plain in known or given <= shown:
            return plain
        # Of all values together: one that is not sensitive may hold a secret, such as the URL of a database.
        return _derive_digest(text, self.project, self.environment)


@lru_cache(maxsize=32)
def _derive_digest(text: bytes, project: str, environment: str) -> str:
    """Return the scrypt digest of settings: 0.1 s and 16 MiB."""
    salt = format_canonical_json(["settings of envctl", project, environment]).encode("utf-8", "surrogatepass")
    try:
        return hashlib.scrypt(text, salt=salt, n=2**14, r=8, p=2, maxmem=2**26, dklen=32).hex()
    except (AttributeError, ValueError) as error:
        # Another digest in its place would be a change of the settings on all other machines.
        message = "this Python has no scrypt, and the digest of sensitive settings needs it"
        hint = "use a Python whose OpenSSL has scrypt, without FIPS mode; or move these settings to [secrets.values]"
        raise OperationFailedError(Problem("E224", message, hint)) from error


def format_canonical_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def find_key(values: Mapping[str, object], stack: str, variable: str) -> str:
    """Return the key that gives a variable its value: `STACK.VARIABLE` wins over `VARIABLE`. Empty if neither does."""
    for key in (f"{stack}.{variable}", variable):
        if key in values:
            return key
    return ""
