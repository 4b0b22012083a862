"""The search for the secrets of one plan in its values. The same plan reads the same on every machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from functools import cached_property, lru_cache

from envctl.domain.redaction.parts import MIN_NUMBER_DIGITS
from envctl.domain.redaction.redactor import SENSITIVE_MARK, Redactor
from envctl.domain.terraform.literals import format_number

# Shorter secrets also occur in unrelated texts.
MIN_SECRET_LENGTH = 3
_MAX_PLANS = 4


@dataclass(frozen=True)
class PlanSecrets:
    """The secrets of a plan."""

    # each text and long number that is marked sensitive anywhere in the plan
    texts: frozenset[str] = field(default=frozenset(), repr=False)
    # finds them in other texts. It remembers texts without any.
    redactor: Redactor = field(default_factory=Redactor, repr=False)

    @cached_property
    def _unsearched(self) -> tuple[str, ...]:
        """The secrets that screens may show within other texts: digests could still be guessed."""
        found = {part for part in self.redactor.parts if part.lower() not in SENSITIVE_MARK}
        others = (text for text in self.texts - found if len(text) >= MIN_SECRET_LENGTH)
        return tuple(text for text in others if not self.redactor.has_secret(text))

    def check_values(self, *values: object) -> None:
        """Search values at once, since this is faster than one by one."""
        if self.texts:
            self.redactor.check_all(values, self.texts)

    def is_secret(self, value: object) -> bool:
        """Return whether the value is one of the secrets. Short numbers never are: nearly every document holds a 1."""
        if isinstance(value, str):
            return value in self.texts
        text = format_long_number(value)
        return text is not None and (text in self.texts or self.redactor.is_sensitive_number(text))

    def has_secret(self, value: object) -> bool:
        """Return whether a secret is anywhere in the value, in any form and even within a longer text."""
        if not self.texts or isinstance(value, Enum):
            # A marker of a plan, in place of a value.
            return False
        if isinstance(value, str):
            # A text with a secret in its middle, like an address with a password, could be guessed from its digest.
            others = self._unsearched
            return value in self.texts or self.redactor.has_secret(value) or any(text in value for text in others)
        if isinstance(value, Mapping):
            return any(map(self.has_secret, value.values()))
        return any(map(self.has_secret, value)) if isinstance(value, list) else self.is_secret(value)


@lru_cache(maxsize=_MAX_PLANS)
def build_search(texts: frozenset[str], stack: str) -> PlanSecrets:
    """Return the search of a plan. It is the same for all that reads the plan."""
    return PlanSecrets(texts, Redactor.from_values(texts, (stack,)))


def format_long_number(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    text = format_number(value)
    return text if sum(character.isdigit() for character in text) >= MIN_NUMBER_DIGITS else None
