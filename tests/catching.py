"""The error of a command, where a test looks at more of it than its text."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import pytest

E = TypeVar("E", bound=BaseException)
P = ParamSpec("P")


def catch(kind: type[E], command: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> E:
    """Return the error of this kind that the command has to raise."""
    with pytest.raises(kind) as raised:
        command(*args, **kwargs)
    return raised.value
