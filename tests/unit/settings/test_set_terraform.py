"""Values of `[stacks.STACK.set]`, as Terraform gets them: from the project file, through a release, to the module."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from envctl.adapters.toml import load_project
from envctl.domain.release.bundle import Release, compute_identity, pack, unpack
from envctl.domain.release.place.backend import Backend
from envctl.domain.release.place.environment_place import Place
from envctl.domain.release.rendering.root_module import render_root_module
from envctl.domain.terraform.conversion import convert_value
from envctl.domain.terraform.literals import format_number
from envctl.domain.terraform.variables import TypeExpression, format_type
from envctl.domain.terraform.workdir_names import CODE_FOLDER
from envctl.usecases.ports.context import Context
from envctl.usecases.project import project_file, working_tree
from envctl.usecases.project.settings.environment_settings import load_settings
from tests.fakes.world import World
from tests.unit.settings.test_settings_terraform import LAUNCHER, comparable, outputs
from tests.unit.terraform.type_strategies import concrete_types, fitting

pytestmark = pytest.mark.terraform
Pair = tuple[TypeExpression, object]
HEAD = """[project]
name = "shop"

[pipeline]
order = ["dev"]

[environments.dev]

[stacks.web]
module = "modules/web"

[stacks.web.set]
"""


def to_toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value == int(value):
            return repr(value)
        case int() | float() | Decimal():
            return format_number(value)
        case str():
            # All that JSON escapes, TOML escapes alike, besides one control character.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(to_toml, value))}]"
        case dict():
            return f"{{ {', '.join(f'{to_toml(key)} = {to_toml(item)}' for key, item in value.items())} }}"
        case _:
            raise AssertionError(value)


def without_nulls(value: object) -> object:
    """TOML has no null: leave it out."""
    match value:
        case list():
            return [without_nulls(item) for item in value if item is not None]
        case dict():
            return {key: without_nulls(item) for key, item in value.items() if item is not None}
        case _:
            return value


@st.composite
def pairs_with_set_values(draw: st.DrawFn) -> Pair:
    type_ = draw(concrete_types)
    return type_, without_nulls(draw(fitting(type_)))


def release_of(pairs: list[Pair]) -> tuple[World, Release]:
    world = World()
    world.tree.content.clear()
    lines = [f"x{number} = {to_toml(value)}\n" for number, (_, value) in enumerate(pairs)]
    world.edit("envctl.toml", HEAD + "".join(lines))
    blocks = [
        f'variable "x{number}" {{\n  type = {format_type(type_)}\n}}\n'
        f'output "x{number}" {{\n  value = jsonencode(var.x{number})\n}}\n'
        for number, (type_, _) in enumerate(pairs)
    ]
    world.edit("modules/web/main.tf", "".join(blocks))
    made = working_tree.build_release(Context(world.ports, project_file.load_project(world.ports)))
    bundle = pack(made)
    return world, unpack(bundle, compute_identity(bundle))


def run(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *arguments],
        cwd=folder,
        env={**os.environ, "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout.decode() + ran.stderr.decode()
    return ran.stdout.decode()


# Each is one run of Terraform.
@settings(
    max_examples=max(4, settings().max_examples // 100),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)
@given(st.lists(pairs_with_set_values(), min_size=10, max_size=30))
def test_set_values_reach_terraform_as_they_are(tmp_path_factory: pytest.TempPathFactory, drawn: list[Pair]) -> None:
    pairs = [pair for pair in drawn if not convert_value(pair[1], pair[0])[1]]
    world, release = release_of(pairs)
    context = Context(world.ports, project_file.load_project(world.ports))
    resolved = load_settings(context, "dev", release.wiring)
    place = Place(environment="dev", backend=Backend("local", {}, "dev"))
    root = render_root_module(release.wiring, "web", place, resolved.arguments["web"])

    top = tmp_path_factory.mktemp("set") / "work" / "dev"
    (top / "web").mkdir(parents=True)
    (top / "web" / "main.tf.json").write_bytes(root.encode())
    for path, file in release.files.items():
        written = top / CODE_FOLDER / path
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_bytes(file.data)
    run(top / "web", "init", "-input=false")
    printed = run(top / "web", "apply", "-auto-approve", "-json", "-input=false")
    found = outputs([json.loads(line) for line in printed.split("\n") if line.startswith("{")])
    for number, (type_, value) in enumerate(pairs):
        wanted, _ = convert_value(value, type_)
        assert comparable(found[f"x{number}"], type_) == comparable(wanted, type_), (format_type(type_), value)


def test_project_file_keeps_all_digits() -> None:
    text = HEAD + "a = 0.12345678901234567890\nb = 123456789012345678901234567890\nc = 1_000.5\nd = [1e3]\n"
    assert load_project(text.encode()).stacks["web"].set_values == {
        "a": Decimal("0.12345678901234567890"),
        "b": 123456789012345678901234567890,
        "c": 1000.5,
        "d": [1000],
    }
