"""Which secrets an environment needs: read from its settings, by the names of variables and of their attributes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from envctl.domain.aws.secret_names import read
from envctl.domain.aws.secret_status import KINDS, Kind, NeededSecret
from envctl.domain.config.project import Secrets
from envctl.domain.errors import Problem
from envctl.domain.settings.settings import Schema
from envctl.domain.settings.values import EnvironmentSettings, Setting
from envctl.domain.terraform.conversion import Path, convert, show_path, step
from envctl.domain.terraform.types import Anything, Collection, Object, Tuple, TypeExpression
from envctl.domain.terraform.variables import Variable


@dataclass(frozen=True)
class Needs:
    """`problems` are values that can't be the name of a secret."""

    secrets: tuple[NeededSecret, ...] = ()
    problems: tuple[Problem, ...] = ()


def needed(settings: EnvironmentSettings, schema: Schema, patterns: Secrets) -> Needs:
    """Each secret once, in the order of the settings. What is wired is named by the stack that makes it, and what is
    sensitive is not read: it could not be told what is missing.
    """
    if not (patterns.secretsmanager or patterns.ssm):
        return Needs()
    secrets: dict[tuple[Kind, str, str], NeededSecret] = {}
    problems: dict[Problem, None] = {}
    for setting, variable in _told(settings, schema):
        for kind, path, text in _named(variable, setting, patterns):
            asked_by = tuple(f"{stack}.{setting.name}{show_path(path, reveal=True)}" for stack in setting.stacks)
            try:
                secret = read(kind, text)
            except ValueError:
                problems[_no_name(asked_by[0], settings.environment, setting)] = None
                continue
            if secret is not None:
                key = (secret.kind, secret.id, secret.region)
                known = secrets.get(key) or replace(secret, location=setting.location)
                asking = dict.fromkeys((*known.asked_by, *asked_by))
                secrets[key] = replace(known, asked_by=tuple(asking))
    return Needs(tuple(secrets.values()), tuple(problems))


def kinds_of(name: str, patterns: Secrets) -> tuple[Kind, ...]:
    """Where what a variable or an attribute names is looked for; a name in full counts for more than a pattern."""
    listed: Mapping[Kind, Sequence[str]] = {"secretsmanager": patterns.secretsmanager, "ssm": patterns.ssm}
    exact = tuple(kind for kind in KINDS if name in listed[kind])
    return exact or tuple(kind for kind in KINDS if any(fnmatchcase(name, each) for each in listed[kind]))


def names_in(variable: Variable) -> Iterator[str]:
    """Those of the variable and of all attributes within its type."""
    yield variable.name
    yield from _attributes(variable.type)


def _told(settings: EnvironmentSettings, schema: Schema) -> Iterator[tuple[Setting, Variable]]:
    for setting in settings.settings:
        if setting.origin == "envctl" or setting.sensitive:
            continue
        declared = [each for stack in setting.stacks for each in schema.get(stack, ()) if each.name == setting.name]
        if declared:
            yield setting, declared[0]


def _named(variable: Variable, setting: Setting, patterns: Secrets) -> Iterator[tuple[Kind, Path, str]]:
    value = setting.value
    if setting.origin == "default":
        # As the module sees it: an attribute that was left out may have a default of its own.
        value, _ = convert(value, variable.type)
    yield from _under(variable.name, value, variable.type, (), patterns)


def _under(
    name: str, value: object, type_: TypeExpression, path: Path, patterns: Secrets
) -> Iterator[tuple[Kind, Path, str]]:
    if kinds := kinds_of(name, patterns):
        yield from ((kinds[0], where, text) for where, text in _texts(value, path))
        return
    for part, inner, inner_type, where in _parts(value, type_, path):
        yield from _under(part, inner, inner_type, where, patterns)


def _parts(value: object, type_: TypeExpression, path: Path) -> Iterator[tuple[str, object, TypeExpression, Path]]:
    """What a value is made of. Items of a collection, and what a map has under a key, have no name of their own."""
    match type_, value:
        case Object(attributes), Mapping():
            yield from ((a.name, value.get(a.name), a.type, (*path, f".{a.name}")) for a in attributes)
        case Anything(), Mapping():
            yield from ((str(key), item, type_, (*path, f".{key}")) for key, item in value.items())
        case Collection(_, element), Mapping():
            yield from (("", item, element, (*path, step(str(key)))) for key, item in value.items())
        case _, list():
            for index, (item, item_type) in enumerate(zip(value, _types(type_, len(value)), strict=False)):
                yield "", item, item_type, (*path, f"[{index}]")


def _types(type_: TypeExpression, number: int) -> Sequence[TypeExpression]:
    """Those of the items of a list."""
    match type_:
        case Tuple(elements):
            return elements
        case Collection(_, element):
            return [element] * number
        case _:
            return [type_] * number


def _texts(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    """All text in a value; what is empty names nothing."""
    match value:
        case str() if value:
            yield path, value
        case Mapping():
            for key, item in value.items():
                yield from _texts(item, (*path, step(str(key))))
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _texts(item, (*path, f"[{index}]"))


def _attributes(type_: TypeExpression) -> Iterator[str]:
    match type_:
        case Object(attributes):
            for each in attributes:
                yield each.name
                yield from _attributes(each.type)
        case Collection(_, element):
            yield from _attributes(element)
        case Tuple(elements):
            for element in elements:
                yield from _attributes(element)


def _no_name(asked_by: str, environment: str, setting: Setting) -> Problem:
    message = f"{asked_by} of {environment} should name a secret, and what it holds can't be a name"
    hint = 'write a name such as "shop/database": the value of a secret has no place in settings'
    return Problem("E444", message, hint, setting.location)


@dataclass(frozen=True)
class Misfit:
    """What is wrong with a pattern. `path` is its place in the project file."""

    problem: Problem
    path: tuple[str, ...]


def misfits(schema: Schema, patterns: Secrets) -> Iterator[Misfit]:
    """Patterns that find nothing, and what they find that can't be used."""
    declared = [(stack, variable) for stack, variables in schema.items() for variable in variables]
    names = {name for _, variable in declared for name in names_in(variable)}
    for kind, listed in zip(KINDS, (patterns.secretsmanager, patterns.ssm), strict=True):
        for pattern in listed:
            if not any(fnmatchcase(name, pattern) for name in names):
                message = f"secrets.{kind}: no variable of any stack is called {pattern}"
                yield Misfit(Problem("E442", message, _meant(pattern, names)), ("secrets", kind))
    for name in sorted(names):
        if len(kinds_of(name, patterns)) > 1:
            message = f"{name} is in secrets.secretsmanager and in secrets.ssm: where its secret lies, nobody can tell"
            hint = "take it out of one of them; a name in full counts for more than a pattern"
            yield Misfit(Problem("E443", message, hint), ("secrets",))
    for stack, variable in declared:
        found = [name for name in names_in(variable) if kinds_of(name, patterns)]
        if variable.sensitive and found:
            message = f"{stack}.{variable.name} names a secret and is sensitive: it could not be told which one lacks"
            hint = f"a name is no secret: take sensitive = true off {variable.location}, or {found[0]} out of [secrets]"
            yield Misfit(Problem("E443", message, hint), ("secrets",))


def _meant(pattern: str, names: Iterable[str]) -> str:
    from envctl.domain.text.suggestions import nearest

    near = nearest(pattern, names)
    return f"did you mean {near}?" if near else "correct it, or take it out of [secrets]"
