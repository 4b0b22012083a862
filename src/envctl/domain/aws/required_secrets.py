"""Secrets an environment needs, found in its settings by names of variables and attributes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from envctl.domain.aws.secret_names import parse_secret
from envctl.domain.aws.secret_status import SECRET_KINDS, NeededSecret, SecretKind
from envctl.domain.config.fields import Fault
from envctl.domain.config.project import Secrets
from envctl.domain.errors import Problem
from envctl.domain.settings.settings import EnvironmentSettings, Setting
from envctl.domain.terraform.conversion import ValuePath, convert_value, format_key, format_path
from envctl.domain.terraform.variables import AnyType, Collection, Object, Schema, Tuple, TypeExpression, Variable


@dataclass(frozen=True)
class RequiredSecrets:
    """The secrets an environment needs. `problems` are about values that are no name of a secret."""

    secrets: tuple[NeededSecret, ...] = ()
    problems: tuple[Problem, ...] = ()


def find_required_secrets(settings: EnvironmentSettings, schema: Schema, patterns: Secrets) -> RequiredSecrets:
    """Return each secret once, in the order of the settings.

    Wired values are skipped, because their stack names them; sensitive ones too, because messages could not name them.
    """
    if not (patterns.secretsmanager or patterns.ssm):
        return RequiredSecrets()
    secrets: dict[tuple[SecretKind, str, str], NeededSecret] = {}
    problems: dict[Problem, None] = {}
    for setting, variable in _list_public_settings(settings, schema):
        for kind, path, text in _find_setting_names(variable, setting, patterns):
            asked_by = tuple(f"{stack}.{setting.name}{format_path(path, reveal=True)}" for stack in setting.stacks)
            try:
                secret = parse_secret(kind, text)
            except ValueError:
                what = f"{asked_by[0]} of {settings.environment}"
                message = f"{what} should name a secret, but its value can't be a name"
                hint = 'write a name such as "shop/database"; settings must not hold the value of a secret'
                problems[Problem("E444", message, hint, setting.location)] = None
                continue
            if secret is not None:
                key = (secret.kind, secret.id, secret.region)
                known = secrets.get(key) or replace(secret, location=setting.location)
                asking = dict.fromkeys((*known.asked_by, *asked_by))
                secrets[key] = replace(known, asked_by=tuple(asking))
    return RequiredSecrets(tuple(secrets.values()), tuple(problems))


def merge_secrets(secrets: Iterable[NeededSecret]) -> tuple[NeededSecret, ...]:
    """Return each secret once, with all that ask for it."""
    merged: dict[tuple[SecretKind, str, str], NeededSecret] = {}
    for each in secrets:
        known = merged.get((each.kind, each.id, each.region))
        asked_by = (*known.asked_by, *each.asked_by) if known else each.asked_by
        merged[each.kind, each.id, each.region] = replace(known or each, asked_by=tuple(dict.fromkeys(asked_by)))
    return tuple(merged.values())


def match_kinds(name: str, patterns: Secrets) -> tuple[SecretKind, ...]:
    """Return the services to find a secret of this variable or attribute in; exact names win over patterns."""
    listed: Mapping[SecretKind, Sequence[str]] = {"secretsmanager": patterns.secretsmanager, "ssm": patterns.ssm}
    exact = tuple(kind for kind in SECRET_KINDS if name in listed[kind])
    return exact or tuple(kind for kind in SECRET_KINDS if any(fnmatchcase(name, each) for each in listed[kind]))


def _list_public_settings(settings: EnvironmentSettings, schema: Schema) -> Iterator[tuple[Setting, Variable]]:
    for setting in settings.settings:
        if setting.origin == "envctl" or setting.sensitive:
            continue
        declared = [each for stack in setting.stacks for each in schema.get(stack, ()) if each.name == setting.name]
        if declared:
            yield setting, declared[0]


def _find_setting_names(
    variable: Variable, setting: Setting, patterns: Secrets
) -> Iterator[tuple[SecretKind, ValuePath, str]]:
    value = setting.value
    if setting.origin == "default":
        # Converted as for the module: omitted attributes may have defaults.
        value, _ = convert_value(value, variable.type)
    yield from _find_names(variable.name, value, variable.type, (), patterns)


def _find_names(
    name: str, value: object, type_: TypeExpression, path: ValuePath, patterns: Secrets
) -> Iterator[tuple[SecretKind, ValuePath, str]]:
    if kinds := match_kinds(name, patterns):
        yield from ((kinds[0], where, text) for where, text in _list_texts(value, path))
        return
    for part, inner, inner_type, where in _split_value(value, type_, path):
        yield from _find_names(part, inner, inner_type, where, patterns)


def _split_value(
    value: object, type_: TypeExpression, path: ValuePath
) -> Iterator[tuple[str, object, TypeExpression, ValuePath]]:
    """Yield the parts of a value with name, type and path. Collection items and map values have an empty name."""
    match type_, value:
        case Object(attributes), Mapping():
            yield from ((a.name, value.get(a.name), a.type, (*path, f".{a.name}")) for a in attributes)
        case AnyType(), Mapping():
            yield from ((str(key), item, type_, (*path, f".{key}")) for key, item in value.items())
        case Collection(_, element), Mapping():
            yield from (("", item, element, (*path, format_key(str(key)))) for key, item in value.items())
        case _, list():
            for index, (item, item_type) in enumerate(zip(value, _list_item_types(type_, len(value)), strict=False)):
                yield "", item, item_type, (*path, f"[{index}]")


def _list_item_types(type_: TypeExpression, number: int) -> Sequence[TypeExpression]:
    match type_:
        case Tuple(elements):
            return elements
        case Collection(_, element):
            return [element] * number
        case _:
            return [type_] * number


def _list_texts(value: object, path: ValuePath) -> Iterator[tuple[ValuePath, str]]:
    """Yield every text in a value with its path, except empty ones."""
    match value:
        case str() if value:
            yield path, value
        case Mapping():
            for key, item in value.items():
                yield from _list_texts(item, (*path, format_key(str(key))))
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _list_texts(item, (*path, f"[{index}]"))


def _list_attribute_names(type_: TypeExpression) -> Iterator[str]:
    match type_:
        case Object(attributes):
            for each in attributes:
                yield each.name
                yield from _list_attribute_names(each.type)
        case Collection(_, element):
            yield from _list_attribute_names(element)
        case Tuple(elements):
            for element in elements:
                yield from _list_attribute_names(element)


def check_patterns(schema: Schema, patterns: Secrets) -> Iterator[Fault]:
    """Yield the faults of patterns: without a match, ambiguous, or matching a sensitive variable."""
    declared = [
        (stack, variable, (variable.name, *_list_attribute_names(variable.type)))
        for stack, variables in schema.items()
        for variable in variables
    ]
    names = {name for _, _, inside in declared for name in inside}
    for kind, listed in zip(SECRET_KINDS, (patterns.secretsmanager, patterns.ssm), strict=True):
        for pattern in listed:
            if not any(fnmatchcase(name, pattern) for name in names):
                message = f"secrets.{kind}: no stack has a variable {pattern}"
                yield Fault("E442", message, _suggest_pattern(pattern, names), ("secrets", kind))
    for name in sorted(names):
        if len(match_kinds(name, patterns)) > 1:
            message = f"{name} is in secrets.secretsmanager and in secrets.ssm: the service of its secret is ambiguous"
            hint = "remove it from one of them; a full name outranks a pattern"
            yield Fault("E443", message, hint, ("secrets",))
    for stack, variable, inside in declared:
        found = [name for name in inside if match_kinds(name, patterns)]
        if variable.sensitive and found:
            message = f"{stack}.{variable.name} names a secret and is sensitive: envctl could not name a missing secret"
            hint = (
                f"a name is not a secret: remove sensitive = true at {variable.location}, or {found[0]} from [secrets]"
            )
            yield Fault("E443", message, hint, ("secrets",))


def _suggest_pattern(pattern: str, names: Iterable[str]) -> str:
    from envctl.domain.text.suggestions import find_nearest

    near = find_nearest(pattern, names)
    return f"did you mean {near}?" if near else "correct it, or remove it from [secrets]"
