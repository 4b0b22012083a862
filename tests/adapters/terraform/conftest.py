"""Stacks of the built-in provider alone, laid out as envctl does it, for the embedded Terraform."""

import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.terraform import driver
from envctl.adapters.terraform.driver import TerraformDriver
from envctl.adapters.terraform.warm.warm_providers import WarmProviders
from envctl.adapters.workspace.workspace import DirectoryWorkspace
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.domain.release.bundle import File
from envctl.domain.release.place.backend import Backend
from envctl.domain.release.place.environment_place import Place
from envctl.domain.release.rendering.root_module import render_root_module
from envctl.domain.release.root_code import RootCode
from envctl.domain.release.wiring import StackWiring, Wiring
from envctl.domain.terraform.generated_files import GeneratedFiles
from envctl.domain.terraform.variables import Variable
from envctl.usecases.ports.bucket_report import BucketReport
from envctl.usecases.ports.terraform import PreparedStack, ProgressEvent
from tests import provider_start

STACK = "web"


@dataclass
class Heard:
    """Everything that an observer is told. `reacts` may do something about it at once."""

    events: list[ProgressEvent] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    reacts: Callable[[ProgressEvent], None] = lambda event: None

    def on_start(self, environments: Sequence[str]) -> None:
        pass

    def on_progress(self, event: ProgressEvent) -> None:
        self.events.append(event)
        self.reacts(event)

    def on_plan(self, plan: EnvironmentPlan, *, shown: bool = True) -> None:
        pass

    keeps_readings = False

    def on_reading(self, reading: object) -> None:
        pass

    def on_message(self, message: str) -> None:
        self.messages.append(message)

    def on_bucket_plan(self, buckets: Sequence[BucketReport]) -> None:
        pass

    def redact(self, values: Collection[object], public: Collection[str] = ()) -> None: ...

    def redact_document(self, text: str) -> str:
        return text

    def phases(self) -> list[str]:
        """Without the ends of what they tell."""
        return [event.phase for event in self.events if event.phase != "over"]


class Bench:
    """One stack, `web`, of the environment dev. No other Terraform than the embedded one can be found on its PATH."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.work = root / ".envctl" / "work"
        self.directory = self.work / "dev" / STACK
        self.state = root / ".envctl" / "state" / "dev" / f"{STACK}.tfstate"
        self.inherited = {"PATH": str(root / "bin"), "HOME": str(root)}
        self.heard = Heard()
        self.place = Place(environment="dev", backend=Backend("local", {}, "dev"))
        self.providers: dict[str, dict[str, object]] = {}
        self.driver = self.new_driver()

    def new_driver(self) -> TerraformDriver:
        home, warm = self.root / ".envctl", provider_start.is_warm()
        return TerraformDriver(self.root, home, lambda _: self.inherited, self.heard, warm=warm)

    def lay(
        self,
        code: str,
        *,
        variables: tuple[Variable, ...] = (),
        arguments: Mapping[str, object] | None = None,
        outputs: Mapping[str, bool] | None = None,
        as_root: bool = False,
    ) -> PreparedStack:
        folder = f"modules/{STACK}"
        stacks = {STACK: StackWiring(module=folder, root_code=RootCode((folder,)) if as_root else None)}
        schema, put_out = {STACK: variables}, {STACK: outputs or {}}
        wiring = Wiring(
            project="shop",
            terraform=">= 1.10",
            stacks=stacks,
            artifacts={},
            schema=schema,
            outputs=put_out,
            providers=self.providers,
        )
        rendered = render_root_module(wiring, STACK, self.place, arguments or {})
        if as_root:
            files = {f"{folder}/main.tf": File(code.encode())}
            assert rendered.generated is not None
            self.workspace.write_tree("dev", STACK, folder, files, rendered.generated)
            return PreparedStack(STACK, upstream=(), secrets=rendered.secrets, root=rendered.root)
        self.workspace.write_code("dev", {f"modules/{STACK}/main.tf": File(code.encode())})
        self.workspace.write_stack("dev", STACK, rendered.encode())
        return PreparedStack(STACK, upstream=(), secrets=rendered.secrets)

    def lay_root(
        self, root: str, files: Mapping[str, str], settings: Mapping[str, object] | None = None, name: str = STACK
    ) -> PreparedStack:
        """Lay out a root module that runs as it is; `files` are those of its tree."""
        backend = {"local": Backend("local", {}, "dev").settings_for_stack(name, root=root)}
        generated = GeneratedFiles({"terraform": {"backend": backend}}, settings=settings or {})
        tree = {path: File(text.encode()) for path, text in files.items()}
        self.workspace.write_tree("dev", name, root, tree, generated)
        return PreparedStack(name, root=root)

    @property
    def workspace(self) -> DirectoryWorkspace:
        return DirectoryWorkspace(self.root, self.work, "test")

    def plan(self, stack: PreparedStack) -> StackPlan:
        self.driver.init("dev", stack, None)
        return self.driver.plan("dev", stack)

    def deploy(self, stack: PreparedStack) -> StackPlan:
        plan = self.plan(stack)
        self.driver.apply("dev", stack)
        return plan


@pytest.fixture(autouse=True)
def end_providers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """End the providers of each driver with its test. Left to the garbage collector, their keepers may go first: the
    warning that they still run would fail whatever test comes then.
    """
    made, create = list[weakref.ref[WarmProviders]](), WarmProviders.__init__

    def note_creation(self: WarmProviders, *arguments: Any, **named: Any) -> None:
        create(self, *arguments, **named)
        made.append(weakref.ref(self))

    monkeypatch.setattr(WarmProviders, "__init__", note_creation)
    yield
    for reference in made:
        if (providers := reference()) is not None:
            providers.end_all()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def impatient_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """For states that stay locked: a plan that changes something waits for one second in place of five."""
    monkeypatch.setattr(driver, "PLAN_LOCK_TIMEOUT", "1s")
