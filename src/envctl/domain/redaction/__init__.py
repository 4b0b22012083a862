"""Redact sensitive values in text, in any spelling.

Begin with `redactor.py`: `Redactor`. Out of scope: the streams to redact, which are in `cli/output/`.
"""

from envctl.domain.redaction.known import KnownSecrets
from envctl.domain.redaction.parts import find_parts
from envctl.domain.redaction.redactor import NULL_REDACTOR, Redactor

__all__ = ["NULL_REDACTOR", "KnownSecrets", "Redactor", "find_parts"]
