"""Replace sensitive values in text, however they are spelled there.

`parts` says which texts of a value are searched for, `spellings` in which forms, and `redactor` replaces them.
"""

from envctl.domain.redaction.known import KnownSecrets
from envctl.domain.redaction.parts import find_parts
from envctl.domain.redaction.redactor import NOTHING, Redactor

__all__ = ["NOTHING", "KnownSecrets", "Redactor", "find_parts"]
