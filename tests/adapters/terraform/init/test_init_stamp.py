"""When `terraform init` has something to do: everything that it depends on, and nothing else."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from envctl.adapters.terraform.init import init_stamp
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.terraform.workdir_names import INIT_STAMP, LOCK_FILE, MODULES_MANIFEST, ROOT_MODULE_FILE
from envctl.usecases.ports.terraform import PreparedStack

AWS = "registry.terraform.io/hashicorp/aws"
PACKAGE = f".terraform/providers/{AWS}/6.1.0/linux_amd64/terraform-provider-aws"


def block(version: str, *hashes: str, constraints: str = ">= 6.0") -> bytes:
    listed = "".join(f'    "{each}",\n' for each in hashes)
    head = f'provider "{AWS}" {{\n  version = "{version}"\n  constraints = "{constraints}"\n'
    return f"{head}  hashes = [\n{listed}  ]\n}}\n".encode()


LOCK = block("6.1.0", "h1:a", "zh:b")
ROOT = {
    "terraform": {"backend": {"local": {"path": "x"}}, "required_version": ">= 1.10"},
    "provider": {"aws": {"region": "eu-west-1"}},
    "module": {"web": {"source": "../.code/modules/web", "size": 1}},
}
CALL = 'module "in" {\n  source = "acme/in/x"\n}\n'
MODULES = ["", "../.code/modules/web", ".terraform/modules/web.in"]


class Stack:
    """A directory as `init` left it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.directory = root / "web"
        self.site = Site("dev", PreparedStack("web"), self.directory)
        self.environment = {"HOME": str(root), "TF_CLI_CONFIG_FILE": str(root / "terraform.rc")}
        self.binary = (str(root / "terraform"),)
        self.write("../terraform", "1.15")
        self.write("../terraform.rc", "")
        self.root_module(ROOT)
        self.write("../.code/modules/web/main.tf", CALL)
        self.write("../.code/modules/web/README.md", "read me")
        self.write("../.code/modules/other/main.tf", "")
        self.write(".terraform/modules/web.in/main.tf.json", "{}")
        self.write(MODULES_MANIFEST, json.dumps({"Modules": [{"Key": each, "Dir": each or "."} for each in MODULES]}))
        self.write(".terraform/terraform.tfstate", "{}")
        self.write(PACKAGE, "program")
        self.write(LOCK_FILE, LOCK.decode())

    def write(self, name: str, text: str) -> None:
        (self.directory / name).parent.mkdir(parents=True, exist_ok=True)
        (self.directory / name).write_text(text)

    def root_module(self, document: dict[str, object]) -> None:
        self.write(ROOT_MODULE_FILE, json.dumps(document))

    def stamp(self, given: bytes = LOCK) -> None:
        taken = init_stamp.build_stamp(self.site, self.binary, self.environment, "", given)
        init_stamp.write_stamp(self.directory, taken)

    def holds(self, given: bytes = LOCK, role: str = "") -> bool:
        return init_stamp.is_current(self.site, self.binary, self.environment, role, given)


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    made = Stack(tmp_path)
    made.stamp()
    return made


def remove(name: str) -> Callable[[Stack], None]:
    return lambda stack: (stack.directory / name).unlink()


def write(name: str, text: str) -> Callable[[Stack], None]:
    return lambda stack: stack.write(name, text)


def root_module(**changed: object) -> Callable[[Stack], None]:
    return lambda stack: stack.root_module({**ROOT, **changed})


def with_variable(name: str, value: str) -> Callable[[Stack], None]:
    return lambda stack: stack.environment.update({name: value})


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(write("../.code/modules/web/main.tf", ""), id="a module that is reached has other code"),
        pytest.param(write("../.code/modules/web/more.tf", ""), id="it has one file more"),
        pytest.param(remove("../.code/modules/web/main.tf"), id="it has one file less"),
        pytest.param(write(".terraform/modules/web.in/main.tf.json", "{ }"), id="a module below it has other code"),
        pytest.param(root_module(provider={}), id="the root module has another provider"),
        pytest.param(root_module(terraform={"backend": {"s3": {}}}), id="the state is elsewhere"),
        pytest.param(root_module(module={"web": {"source": "../.code/x"}}), id="it calls another module"),
        pytest.param(with_variable("TF_PLUGIN_CACHE_DIR", "/x"), id="another plugin cache is named"),
        pytest.param(with_variable("TF_CLI_ARGS_init", "-upgrade"), id="somebody wants more of init"),
        pytest.param(write("../terraform.rc", "# mirror"), id="Terraform's own configuration says something else"),
        pytest.param(write("../terraform", "1.16.1"), id="Terraform is another one"),
        pytest.param(remove(PACKAGE), id="the provider has gone"),
        pytest.param(write(PACKAGE, "prog"), id="the provider is damaged"),
        pytest.param(remove(LOCK_FILE), id="the stack's lock has gone"),
        pytest.param(remove(MODULES_MANIFEST), id="the record of modules has gone"),
        pytest.param(remove(".terraform/terraform.tfstate"), id="the record of the backend has gone"),
        pytest.param(remove(INIT_STAMP), id="nobody knows"),
        pytest.param(write(INIT_STAMP, "damaged"), id="nobody can read what was known"),
    ],
)
def test_init_is_needed_after(change: Callable[[Stack], None], stack: Stack) -> None:
    assert stack.holds()
    change(stack)
    assert not stack.holds()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(root_module(module={"web": {"source": "../.code/modules/web", "size": 2}}), id="a setting"),
        pytest.param(root_module(provider={"aws": {"region": "us-east-1"}}), id="how a provider is configured"),
        pytest.param(write("../.code/modules/web/README.md", "read more"), id="what is no code"),
        pytest.param(
            write("../.code/modules/web/main.tf", f"{CALL}locals {{\n  x = 1\n}}\n"), id="a value in the code"
        ),
        pytest.param(write("../.code/modules/other/main.tf", "# changed"), id="a module of another stack"),
        pytest.param(with_variable("TF_LOG", "debug"), id="what has nothing to do with it"),
    ],
)
def test_init_is_not_needed_for(change: Callable[[Stack], None], stack: Stack) -> None:
    change(stack)
    assert stack.holds()


def test_init_is_needed_for_another_session(stack: Stack) -> None:
    assert not stack.holds(role='{"session_name": "envctl-42.1-ann"}')


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        (LOCK, True),
        (LOCK + block("1.0.0", "h1:x").replace(b"aws", b"random"), True),
        (block("6.1.0", "h1:a", "zh:b", "h1:mac"), True),
        (block("6.1.0", "h1:a", "zh:b", constraints="~> 6.1, >= 6.0"), True),
        (block("6.2.0", "h1:a", "zh:b"), False),
        (block("6.1.0", "h1:a"), False),
        (block("6.1.0", "h1:mac"), False),
        (b"", False),
    ],
    ids=[
        "the same",
        "of other stacks as well",
        "with hashes of another platform",
        "with what other stacks ask for",
        "in another version",
        "without a hash that it had",
        "with other hashes alone",
        "nothing at all",
    ],
)
def test_init_holds_for_requested_lock(asked: bytes, holds: bool, stack: Stack) -> None:
    assert stack.holds(asked) is holds


def test_stack_without_given_lock_keeps_its_own(stack: Stack) -> None:
    stack.stamp(given=b"")
    assert stack.holds(LOCK)
    assert not stack.holds(block("6.1.0", "h1:mac"))
    assert not stack.holds(b"")


def test_a_stack_without_providers_has_no_lock(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    (stack.directory / LOCK_FILE).unlink()
    stack.stamp(given=b"")
    assert stack.holds(b"")
    assert stack.holds(LOCK)


def test_file_with_same_timestamp_is_still_hashed(stack: Stack) -> None:
    """Code is small: it is hashed, and not looked at from outside."""
    file = stack.directory / "../.code/modules/web/main.tf"
    status = file.stat()
    stack.write("../.code/modules/web/main.tf", file.read_text().replace("acme", "emca"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not stack.holds()
