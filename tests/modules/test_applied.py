"""Every module, applied to an AWS of its own: what it makes is there, a second plan is empty, and nothing stays."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from envctl.adapters.sandbox.lifecycle import RunningSandbox
from tests.modules.applying import Applying, Case
from tests.modules.cases import CASES
from tests.modules.test_modules import NAMES

# Most of the time of an apply is spent waiting, in fixed pauses of the provider: the modules wait together.
AT_ONCE = 6


@dataclass(frozen=True)
class Applier:
    """Applies cases together, and tells of each."""

    sandbox: RunningSandbox
    terraform: tuple[str, ...]
    folder: Path
    subtests: pytest.Subtests
    wanted: str | None

    def apply(self, cases: Iterable[Case]) -> None:
        chosen = [case for case in cases if self.wanted is None or case.name in self.wanted.split(",")]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            running = {}
            for case in chosen:
                folder = self.folder / case.name
                folder.mkdir()
                running[case.name] = pool.submit(Applying(case, self.sandbox, self.terraform, folder).whole_way)
            for name, ended in running.items():
                with self.subtests.test(name):
                    ended.result()


@pytest.fixture
def applier(
    sandbox: RunningSandbox,
    terraform: tuple[str, ...],
    tmp_path: Path,
    subtests: pytest.Subtests,
    request: pytest.FixtureRequest,
) -> Applier:
    return Applier(sandbox, terraform, tmp_path, subtests, request.config.getoption("--only-modules", None))


# One test for all modules, which wait together. Those with the most parts of AWS; `vpc` and `ec2_instance` are applied
# by day in tests/e2e/promotion/test_whole_way.py.
BY_DAY = ("alb", "ci_access", "ecs_service", "rds")


@pytest.mark.timeout(1500)
@pytest.mark.terraform
@pytest.mark.slow
def test_module_applies_as_documented(applier: Applier) -> None:
    applier.apply(case.in_short() for case in CASES if case.name in BY_DAY)


@pytest.mark.night
@pytest.mark.terraform
@pytest.mark.slow
def test_every_module_applies_with_changed_settings(applier: Applier) -> None:
    applier.apply(case for case in CASES if case.in_short() != case or case.name not in BY_DAY)


def test_every_module_has_its_own_account() -> None:
    assert sorted(case.name for case in CASES) == NAMES
    assert len({case.account for case in CASES}) == len(CASES)
