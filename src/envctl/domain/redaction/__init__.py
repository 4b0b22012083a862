"""Redact sensitive values in text, in any spelling.

`parts` selects the texts to search for, `spellings` lists their forms, and `redactor` replaces them.
"""

from envctl.domain.redaction.known import KnownSecrets
from envctl.domain.redaction.parts import find_parts
from envctl.domain.redaction.redactor import NULL_REDACTOR, Redactor

__all__ = ["NULL_REDACTOR", "KnownSecrets", "Redactor", "find_parts"]
