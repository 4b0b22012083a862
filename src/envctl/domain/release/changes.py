"""What became of a release on the way to another one: modules, wiring, what the stacks take and put out, providers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envctl.domain.plan.changes import Marker, same
from envctl.domain.release.contents import CarriedModule, Release, StackWiring, Wiring
from envctl.domain.release.file_changes import ModuleChange, changed_modules
from envctl.domain.release.remote_modules import is_local, shown
from envctl.domain.settings.values import canonical
from envctl.domain.terraform.provider_lock import providers, version
from envctl.domain.terraform.variables import Variable


@dataclass(frozen=True)
class PartChange:
    """None stands for absent. Where both sides look the same, what differs is not to be shown, or only a checksum."""

    name: str
    before: object
    after: object


@dataclass(frozen=True)
class Declared:
    """What of a variable's declaration whoever sets it has to know."""

    type: str
    required: bool
    default: object = field(repr=False)
    sensitive: bool
    nullable: bool


@dataclass(frozen=True)
class ReleaseChanges:
    """Names are `stack.variable` and `stack.output`. What a stack has that is not on both sides is not listed."""

    modules: tuple[ModuleChange, ...]
    wiring: tuple[PartChange, ...]
    variables: tuple[PartChange, ...]
    outputs: tuple[PartChange, ...]
    providers: tuple[PartChange, ...]


def changes_between(older: Release, newer: Release, *, patch: bool = False) -> ReleaseChanges:
    one, other = older.wiring, newer.wiring
    stacks = [name for name in one.stacks if name in other.stacks]
    return ReleaseChanges(
        changed_modules(older, newer, patch=patch),
        (
            *_became(_named(one), _named(other)),
            *_inputs(one, other, stacks),
            *_called(one, other, stacks),
            *_configured(one, other),
        ),
        _became(_variables(one, stacks), _variables(other, stacks)),
        _became(_outputs(one, stacks), _outputs(other, stacks)),
        _locked(older.lock(), newer.lock()),
    )


def _became(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[PartChange, ...]:
    names = dict.fromkeys((*before, *after))
    found = (PartChange(name, before.get(name), after.get(name)) for name in names)
    return tuple(each for each in found if not same(each.before, each.after))


def _named(wiring: Wiring) -> dict[str, object]:
    stacks = {f"stack {name}": _placed(stack) for name, stack in wiring.stacks.items()}
    return {"project": wiring.project, "terraform": wiring.terraform, **stacks}


def _placed(stack: StackWiring) -> str:
    region = f" in the region {stack.region}" if stack.region else ""
    after = f" after {', '.join(stack.after)}" if stack.after else ""
    return f"{stack.module}{region}{after}"


def _inputs(one: Wiring, other: Wiring, stacks: list[str]) -> tuple[PartChange, ...]:
    before, after = (
        {f"{name}.{variable}": source for name in stacks for variable, source in wiring.stacks[name].inputs.items()}
        for wiring in (one, other)
    )
    order = "order of stacks"
    moved = {order: list(stacks)}, {order: [name for name in other.stacks if name in stacks]}
    return (*_became(before, after), *_became(*moved))


def _called(one: Wiring, other: Wiring, stacks: list[str]) -> tuple[PartChange, ...]:
    """Modules that are called by an address: the version alone, where it is still the same address."""
    before, after = (
        {
            f"{module.key.partition('.')[2]} of {module.stack}": module
            for module in wiring.modules
            if module.stack in stacks and not is_local(module.source)
        }
        for wiring in (one, other)
    )
    return _became(
        {name: _fetched(module, after.get(name)) for name, module in before.items()},
        {name: _fetched(module, before.get(name)) for name, module in after.items()},
    )


def _fetched(module: CarriedModule, otherwise: CarriedModule | None) -> str:
    same_address = otherwise is not None and module.source == otherwise.source and module.version and otherwise.version
    return module.version if same_address else shown(f"{module.source} {module.version}".strip())


def _configured(one: Wiring, other: Wiring) -> tuple[PartChange, ...]:
    """Which keys of which provider, and no values: some hold credentials, though they should not."""
    before, after = (
        {
            f"provider {name}.{key}": canonical(value)
            for name, table in wiring.providers.items()
            for key, value in table.items()
        }
        for wiring in (one, other)
    )
    return tuple(
        PartChange(each.name, *(None if side is None else Marker.SENSITIVE for side in (each.before, each.after)))
        for each in _became(before, after)
    )


def _variables(wiring: Wiring, stacks: list[str]) -> dict[str, object]:
    return {f"{stack}.{each.name}": _declared(each) for stack in stacks for each in wiring.schema.get(stack, ())}


def _declared(variable: Variable) -> Declared:
    hidden = variable.sensitive and variable.has_default
    default = Marker.SENSITIVE if hidden else variable.default
    return Declared(variable.type_text, not variable.has_default, default, variable.sensitive, variable.nullable)


def _outputs(wiring: Wiring, stacks: list[str]) -> dict[str, object]:
    return {
        f"{stack}.{name}": "sensitive" if sensitive else "not sensitive"
        for stack in stacks
        for name, sensitive in wiring.outputs.get(stack, {}).items()
    }


def _locked(before: bytes | None, after: bytes | None) -> tuple[PartChange, ...]:
    one, other = providers(before or b""), providers(after or b"")
    return tuple(
        PartChange(address, *(version(side[address]) if address in side else None for side in (one, other)))
        for address in sorted(one.keys() | other.keys())
        if one.get(address) != other.get(address)
    )
