"""Projects to measure: environments with stacks of so many resources each, deployed into a sandbox."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from benchmarks.delays import FarSandbox
from benchmarks.measure import Command, clean_environment
from envctl.adapters.sandbox.lifecycle import RunningSandbox
from envctl.adapters.terraform.process.binary import find_binary, is_embedded

ENVCTL = os.fspath(Path(sys.executable).with_name("envctl"))
ALL = ("dev", "staging", "prod")
STACKS = 12

_MODULE = """
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws", version = ">= 3.39" }}
  }}
}}
variable "size" {{
  type = number
}}
resource "aws_ssm_parameter" "this" {{
  count = {resources}
  name  = "/bench/{name}/${{count.index}}"
  type  = "String"
  value = "value ${{var.size}}"
}}
"""
# A root module as it is: the same resources in some files, a module beside it, and a file that it reads.
_ROOT = {
    "roots/{name}/backend.tf": 'terraform {{\n  backend "s3" {{\n    bucket = "elsewhere"\n  }}\n}}\n',
    "roots/{name}/providers.tf": 'provider "aws" {{\n  region = var.region\n}}\n',
    "roots/{name}/variables.tf": 'variable "region" {{\n  type = string\n}}\n',
    "roots/{name}/label.tf": 'module "label" {{\n  source = "../../shared/label"\n  name   = "{name}"\n}}\n',
    "roots/{name}/outputs.tf": 'output "rules" {{\n  value = file("${{path.module}}/../../shared/rules.json")\n}}\n',
    "roots/{name}/README.md": "# {name}\n",
    "shared/label/main.tf": 'variable "name" {{\n  type = string\n}}\noutput "label" {{\n  value = var.name\n}}\n',
    "shared/rules.json": "{{}}\n",
}
_PLAIN_ROOT = """
variable "size" {
  type = number
}
resource "terraform_data" "this" {
  count = 2
  input = var.size
}
output "size" {
  value = terraform_data.this[0].output
}
"""
_ENVIRONMENT = """
[environments.{name}]
account_id = "{account}"
region = "ap-northeast-1"
assume_role = "arn:aws:iam::{account}:role/envctl-deployer"
gates = {{ approvals = {{}} }}
"""


@dataclass(frozen=True)
class Shape:
    """`stacks` says how many resources each has. `roots` are root modules as they are, in place of modules."""

    stacks: Mapping[str, int]
    environments: Sequence[str] = ("dev",)
    roots: bool = False

    @staticmethod
    def even(stacks: int, resources: int = 8, environments: Sequence[str] = ("dev",)) -> "Shape":
        return Shape({f"s{number:02}": resources for number in range(1, stacks + 1)}, environments)


def find_program() -> tuple[str, ...]:
    """The first words of Terraform for both sides: the one that envctl takes on this machine."""
    return find_binary("", clean_environment(), Path.cwd())


def describe_program() -> str:
    words = find_program()
    done = subprocess.run([*words, "version", "-json"], capture_output=True, check=True, timeout=60)
    version = json.loads(done.stdout)["terraform_version"]
    return f"Terraform {version}, {'embedded' if is_embedded(words) else words[0]}"


def lay_out_roots(folder: Path, count: int) -> None:
    """Root modules as they are, which need no provider and no sandbox; in two environments."""
    text = '[project]\nname = "bench"\n[pipeline]\norder = ["dev", "staging"]\n'
    for name in ("dev", "staging"):
        text += f"[environments.{name}]\ngates = {{ approvals = {{}} }}\n"
        settle(folder, name, 1)
    for number in range(count):
        text += f'[stacks.s{number:03}]\nroot = "roots/s{number:03}"\n'
        file = folder / f"roots/s{number:03}/main.tf"
        file.parent.mkdir(parents=True)
        file.write_text(_PLAIN_ROOT)
    (folder / "envctl.toml").write_text(text)


def lay_out(folder: Path, shape: Shape) -> None:
    order = ", ".join(f'"{name}"' for name in shape.environments)
    text = f'[project]\nname = "bench"\n[state]\nbackend = "s3"\n[pipeline]\norder = [{order}]\n'
    for number, name in enumerate(shape.environments, 1):
        text += _ENVIRONMENT.format(name=name, account=str(number) * 12)
        settle(folder, name, 1)
    for name, resources in shape.stacks.items():
        kind, top = ("root", "roots") if shape.roots else ("module", "modules")
        text += f'[stacks.{name}]\n{kind} = "{top}/{name}"\n'
        files = {f"{top}/{name}/main.tf": _MODULE, **(_ROOT if shape.roots else {})}
        for path, content in files.items():
            file = folder / path.format(name=name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content.format(name=name, resources=resources))
    (folder / "envctl.toml").write_text(text)


def settle(folder: Path, environment: str, size: int) -> None:
    """What every resource gets its value from."""
    file = folder / "environments" / environment / "terraform.tfvars"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"size = {size}\n")


@dataclass(frozen=True)
class Place:
    """A project that is laid out, with its sandbox."""

    folder: Path
    shape: Shape
    sandbox: FarSandbox
    running: RunningSandbox

    @cached_property
    def plain(self) -> dict[str, str]:
        """The environment of a Terraform that somebody starts by hand."""
        return self.running.build_environment(clean_environment())

    @property
    def plugins(self) -> Path:
        """The cache that envctl's own Terraform has."""
        return self.folder / ".envctl" / "sandbox" / "cache" / "plugins"

    def work(self, environment: str, stack: str) -> Path:
        root = f"roots/{stack}" if self.shape.roots else ""
        return self.folder / ".envctl" / "sandbox" / "work" / environment / stack / root

    def envctl(self, *words: str, expected: int = 0, extra: dict[str, str] | None = None) -> Command:
        environment = clean_environment() | (extra or {})
        return Command([ENVCTL, "--sandbox", *words], self.folder, environment, expected, self.running.pid)

    def terraform(self, environment: str, stack: str, *words: str) -> Command:
        return self.run([*find_program(), *words], self.work(environment, stack))

    def plan(self, environment: str, stack: str) -> Command:
        return self.terraform(environment, stack, "plan", "-input=false")

    def run(self, words: Sequence[str], directory: Path, extra: dict[str, str] | None = None) -> Command:
        return Command(words, directory, self.plain | (extra or {}), server=self.running.pid)

    def deploy(self) -> None:
        """The same release everywhere."""
        first, *others = self.shape.environments
        self.envctl("apply", first, "--yes").run()
        for source, target in zip((first, *others), others, strict=False):
            self.envctl("promote", source, target, "--yes").run()


class Yard:
    """Where projects are laid out and deployed, each once for all themes; the provider is unpacked once for all."""

    def __init__(self, folder: Path, ends: ExitStack) -> None:
        self._folder = folder
        self._ends = ends
        self._mirror: Path | None = None
        self._places: dict[str, Place] = {}

    def place(self, name: str, shape: Shape) -> Place:
        if name not in self._places:
            self._places[name] = self._laid(name, shape)
        place = self._places[name]
        place.sandbox.set_delay(0)
        return place

    def create_folder(self, name: str) -> Path:
        """Create a folder for a project of another kind."""
        folder = self._folder / name
        folder.mkdir()
        return folder

    def _laid(self, name: str, shape: Shape) -> Place:
        folder = self._folder / name
        folder.mkdir()
        lay_out(folder, shape)
        directory = folder / ".envctl" / "sandbox"
        sandbox = FarSandbox(directory, self._mirror)
        self._ends.callback(sandbox.stop)
        running = sandbox.start()
        self._mirror = self._mirror or directory / "mirror"
        place = Place(folder, shape, sandbox, running)
        place.deploy()
        return place

    @property
    def small(self) -> Place:
        """Three environments of one stack."""
        return self.place("small", Shape.even(1, environments=ALL))

    @property
    def root(self) -> Place:
        """One root module as it is."""
        return self.place("root", replace(Shape.even(1), roots=True))

    @property
    def large(self) -> Place:
        """Three environments of twelve stacks."""
        return self.place("large", Shape.even(STACKS, environments=ALL))


@contextmanager
def yard() -> Iterator[Yard]:
    with tempfile.TemporaryDirectory(prefix="envctl-bench-") as folder, ExitStack() as ends:
        yield Yard(Path(folder), ends)
