"""Checks of the provider tables of stacks and environments, in the raw document of the project file."""

from collections.abc import Iterator, Mapping

from envctl.domain.config.fields import Fault, TomlPath, find_table, list_texts
from envctl.domain.config.providers.provider_secrets import check_provider_secrets
from envctl.domain.config.regions import describe_unnamed_region, is_region_spelling
from envctl.domain.plan.provider_accounts import find_provider_kind
from envctl.domain.text.identifiers import is_provider_name
from envctl.domain.text.suggestions import find_nearest

AWS = "aws"
_RELEASE_KEYS = ("source", "version")


def check_provider_tables(document: Mapping[str, object]) -> Iterator[Fault]:
    """Yield faults: a key of the release (E181), an unknown configuration (E183), a secret (E185), a region (E119)."""
    for path, table in list_tables(document):
        base = str(path[-1]).partition(".")[0]
        for key in _RELEASE_KEYS:
            if key in table:
                message = f"{'.'.join(map(str, path))}.{key}: all configurations of {base} have one source and version"
                yield Fault("E181", message, f"move it to [providers.{base}]", (*path, key))
        yield from check_provider_secrets(table, path)
        yield from _check_region_name(document, path, table)
    yield from _check_environment_names(document)


def list_tables(document: Mapping[str, object]) -> Iterator[tuple[TomlPath, Mapping[str, object]]]:
    """Yield the tables of stacks and environments with their paths."""
    for kind in ("stacks", "environments"):
        for owner in find_table(document, kind):
            for name in find_table(document, kind, owner, "providers"):
                if is_provider_name(name):
                    yield (kind, owner, "providers", name), find_table(document, kind, owner, "providers", name)


def _check_environment_names(document: Mapping[str, object]) -> Iterator[Fault]:
    """An environment changes keys of configurations that the release has."""
    of_stacks = {str(path[-1]) for path, _ in list_tables(document) if path[0] == "stacks"}
    known = {AWS, *find_table(document, "providers"), *of_stacks}
    for path, _ in list_tables(document):
        name = str(path[-1])
        if path[0] != "environments" or name in known:
            continue
        what = "no stack has that alias" if "." in name else f"the project has no [providers.{name}]"
        near = find_nearest(name, {each for each in known if ("." in each) == ("." in name)})
        table = f'[stacks.STACK.providers] with "{name}" = {{ … }}' if "." in name else f"[providers.{name}]"
        hint = f"did you mean {near}?" if near else f"add {table}, or remove this one"
        yield Fault("E183", f"{path[1]} changes the provider {name}, but {what}", hint, path)


def _check_region_name(document: Mapping[str, object], path: TomlPath, table: Mapping[str, object]) -> Iterator[Fault]:
    """A region is one of AWS, or the name of one in `regions` of every environment that renders it."""
    region, name = table.get("region"), str(path[-1]).partition(".")[0]
    if not isinstance(region, str) or is_region_spelling(region):
        return
    # An AWS provider may have another local name.
    if find_provider_kind(str(find_table(document, "providers", name).get("source", name))) is None:
        return
    kind, owner = str(path[0]), str(path[1])
    environments = [owner]
    if kind == "stacks":
        environments = list_texts(find_table(document, kind, owner).get("environments"))
        environments = environments or list_texts(find_table(document, "pipeline").get("order"))
    for environment in environments:
        if region not in find_table(document, "environments", environment, "regions"):
            message, hint = describe_unnamed_region(owner, region, environment)
            if kind == "environments":
                message = f"{owner} has no region named {region}"
            yield Fault("E119", message, hint, (*path, "region"))
