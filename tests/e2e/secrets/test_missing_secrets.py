"""A promotion whose secrets are missing is refused before anything happens, and goes on once they are there."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from tests.e2e.conftest import ACCOUNTS, LOCAL_PROJECT, REGION, Project

pytestmark = [pytest.mark.sandbox, pytest.mark.terraform, pytest.mark.slow]
VALUE = "planted-never-to-be-seen"
ASKING = """
variable "db_secret_name" { type = string }
variable "key_parameters" { type = list(string) }
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    server = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield server.start()
    server.stop()


@pytest.fixture
def asking(small: Project, sandbox: RunningSandbox) -> Project:
    """Nothing in it says `sandbox`: to it, that is AWS."""
    text = LOCAL_PROJECT
    for name, account in ACCOUNTS.items():
        role = f"arn:aws:iam::{account}:role/envctl-deployer"
        keys = f'account_id = "{account}"\nregion = "{REGION}"\nassume_role = "{role}"\n'
        text = text.replace(f"[environments.{name}]\n", f"[environments.{name}]\n{keys}")
        settings = small.root / "environments" / name / "terraform.tfvars"
        named = f'db_secret_name = "shop/db"\nkey_parameters = ["/shop/{name}/a", "/shop/{name}/b"]\n'
        settings.write_text(settings.read_text() + named)
    small.write("envctl.toml", text + '\n[secrets]\nsecretsmanager = ["*_secret_name"]\nssm = ["*_parameters"]\n')
    base = small.root / "modules" / "base" / "main.tf"
    base.write_text(base.read_text() + ASKING)
    return replace(small, extra=sandbox.build_child_variables())


def put(project: Project, environment: str, name: str) -> None:
    """As a script does: the value comes on standard input."""
    done = subprocess.run(
        project.build_command("secrets", "set", environment, name, "--yes"),
        cwd=project.root,
        env=project.build_environment(),
        input=VALUE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert VALUE not in done.stdout + done.stderr


def test_missing_secrets_are_listed_and_promotion_continues_later(asking: Project) -> None:
    for name in ("shop/db", "/shop/dev/a", "/shop/dev/b"):
        put(asking, "dev", name)
    asking.run_checked("apply", "dev", "--yes")

    refused = asking.run("promote", "dev", "staging", "--yes", "--json")
    assert (refused.code, refused.codes) == (3, ["G202", "E440", "E440", "E440"])
    hints = [problem["hint"] for problem in refused.document["problems"][1:]]
    commands = [f"envctl secrets set staging {name}" for name in ("shop/db", "/shop/staging/a", "/shop/staging/b")]
    assert sorted(hints) == sorted(commands)
    assert asking.run("secrets", "check", "staging").code == 1
    assert not (asking.root / ".envctl" / "state" / "staging").exists()

    for command in commands:
        put(asking, "staging", command.split()[-1])
    assert asking.run("secrets", "check", "staging").code == 0
    promoted = asking.run_checked("promote", "dev", "staging", "--yes")
    written = [path.read_bytes() for path in asking.root.rglob("*") if path.is_file()]
    assert not any(VALUE.encode() in content for content in written)
    assert VALUE not in promoted.out + promoted.err + os.fspath(asking.root)
