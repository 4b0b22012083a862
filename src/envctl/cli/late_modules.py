"""Modules that libraries import at their start and rarely use, imported at their first use."""

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

# Of the standard library: `dataclasses` needs `inspect` for a class without a docstring, Typer needs `subprocess` to
# open a page, that needs `locale` for text, `urllib.parse` needs `ipaddress` for a host in brackets, and `shutil` the
# others for archives. `signal` is for what runs a command. Without them, a completion takes 11 % more processor time,
# `--help` up to 6 %, and `status` and `validate` up to 3 %.
_RARELY_USED = ("inspect", "subprocess", "signal", "ipaddress", "locale", "bz2", "lzma", "zlib")


class LateModule(ModuleType):
    """Stands in for a module, and imports it when any of its names is used."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        # Another thread may have been first.
        if sys.modules.get(self.__name__) is self:
            sys.modules.pop(self.__name__, None)
        return getattr(import_module(self.__name__), name)


class NoPlugins(LateModule):
    """Stands in for pydantic's search for plugins. Even with its plugins disabled, it reads the metadata of all
    packages: 2 MB and 12 ms of every command.
    """

    @staticmethod
    def get_plugins() -> tuple[()]:
        return ()


class LatePlatform(LateModule):
    """Stands in for `platform`, which `uuid` asks for the name of the system, and pydantic for `uuid`."""

    @staticmethod
    def system() -> str:
        return os.uname().sysname


class _UntypedDict:
    """Stands in for `TypedDict`: a class with the name alone, whose values are dictionaries all the same."""

    def __new__(cls, **values: object) -> Any:  # noqa: ANN401 (a dictionary, as of a TypedDict)
        return values

    def __init_subclass__(cls, **_: object) -> None:
        """Accept `total`."""


class LateCoreSchemas(LateModule):
    """Stands in for pydantic's types of schemas. Each is a TypedDict that compiles the type of every key: 4 % of
    `validate`, and only type checkers read them.
    """

    def __getattr__(self, name: str) -> object:
        # Where the module takes it from.
        source = import_module("typing_extensions" if sys.version_info < (3, 12) else "typing")
        typed = source.TypedDict
        source.TypedDict = _UntypedDict  # type: ignore[attr-defined]
        try:
            return super().__getattr__(name)
        finally:
            source.TypedDict = typed  # type: ignore[attr-defined]


def delay_modules() -> None:
    """Put the stand-ins in the place of the modules that are not imported yet."""
    own = [NoPlugins("pydantic.plugin._loader"), LateCoreSchemas("pydantic_core.core_schema")]
    if hasattr(os, "uname"):
        own.append(LatePlatform("platform"))
    for stand_in in (*own, *map(LateModule, _RARELY_USED)):
        sys.modules.setdefault(stand_in.__name__, stand_in)
