"""A bench with the provider of `tally_provider.py`, and what Terraform asked of it."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from weakref import WeakSet

import pytest

from envctl.adapters.terraform.driver import TerraformDriver
from envctl.adapters.terraform.scheduler.capacity import Limits
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import Bench
from tests.adapters.terraform.warm.conftest import Trace, install_tally, is_running, list_keepers, wait_until

REQUIRED = 'terraform {\n  required_providers {\n    tally = { source = "acme/tally" }\n  }\n}\n'
MARK = REQUIRED + 'resource "tally_mark" "this" {\n}\n'


class Tally:
    """A bench with the provider in a mirror, and what Terraform asked of it."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self.folder = folder
        self.log = folder / "log"
        bench.inherited |= install_tally(folder)
        self.trace = Trace()
        # Python may forget the keepers of a forgotten driver first: nothing would have waited for them.
        self._drivers = WeakSet[TerraformDriver]()
        self.driver = self.create_driver()
        bench.driver = self.driver

    def create_driver(self, *, warm: bool = True, limits: Limits | None = None) -> TerraformDriver:
        driver = TerraformDriver(
            self.bench.root,
            self.bench.root / ".envctl",
            lambda _: self.bench.inherited,
            self.bench.heard,
            limits=limits or Limits(parallelism=2),
            trace=self.trace,
            warm=warm,
        )
        self._drivers.add(driver)
        return driver

    def end_providers(self) -> None:
        """End the providers of all drivers, and wait for them."""
        for driver in list(self._drivers):
            driver._warm.end_all()

    def prepare(self, code: str = MARK, name: str = "web") -> PreparedStack:
        stack = self.bench.lay_root(f"roots/{name}", {f"roots/{name}/main.tf": code}, name=name)
        self.driver.init("dev", stack, None)
        self.log.unlink(missing_ok=True)
        return stack

    def read(self) -> list[str]:
        """Return what was asked, without the processes."""
        return [line.rpartition(" ")[0] for line in self._read_lines()]

    def count(self) -> Counter[str]:
        return Counter(self.read())

    @property
    def processes(self) -> list[int]:
        return [int(line.split()[-1]) for line in self._read_lines() if line.startswith("launch")]

    def _read_lines(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def require_none_left(self) -> None:
        wait_until(lambda: not any(map(is_running, self.processes)), seconds=2)
        wait_until(lambda: not list_keepers(self.bench.root), seconds=2)


@pytest.fixture
def tally(bench: Bench, tmp_path: Path) -> Iterator[Tally]:
    (tmp_path / "tally").mkdir()
    found = Tally(bench, tmp_path / "tally")
    yield found
    found.end_providers()
    found.require_none_left()


def read_owners(tally: Tally, stack: PreparedStack) -> dict[str, str]:
    state = json.loads(tally.driver.pull_state("dev", stack))
    return {each["name"]: each["instances"][0]["attributes"].get("owner") for each in state["resources"]}


def wait_for(tally: Tally, line: str) -> None:
    wait_until(lambda: line in tally.read(), seconds=30)


def run_beside(work: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (told to the test)
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, errors


def behave(how: str) -> str:
    return MARK.replace("{\n}\n", f'{{\n  behave = "{how}"\n}}\n')
