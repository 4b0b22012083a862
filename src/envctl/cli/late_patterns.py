"""Patterns of envctl's own modules, compiled at their first use.

A module compiles its patterns while it is imported: 240 of them in `status`, and a tenth of the processor time of
`status` and `validate`. A command uses few of them.
"""

import re
import sys
from typing import Any


class LatePattern:
    """Stands in for a pattern, and compiles it when any of its names is used."""

    # For `isinstance`, which the functions of `re` ask.
    __class__ = re.Pattern  # type: ignore[assignment]

    def __init__(self, text: str, flags: int) -> None:
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (any name of a pattern)
        value = getattr(_compile(self._text, self._flags), name)
        # The next use finds it without this method.
        self.__dict__[name] = value
        return value


_compile = re.compile


def delay_patterns() -> None:
    """Let modules of envctl that are imported from now on compile their patterns at their first use."""

    def compile_late(pattern: Any, flags: int = 0) -> Any:  # noqa: ANN401 (as `re` has it)
        caller = sys._getframe(1)
        if caller.f_code.co_name == "<module>" and caller.f_globals["__name__"].startswith("envctl."):
            return LatePattern(pattern, flags)
        return _compile(pattern, flags)

    re.compile = compile_late
