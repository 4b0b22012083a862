"""Methods of dataclasses, compiled on their first call.

`dataclasses` compiles six methods for a frozen class while its module is imported: 0.5 ms for a class, a fifth of all
that envctl does before Terraform starts. Most of them are never called. It also documents a class without a docstring
by its signature, which nothing reads. From Python 3.13 on, `dataclasses` compiles all of them at once: once envctl
drops 3.12, this file can go.
"""

import dataclasses
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any


class _NoSignatures:
    """Stands in for `inspect` in `dataclasses`, which uses more of it with every version of Python."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def signature(self, _: type) -> str:
        return "()"

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (any function of the module)
        return getattr(self._module, name)


def delay_dataclass_methods() -> None:
    """Let `dataclasses` compile each method on its first call; leave Pythons alone that compile otherwise (3.13 on)."""
    dataclasses.inspect = _NoSignatures(inspect)  # type: ignore[attr-defined]
    compile_method = getattr(dataclasses, "_create_fn", None)
    if compile_method is None:
        return

    def delay_method(name: str, *source: Any, **names: Any) -> Any:  # noqa: ANN401 (as dataclasses calls it)
        compiled: Callable[..., Any] | None = None

        def method(self: Any, *values: Any, **named: Any) -> Any:  # noqa: ANN401 (any method of any class)
            nonlocal compiled
            if compiled is None:
                compiled = compile_method(name, *source, **names)
                compiled.__qualname__ = method.__qualname__
                _replace_method(type(self), method, compiled)
            return compiled(self, *values, **named)

        method.__name__ = method.__qualname__ = name
        return method

    dataclasses._create_fn = delay_method  # type: ignore[attr-defined]


def _replace_method(cls: type, method: Callable[..., Any], compiled: Callable[..., Any]) -> None:
    """Replace the method in the class that defines it: later calls are as fast as ever."""
    for each in cls.__mro__:
        if each.__dict__.get(method.__name__) is method:
            setattr(each, method.__name__, compiled)
            return
