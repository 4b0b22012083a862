"""Each reason for the ordinary way."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from envctl.adapters.terraform.process.binary import find_embedded
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.warm.choice import Chooser
from envctl.adapters.terraform.warm.configurations import UncertainError
from envctl.adapters.terraform.warm.known_programs import KnownPrograms
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.warm.conftest import ADDRESS, VERSION, TinyPackage
from tests.descriptors import count_descriptors

LOCK = 'provider "{address}" {{\n  version = "{version}"\n  hashes = [\n    "{hash}",\n  ]\n}}\n'
INSTALLED = f".terraform/providers/{ADDRESS}/{VERSION}"


@dataclass
class Stack:
    """A stack with an installed provider, and what starts Terraform for it."""

    directory: Path
    tiny: TinyPackage
    chooser: Chooser
    binary: tuple[str, ...] = field(default_factory=find_embedded)
    variables: dict[str, str] = field(default_factory=dict)

    def write_lock(self, address: str = ADDRESS, found: str = "") -> None:
        text = LOCK.format(address=address, version=VERSION, hash=found or next(iter(self.tiny.pin().hashes)))
        (self.directory / ".terraform.lock.hcl").write_text(text)

    def find_reason(self) -> str:
        """Return the reason for the ordinary way, or an empty one."""
        site = Site("dev", PreparedStack("web"), self.directory)
        try:
            packages = self.chooser.choose_packages(site, self.binary, self.variables)
        except UncertainError as error:
            return str(error)
        assert [each.provider.address for each in packages] == [ADDRESS]
        for each in packages:
            each.close()
        return ""


@pytest.fixture
def stack(tiny: TinyPackage, tmp_path: Path) -> Stack:
    directory = tmp_path / "web"
    (directory / INSTALLED).mkdir(parents=True)
    (directory / INSTALLED / "linux_amd64").symlink_to(tiny.folder)
    (directory / "main.tf.json").write_text('{"provider": {"tiny": {}}}')
    found = Stack(directory, tiny, Chooser(tiny.hashes, KnownPrograms(tmp_path / "programs.json")))
    found.write_lock()
    return found


def test_stack_with_one_configuration_gets_its_package(stack: Stack) -> None:
    assert stack.find_reason() == ""


def remove_lock(stack: Stack) -> None:
    (stack.directory / ".terraform.lock.hcl").unlink()


def hide_lock(stack: Stack) -> None:
    remove_lock(stack)
    (stack.directory / ".terraform.lock.hcl").mkdir()


def write_odd_name(stack: Stack) -> None:
    stack.write_lock("../../evil")


def lock_without_unpacked_hash(stack: Stack) -> None:
    stack.write_lock(found="zh:" + "0" * 64)


def lock_another_package(stack: Stack) -> None:
    stack.write_lock(found="h1:" + "0" * 43 + "=")


def lock_program_provider(stack: Stack) -> None:
    stack.write_lock("registry.terraform.io/hashicorp/external")


def uninstall(stack: Stack) -> None:
    shutil.rmtree(stack.directory / ".terraform")


def install_twice(stack: Stack) -> None:
    shutil.copytree(stack.tiny.folder, stack.directory / INSTALLED / "linux_arm64")


def damage_package(stack: Stack) -> None:
    (stack.tiny.folder / "LICENSE").write_text("changed")


def write_alias(stack: Stack) -> None:
    (stack.directory / "b.tf").write_text('provider "tiny" {\n  alias = "b"\n}\n')


def write_called_provider(stack: Stack) -> None:
    (stack.directory / "child").mkdir()
    (stack.directory / "child" / "main.tf").write_text('provider "tiny" {}\n')
    (stack.directory / ".terraform/modules").mkdir()
    manifest = '{"Modules": [{"Key": "", "Source": "", "Dir": "."}, {"Key": "c", "Source": "./c", "Dir": "child"}]}'
    (stack.directory / ".terraform/modules/modules.json").write_text(manifest)


def write_provisioner(stack: Stack) -> None:
    (stack.directory / "b.tf").write_text('resource "a" "b" {\n  provisioner "local-exec" {}\n}\n')


def write_code_pipe(stack: Stack) -> None:
    os.mkfifo(stack.directory / "b.tf")


def ask_for_log(stack: Stack) -> None:
    stack.variables["TF_LOG"] = "debug"


def ask_for_provider_log(stack: Stack) -> None:
    stack.variables["TF_LOG_PROVIDER"] = "TRACE"


def ask_for_log_file(stack: Stack) -> None:
    stack.variables["TF_LOG_PATH"] = "log"


def hand_over_own_provider(stack: Stack) -> None:
    stack.variables["TF_REATTACH_PROVIDERS"] = '{"example.com/acme/tiny": {}}'


def override_provider(stack: Stack) -> None:
    (stack.directory / "rc").write_text('provider_installation {\n  dev_overrides {\n    "acme/tiny" = "/x"\n  }\n}\n')
    stack.variables["TF_CLI_CONFIG_FILE"] = os.fspath(stack.directory / "rc")


def take_another_program(stack: Stack) -> None:
    stack.binary = ("/bin/true",)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (remove_lock, "its lock names no provider"),
        (hide_lock, "can't be read"),
        (write_odd_name, "its lock names no provider"),
        (lock_without_unpacked_hash, "has no h1 hash of"),
        (lock_another_package, "does not match the lock"),
        (lock_program_provider, "runs a program on this machine (external)"),
        (uninstall, "is not installed"),
        (install_twice, "is installed twice"),
        (damage_package, "does not match the lock"),
        (write_alias, "has an alias"),
        (write_called_provider, "a called module configures a provider"),
        (write_provisioner, "runs a program on this machine (provisioner)"),
        (write_code_pipe, "a code file can't be read"),
        (ask_for_log, "(TF_LOG)"),
        (ask_for_provider_log, "(TF_LOG)"),
        (ask_for_log_file, "(TF_LOG)"),
        (hand_over_own_provider, "providers are replaced"),
        (override_provider, "providers are replaced"),
        (take_another_program, "not known to be Terraform"),
    ],
)
def test_uncertain_stack_goes_the_ordinary_way(stack: Stack, change: Callable[[Stack], None], reason: str) -> None:
    change(stack)
    assert reason in stack.find_reason()


def test_second_unreadable_provider_is_no_smaller_lock(stack: Stack) -> None:
    text = (stack.directory / ".terraform.lock.hcl").read_text()
    other = LOCK.format(address="../../evil", version=VERSION, hash="h1:x")
    (stack.directory / ".terraform.lock.hcl").write_text(text + other)
    assert stack.find_reason() == "its lock can't be read"


def test_own_log_of_provider_ends_is_no_reason(stack: Stack) -> None:
    stack.variables["TF_LOG_PROVIDER"] = "ERROR"
    assert stack.find_reason() == ""


def test_known_terraform_program_is_no_reason(stack: Stack) -> None:
    take_another_program(stack)
    stack.chooser.programs.add_program(Path("/bin/true"), "1.15.5")
    assert stack.find_reason() == ""


def test_other_system_goes_the_ordinary_way(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert stack.find_reason() == "this system is not Linux"


def test_refused_package_closes_the_others(stack: Stack) -> None:
    """The first provider of the lock is opened before the second is missing."""
    text = (stack.directory / ".terraform.lock.hcl").read_text()
    other = LOCK.format(address="example.com/acme/zero", version=VERSION, hash="h1:x")
    (stack.directory / ".terraform.lock.hcl").write_text(text + other)
    before = count_descriptors()
    assert "zero is not installed" in stack.find_reason()
    assert not count_descriptors() - before
