"""Saved plans: in memory where the system has such files, and for their owner alone where they lie on a disk."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from envctl.adapters.disk.files import NotAFileError
from envctl.adapters.terraform.driver import TerraformDriver
from envctl.adapters.terraform.plans.plan_files import PlanFiles
from envctl.adapters.terraform.process.binary import find_embedded
from envctl.domain.errors import Location
from envctl.domain.plan.changes import Action
from envctl.domain.terraform.variables import Variable
from envctl.domain.terraform.workdir_names import PLAN_FILES
from tests.adapters.terraform.conftest import Bench

MARKER = "planted-in-a-plan"
CODE = """
variable "password" {
  type      = string
  sensitive = true
}
resource "terraform_data" "one" {
  input = var.password
}
"""
PASSWORD = Variable(
    name="password",
    type_text="string",
    has_default=False,
    default=None,
    nullable=True,
    sensitive=True,
    description="",
    location=Location("main.tf"),
)
# Starts Terraform without what it should inherit, as a wrapper in a container does.
WRAPPER = """#!{python} -IS
import os, sys
os.closerange(3, 256)
os.execv("{program}", {before} + sys.argv[1:])
"""


def lie_on_disk(bench: Bench) -> list[str]:
    return [file.name for file in bench.root.rglob("*") if file.name in PLAN_FILES]


def open_plans() -> int:
    """How many files without a name, named like plans, this process holds."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("only Linux tells what a process has open")
    found = [os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()]
    return sum(any(name in each for name in PLAN_FILES) for each in found)


@pytest.fixture(autouse=True)
def _drivers_of_other_tests_are_gone() -> None:
    gc.collect()


@contextmanager
def unmasked() -> Iterator[None]:
    before = os.umask(0o022)
    try:
        yield
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


@pytest.mark.terraform
@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no files in memory")
def test_plan_lies_in_memory_until_it_is_applied(bench: Bench) -> None:
    stack = bench.lay(CODE, variables=(PASSWORD,), arguments={"password": MARKER})
    plan = bench.plan(stack)
    assert [change.action for change in plan.resources] == [Action.CREATE]
    assert (lie_on_disk(bench), open_plans()) == ([], 1)
    bench.driver.apply("dev", stack)
    assert open_plans() == 0
    assert bench.plan(stack).changes is False
    assert bench.heard.messages == []


@pytest.mark.terraform
def test_plan_is_gone_with_its_driver(bench: Bench) -> None:
    stack = bench.lay(CODE, variables=(PASSWORD,), arguments={"password": MARKER})
    driver = TerraformDriver(bench.root, bench.root / ".envctl", lambda _: {}, bench.heard)
    bench.driver.init("dev", stack, None)
    driver.plan("dev", stack)
    assert open_plans() == 1
    del driver
    gc.collect()
    assert open_plans() == 0


@pytest.mark.terraform
def test_discarded_plan_is_gone(bench: Bench) -> None:
    stack = bench.lay(CODE, variables=(PASSWORD,), arguments={"password": MARKER})
    for _ in range(2):
        bench.plan(stack)
        bench.driver.delete_plan("dev", stack)
        bench.driver.delete_plan("dev", stack)
        assert (lie_on_disk(bench), open_plans()) == ([], 0)


@pytest.mark.terraform
def test_terraform_that_inherits_nothing_saves_plans_on_disk(bench: Bench) -> None:
    program, *before = find_embedded()
    wrapper = bench.root / "bin" / "terraform"
    wrapper.parent.mkdir()
    wrapper.write_text(WRAPPER.format(python=sys.executable, program=program, before=[program, *before]))
    wrapper.chmod(0o755)
    stack = bench.lay(CODE, variables=(PASSWORD,), arguments={"password": MARKER})
    with unmasked():
        assert bench.plan(stack).changes
        assert lie_on_disk(bench) == [PLAN_FILES[0]]
        assert (bench.directory / PLAN_FILES[0]).stat().st_mode & 0o777 == 0o600
        bench.driver.apply("dev", stack)
    assert (lie_on_disk(bench), open_plans()) == ([], 0)
    assert len(bench.heard.messages) == 1
    assert "are files in" in bench.heard.messages[0]
    assert bench.driver.detect_drift("dev", stack, unchanged=True).drift.changes is False


def test_without_files_in_memory_the_disk_is_used(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    site = bench.driver._build_site("dev", bench.lay(CODE))
    plan = PlanFiles().create_file(site, PLAN_FILES[0])
    assert (plan.path, plan.descriptor) == (PLAN_FILES[0], None)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no files in memory")
def test_only_a_file_is_read_as_a_plan(bench: Bench) -> None:
    site, name = bench.driver._build_site("dev", bench.lay(CODE)), PLAN_FILES[0]
    files = PlanFiles()
    with files.open_for_reading(site, name) as file:
        assert file.read() == b""
    Path(files.create_file(site, name).path).write_bytes(b"in memory")
    with files.open_for_reading(site, name) as file:
        assert file.read() == b"in memory"
    files.use_disk()
    files.create_file(site, name)
    os.mkfifo(site.directory / name)
    with pytest.raises(NotAFileError, match="a named pipe"):
        files.open_for_reading(site, name)
