"""The project file of the laws: what it asks, where prod is, and which stacks there are."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.fakes.project_files import PROJECT
from tests.usecases.laws.oracle.rulebook import Asked

BESIDE = "rogue"
"""The stack of prod where it stands beside the pipeline."""
USUAL_ACCOUNT = f"{0:012}"
"""The account of a role where the place names none."""
CHECKS = """
[checks.smoke]
kind = "command"
command = ["smoke"]

[checks.front]
kind = "http"
url = "https://shop.example.com"
"""
KUBERNETES = (
    'kind = "kubernetes"\npath = "modules/jobs"\nkubeconfig_context = "here"\nnamespace = "jobs"\nafter = ["network"]\n'
)


@dataclass(frozen=True)
class Third:
    """The third stack of the project: its name, or nothing where there is none; what it was called before, where it
    says so; and what is said to become of stacks that are no more. `kind` is the key of its folder, or `kubernetes`;
    `depth` is a value of `set`.
    """

    name: str = ""
    was: str = ""
    fates: tuple[tuple[str, str], ...] = ()
    kind: str = "module"
    depth: int = 0

    @property
    def text(self) -> str:
        renamed = f'moved_from = "{self.was}"\n' if self.was else ""
        said = f"set = {{ depth = {self.depth} }}\n" if self.depth else ""
        code = KUBERNETES if self.kind == "kubernetes" else f'{self.kind} = "modules/jobs"\n'
        stack = f"\n[stacks.{self.name}]\n{code}{renamed}{said}" if self.name else ""
        return stack + "".join(f'\n[removed.{name}]\nthen = "{fate}"\n' for name, fate in self.fates)


NO_THIRD = Third()


def project(asked: Asked, place: Mapping[str, str], third: Third = NO_THIRD) -> bytes:
    """The project file that asks for this, with prod in that place."""
    return "".join(_parts(asked, place, third)).encode()


def _parts(asked: Asked, place: Mapping[str, str], third: Third) -> Iterator[str]:
    yield f'[project]\nname = "shop"\n\n[pipeline]\norder = {json.dumps(asked.pipeline)}\n'
    for name in asked.environments:
        yield f"\n[environments.{name}]\n"
        if name in asked.outside:
            yield "pipeline = false\n"
        if name == asked.name("prod"):
            account = place.get("account_id", USUAL_ACCOUNT)
            yield from (f'{key} = "{value.replace("ACCOUNT", account)}"\n' for key, value in sorted(place.items()))
        if name != "dev":
            yield asked.rules(name).write(name)
    yield "\n" + PROJECT[PROJECT.index(b"[stacks.network]") :].decode()
    if asked.outside:
        yield f'\n[stacks.{BESIDE}]\nmodule = "modules/beside"\nenvironments = {json.dumps(asked.outside)}\n'
    yield CHECKS
    if "deep" in asked.checks and (staging := asked.name("staging")) in asked.pipeline:
        yield f'\n[checks.deep]\nkind = "command"\ncommand = ["deep"]\nenvironments = ["{staging}"]\n'
    yield third.text
