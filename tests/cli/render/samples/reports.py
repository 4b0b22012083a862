"""Reports on good, bad, strange and hostile days."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from functools import cache
from itertools import pairwise
from typing import Any

from envctl.domain.ledger.events import Actor, DeploymentStarted, DeploymentSucceeded, Event
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.report import Report, build_report
from envctl.usecases.ledger import journal
from tests.fakes.story import SettableActor, build_fortnight
from tests.fakes.terraform import Killed
from tests.fakes.world import World

HOSTILE = "</style></script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;\u202eevil\x1b[2J]]>-->"
# Words of a closed set, which nobody writes.
CLOSED = {"standing", "outcome", "action", "verified", "via", "code", "guard", "rehearsed", "head"}
LONG = [
    "development-of-the-platform-team",
    *(f"stage-{number}" for number in range(2, 8)),
    "production-of-the-platform-team",
]


@cache
def rich() -> Report:
    return build_report(build_fortnight().ports)


@cache
def empty() -> Report:
    return build_report(World().ports)


@cache
def hostile() -> Report:
    """As if somebody had written it into everything that can be written into."""
    return poisoned(rich())  # type: ignore[no-any-return]


@cache
def broken() -> Report:
    """One deployment failed, one was killed, and of an early one no plan was kept."""
    world = World(identity=SettableActor(who=Actor("مريم@example.com")))
    apply(world.ports, "dev")
    world.terraform.dies_on.add(("staging", "web"))
    try:
        promote(world.ports, "dev", "staging")
    except Killed:
        world.store.content = {key: data for key, data in world.store.content.items() if not key.startswith("plans/")}
    return build_report(world.ports)


@cache
def eight() -> Report:
    world = World()
    order = ", ".join(f'"{name}"' for name in LONG)
    project = world.tree.content["envctl.toml"].decode().replace('"dev", "staging", "prod"', order)
    start, end = project.index("[environments.dev]"), project.index("[stacks.network]")
    ungated = "\n".join(f"[environments.{name}.gates]\napprovals = {{}}" for name in LONG[1:-1])
    tables = "\n".join(f"[environments.{name}]" for name in LONG) + f"\n{ungated}"
    world.edit("envctl.toml", f"{project[:start]}{tables}\n\n{project[end:]}")
    for name in LONG:
        image = 'image = "registry.example.com/shop@sha256:' + "a" * 64 + '"\n' if name == LONG[0] else ""
        world.edit(f"environments/{name}/terraform.tfvars", f'cidr = "10.10.0.0/16"\n{image}')
    apply(world.ports, LONG[0])
    for source, target in pairwise(LONG[:4]):
        world.clock.time += timedelta(hours=5)
        promote(world.ports, source, target)
    for number in range(3):
        world.edit("modules/network/main.tf", f"{world.tree.content['modules/network/main.tf'].decode()}# {number}\n")
        apply(world.ports, LONG[0])
    return build_report(world.ports)


@cache
def long() -> Report:
    """More than is shown of anything."""
    world = World()
    for number in range(60):
        world.clock.time += timedelta(minutes=50)
        release = f"{number:064x}"
        said(world, ReleaseCreated(release=release, commit=f"c0ffee{number:x}"))
        start = said(world, DeploymentStarted(environment="dev", release=release, settings="s", action="apply"))
        said(
            world,
            DeploymentSucceeded(
                environment="dev", release=release, started=start, stacks=("network", "web"), changed=2
            ),
        )
    return build_report(world.ports)


def said(world: World, event: Event) -> int:
    """Records it, and gives the number of its entry."""
    after, _ = journal.append(world.ports, lambda _: event)
    return after.seq


REPORTS: dict[str, Callable[[], Report]] = {
    "a rich one": rich,
    "one of an empty ledger": empty,
    "one full of hostile strings": hostile,
    "one after failures": broken,
    "one of eight environments": eight,
    "one of more than is shown": long,
    "one of the sandbox": lambda: replace(rich(), sandbox=True),
}


def poisoned(value: Any, name: str = "") -> Any:
    match value:
        case str() if type(value) is str and name not in CLOSED:
            return value + HOSTILE
        case tuple():
            return tuple(poisoned(item, name) for item in value)
        case Mapping():
            return {poisoned(key, "key"): poisoned(item, name) for key, item in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            changed = {each.name: poisoned(getattr(value, each.name), each.name) for each in fields(value) if each.init}
            return replace(value, **changed)
        case _:
            return value
