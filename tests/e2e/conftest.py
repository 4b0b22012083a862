"""Projects in temporary folders, and the real command in a process of its own."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from tests import hanging, provider_start, warm
from tests.documents import parse_document
from tests.modules import applying
from tests.programs import SYSTEM_PATH
from tests.scaffold import create_project

if TYPE_CHECKING:
    from tests.adapters.registry.oci import Registry
    from tests.e2e.images.building import Workshop
    from tests.e2e.organisation import Organisation

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class CommandResult:
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return parse_document(self.out)

    @property
    def codes(self) -> list[str]:
        return [problem["code"] for problem in self.document["problems"]]


@dataclass(frozen=True)
class Project:
    """A project's folder, and `envctl` in it. Nothing of the caller's environment but a PATH without Terraform."""

    root: Path
    home: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    def build_command(self, *words: str) -> list[str]:
        return [*hanging.DUMPABLE_PYTHON, "-m", "envctl", *provider_start.add_options(words)]

    def build_environment(self, **more: str) -> dict[str, str]:
        return {
            "PATH": SYSTEM_PATH,
            "HOME": os.fspath(self.home),
            "GIT_AUTHOR_EMAIL": "ann@example.com",
            "LANG": "C.UTF-8",
            # Terraform lives for seconds here: collecting garbage takes a fifth of its time.
            "GOGC": "off",
            **self.extra,
            **more,
        }

    def run(self, *words: str, timeout: float = 180, before: Sequence[str] = (), **more: str) -> CommandResult:
        """`before` is a command that runs envctl in turn, in surroundings of its own."""
        if before:
            done = hanging.run_command(
                [*before, *self.build_command(*words)], self.root, self.build_environment(**more), timeout
            )
        else:
            with provider_start.check_starts(words) as asked:
                done = warm.run_envctl(asked, self.root, self.build_environment(**more), timeout)
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return CommandResult(done.returncode, done.stdout, done.stderr)

    def run_checked(self, *words: str, timeout: float = 180, **more: str) -> CommandResult:
        ran = self.run(*words, timeout=timeout, **more)
        assert ran.code == 0, f"{words}: {ran.code}\n{ran.out}\n{ran.err}"
        return ran

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return hanging.StartedCommand(
            self.build_command(*words),
            cwd=self.root,
            env=self.build_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def list_files(self) -> list[Path]:
        """Every file in the folder, in the home, and so in the work folders."""
        places = (path for folder in (self.root, self.home) for path in sorted(folder.rglob("*")))
        return [path for path in places if path.is_file() and not path.is_symlink()]

    def read_files(self) -> dict[str, bytes]:
        """Everything in the folder but what belongs to envctl."""
        return {
            os.fspath(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and ".envctl" not in path.parts
        }


AnyProject = TypeVar("AnyProject", bound=Project)


@dataclass(frozen=True)
class PreparedProjects:
    """Projects that are prepared once. Each test gets one as it was then, in the same place: no test sees another."""

    folder: Path
    projects: dict[str, Any] = field(default_factory=dict)

    def restore(self, prepare: Callable[[Path, Path], AnyProject]) -> AnyProject:
        """`prepare` is called once, with the folders of the project and of the home."""
        name = f"{prepare.__module__}.{prepare.__qualname__}"
        now, saved = self.folder / "now", self.folder / f"saved-{name}"
        shutil.rmtree(now, ignore_errors=True)
        if name not in self.projects:
            (now / "home").mkdir(parents=True)
            self.projects[name] = prepare(now / "project", now / "home")
            shutil.copytree(now, saved, symlinks=True)
        else:
            shutil.copytree(saved, now, symlinks=True)
        project: AnyProject = self.projects[name]
        return project


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> PreparedProjects:
    return PreparedProjects(tmp_path_factory.mktemp("prepared"))


REGION = applying.REGION
ACCOUNTS = {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}


def open_client(project: Project, environment: str, service: str) -> Any:
    """boto3 as the deployer of an environment in the project's sandbox, behind Terraform's back."""
    running = Sandbox(project.root / ".envctl" / "sandbox").find_running()
    assert running is not None
    return applying.Account(running, ACCOUNTS[environment]).client(service)


def wait_until(condition: Callable[[], object], seconds: float = 60, every: float = 0.05) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(every)


@contextmanager
def run_in_sandbox(project: Project, provider: Path) -> Iterator[None]:
    """Gives the project a sandbox of its own, which has the provider lying ready, and ends that."""
    (project.root / ".envctl" / "sandbox").mkdir(parents=True)
    (project.root / ".envctl" / "sandbox" / "mirror").symlink_to(provider)
    try:
        yield
    finally:
        project.run("sandbox", "down")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """AWS for projects that know of no sandbox."""
    server = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> "Iterator[Organisation]":
    """A company on AWS, in which nobody may do what no policy lets them."""
    from tests.e2e.organisation import open_organisation

    with open_organisation(tmp_path_factory.mktemp("organisation"), unpacked_provider) as found:
        found.enforce_iam()
        yield found


@pytest.fixture(scope="module")
def trusting_organisation(
    tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path
) -> "Iterator[Organisation]":
    """One in which everybody may do everything: where moto enforces IAM, it wants a token's exchange to be signed."""
    from tests.e2e.organisation import open_organisation

    with open_organisation(tmp_path_factory.mktemp("organisation"), unpacked_provider) as found:
        yield found


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Workshop]":
    """Where images are built; one for all test processes of a run."""
    from tests.e2e.images.building import Workshop

    base = tmp_path_factory.getbasetemp()
    shared = Workshop((base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "workshop")
    shared.open()
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Registry]":
    """A registry of images on loopback."""
    from tests.adapters.registry.conftest import free_port
    from tests.adapters.registry.oci import Registry

    registry = Registry(tmp_path_factory.mktemp("images"), free_port())
    registry.up()
    yield registry
    registry.down()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


LOCAL_PROJECT = """
[project]
name = "small"

[pipeline]
order = ["dev", "staging", "prod"]

[environments.dev]
[environments.staging]
[environments.staging.gates]
approvals = {}
[environments.prod]

[environments.prod.gates]
approvals = { peer = 1 }

[stacks.base]
module = "modules/base"

[stacks.top]
module = "modules/top"
inputs = { base = "base.name" }
"""
BASE = """
variable "name" {
  type = string
}

resource "terraform_data" "this" {
  input = var.name
}

output "name" {
  value = terraform_data.this.output
}
"""
TOP = """
variable "base" {
  type = string
}

variable "password" {
  type      = string
  sensitive = true
}

resource "terraform_data" "first" {
  input = "first of ${var.base}"
}

resource "terraform_data" "second" {
  input            = "second of ${var.base}"
  triggers_replace = sha256(var.password)
  depends_on       = [terraform_data.first]
}
"""


@pytest.fixture
def small(tmp_path: Path, home: Path) -> Project:
    """Two stacks that need no provider, with local state and a store on disk: real Terraform, no AWS."""
    return write_small(tmp_path / "small", home)


@pytest.fixture
def small_in_dev(prepared: PreparedProjects) -> Project:
    return prepared.restore(apply_small)


@pytest.fixture
def small_in_staging(prepared: PreparedProjects) -> Project:
    return prepared.restore(promote_small)


def write_small(root: Path, home: Path) -> Project:
    project = Project(root, home)
    project.write("envctl.toml", LOCAL_PROJECT)
    project.write("modules/base/main.tf", BASE)
    project.write("modules/top/main.tf", TOP)
    for environment in ("dev", "staging", "prod"):
        project.write(
            f"environments/{environment}/terraform.tfvars",
            f'name     = "{environment}-name"\npassword = "planted-{environment}-secret"\n',
        )
    return project


def apply_small(root: Path, home: Path) -> Project:
    project = write_small(root, home)
    project.run_checked("apply", "dev", "--yes")
    return project


def promote_small(root: Path, home: Path) -> Project:
    project = apply_small(root, home)
    project.run_checked("promote", "dev", "staging", "--yes")
    return project


@pytest.fixture
def shop(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    """A project from the template `web`, with the sandbox's provider lying ready."""
    project = Project(create_project(tmp_path), home)
    with run_in_sandbox(project, unpacked_provider):
        yield project
