"""Methods of dataclasses, compiled on their first call.

`dataclasses` compiles six methods for a frozen class while its module is imported: 0.5 ms for a class, a fifth of all
that envctl does before Terraform starts. Most of them are never called. It also documents a class without a docstring
by its signature, which nothing reads. From Python 3.13 on, `dataclasses` compiles all of them at once: once envctl
drops 3.12, this file can go.
"""

import dataclasses
import inspect
from collections.abc import Callable
from functools import partial
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
    """Let `dataclasses` write and compile each method on its first call; leave Pythons alone that compile otherwise
    (3.13 on).
    """
    dataclasses.inspect = _NoSignatures(inspect)  # type: ignore[attr-defined]
    if not hasattr(dataclasses, "_create_fn"):
        return
    module: Any = dataclasses
    init, repr_, hash_, compare = module._init_fn, module._repr_fn, module._hash_fn, module._cmp_fn
    freeze = module._frozen_get_del_attr
    module._init_fn = lambda *given: _delay_method("__init__", partial(init, *given))
    module._repr_fn = lambda *given: _delay_method("__repr__", partial(repr_, *given))
    module._hash_fn = lambda *given: _delay_method("__hash__", partial(hash_, *given))
    module._cmp_fn = lambda name, *given, **named: _delay_method(name, partial(compare, name, *given, **named))
    module._frozen_get_del_attr = lambda *given: (
        _delay_method("__setattr__", lambda: freeze(*given)[0]),
        _delay_method("__delattr__", lambda: freeze(*given)[1]),
    )


def _delay_method(name: str, compile_method: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
    compiled: Callable[..., Any] | None = None

    def method(self: Any, *values: Any, **named: Any) -> Any:  # noqa: ANN401 (any method of any class)
        nonlocal compiled
        if compiled is None:
            compiled = compile_method()
            compiled.__qualname__ = method.__qualname__
            _replace_method(type(self), method, compiled)
        return compiled(self, *values, **named)

    method.__name__ = method.__qualname__ = name
    return method


def _replace_method(cls: type, method: Callable[..., Any], compiled: Callable[..., Any]) -> None:
    """Replace the method in the class that defines it: later calls are as fast as ever."""
    for each in cls.__mro__:
        if each.__dict__.get(method.__name__) is method:
            setattr(each, method.__name__, compiled)
            return
