"""Changes between two releases: modules, wiring, variables, outputs and providers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from envctl.domain.plan.changes import Marker, is_same_value
from envctl.domain.release.bundle import Release
from envctl.domain.release.comparison.file_changes import ModuleChange, list_module_changes
from envctl.domain.release.remote_modules import is_local_source, redact_credentials
from envctl.domain.release.wiring import BundledModule, Wiring
from envctl.domain.settings.settings import format_canonical_json
from envctl.domain.terraform.provider_lock import read_version, split_provider_blocks


@dataclass(frozen=True)
class PartChange:
    """A changed part; None if absent. Both sides look alike if only a secret or a checksum differs."""

    name: str
    before: object
    after: object


@dataclass(frozen=True)
class VariableDeclaration:
    """The declaration of a variable, as far as it concerns settings."""

    type: str
    required: bool
    default: object = field(repr=False)
    sensitive: bool
    nullable: bool


@dataclass(frozen=True)
class ReleaseChanges:
    """Changes between releases. Variables and outputs are named `stack.name`, and listed for stacks on both sides."""

    modules: tuple[ModuleChange, ...]
    wiring: tuple[PartChange, ...]
    variables: tuple[PartChange, ...]
    outputs: tuple[PartChange, ...]
    providers: tuple[PartChange, ...]


def compare_releases(older: Release, newer: Release, *, patch: bool = False) -> ReleaseChanges:
    one, other = older.wiring, newer.wiring
    stacks = [name for name in one.stacks if name in other.stacks]
    return ReleaseChanges(
        list_module_changes(older, newer, patch=patch),
        (
            *_diff_parts(_describe_wiring(one), _describe_wiring(other)),
            *_diff_inputs(one, other, stacks),
            *_diff_set_values(one, other, stacks),
            *_diff_remote_modules(one, other, stacks),
            *_diff_provider_keys(one, other),
        ),
        _diff_parts(_collect_variables(one, stacks), _collect_variables(other, stacks)),
        _diff_parts(_collect_outputs(one, stacks), _collect_outputs(other, stacks)),
        _diff_provider_lock(older.lock_bytes(), newer.lock_bytes()),
    )


def _diff_parts(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[PartChange, ...]:
    names = dict.fromkeys((*before, *after))
    found = (PartChange(name, before.get(name), after.get(name)) for name in names)
    return tuple(each for each in found if not is_same_value(each.before, each.after))


def _describe_wiring(wiring: Wiring) -> dict[str, object]:
    described: dict[str, object] = {"project": wiring.project, "terraform": wiring.terraform}
    for name, stack in wiring.stacks.items():
        region = f" in the region {stack.region}" if stack.region else ""
        after = f" after {', '.join(stack.after)}" if stack.after else ""
        kind = " as a root module" if stack.is_root else " as Kubernetes objects" if stack.kubernetes else ""
        tags = "" if stack.default_tags is None else f" {'with' if stack.default_tags else 'without'} default tags"
        described[f"stack {name}"] = f"{stack.module}{kind}{region}{after}{tags}"
    return described


def _diff_inputs(one: Wiring, other: Wiring, stacks: list[str]) -> tuple[PartChange, ...]:
    before, after = (
        {f"{name}.{variable}": source for name in stacks for variable, source in wiring.stacks[name].inputs.items()}
        for wiring in (one, other)
    )
    order = "order of stacks"
    moved = {order: list(stacks)}, {order: [name for name in other.stacks if name in stacks]}
    return (*_diff_parts(before, after), *_diff_parts(*moved))


def _diff_set_values(one: Wiring, other: Wiring, stacks: list[str]) -> Iterator[PartChange]:
    """Yield the changed values of `[stacks.STACK.set]`, redacted if the variable is sensitive in one release."""
    before, after = (
        {(name, variable): value for name in stacks for variable, value in wiring.stacks[name].set_values.items()}
        for wiring in (one, other)
    )
    for stack, variable in sorted(before.keys() | after.keys()):
        sides = tuple(side.get((stack, variable)) for side in (before, after))
        if is_same_value(*sides):
            continue
        declared = (*one.schema.get(stack, ()), *other.schema.get(stack, ()))
        if any(each.name == variable and each.sensitive for each in declared):
            sides = tuple(None if value is None else Marker.SENSITIVE for value in sides)
        yield PartChange(f"{stack}.set.{variable}", *sides)


def _diff_remote_modules(one: Wiring, other: Wiring, stacks: list[str]) -> tuple[PartChange, ...]:
    """Return the changed remote modules; with an unchanged address they show the version alone."""
    before, after = (
        {
            f"{module.key.partition('.')[2]} of {module.stack_name}": module
            for module in wiring.modules
            if module.stack_name in stacks and not is_local_source(module.source)
        }
        for wiring in (one, other)
    )
    return _diff_parts(
        {name: _format_module(module, after.get(name)) for name, module in before.items()},
        {name: _format_module(module, before.get(name)) for name, module in after.items()},
    )


def _format_module(module: BundledModule, otherwise: BundledModule | None) -> str:
    same_address = otherwise is not None and module.source == otherwise.source and module.version and otherwise.version
    return module.version if same_address else redact_credentials(f"{module.source} {module.version}".strip())


def _diff_provider_keys(one: Wiring, other: Wiring) -> tuple[PartChange, ...]:
    """Return the changed keys of providers without their values, since some hold credentials."""
    before, after = (
        {
            f"provider {name}.{key}": format_canonical_json(value)
            for name, table in _list_provider_tables(wiring)
            for key, value in table.items()
        }
        for wiring in (one, other)
    )
    return tuple(
        PartChange(each.name, *(None if side is None else Marker.SENSITIVE for side in (each.before, each.after)))
        for each in _diff_parts(before, after)
    )


def _list_provider_tables(wiring: Wiring) -> Iterator[tuple[str, Mapping[str, object]]]:
    yield from wiring.providers.items()
    for stack, wired in wiring.stacks.items():
        # A table without keys is a configuration, too.
        yield from ((f"{name} of {stack}", table or {"alias": name}) for name, table in wired.providers.items())


def _collect_variables(wiring: Wiring, stacks: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for stack in stacks:
        for each in wiring.schema.get(stack, ()):
            default = Marker.SENSITIVE if each.sensitive and each.has_default else each.default
            required = not each.has_default
            declared = VariableDeclaration(each.type_text, required, default, each.sensitive, each.nullable)
            found[f"{stack}.{each.name}"] = declared
    return found


def _collect_outputs(wiring: Wiring, stacks: list[str]) -> dict[str, object]:
    return {
        f"{stack}.{name}": "sensitive" if sensitive else "not sensitive"
        for stack in stacks
        for name, sensitive in wiring.outputs.get(stack, {}).items()
    }


def _diff_provider_lock(before: bytes | None, after: bytes | None) -> tuple[PartChange, ...]:
    one, other = split_provider_blocks(before or b""), split_provider_blocks(after or b"")
    return tuple(
        PartChange(address, *(read_version(side[address]) if address in side else None for side in (one, other)))
        for address in sorted(one.keys() | other.keys())
        if one.get(address) != other.get(address)
    )
