"""A promotion whose secrets are missing is refused before anything happens, and goes on once they are there."""

import os
import subprocess
from dataclasses import replace

import pytest

from envctl.adapters.sandbox.lifecycle import RunningSandbox
from tests.e2e.conftest import ACCOUNTS, Project
from tests.e2e.project_text import OPEN, PEER, render_project

pytestmark = [pytest.mark.sandbox, pytest.mark.terraform, pytest.mark.slow]
TOML = render_project(
    "small",
    {"base": "", "top": 'inputs = { base = "base.name" }'},
    on_aws=True,
    gates={"staging": OPEN, "prod": PEER},
    more='[secrets]\nsecretsmanager = ["*_secret_name"]\nssm = ["*_parameters"]\n',
)
VALUE = "planted-never-to-be-seen"
ASKING = """
variable "db_secret_name" { type = string }
variable "key_parameters" { type = list(string) }
"""


@pytest.fixture
def asking(small: Project, sandbox: RunningSandbox) -> Project:
    """Nothing in it says `sandbox`: to it, that is AWS."""
    for name in ACCOUNTS:
        settings = small.root / "environments" / name / "terraform.tfvars"
        named = f'db_secret_name = "shop/db"\nkey_parameters = ["/shop/{name}/a", "/shop/{name}/b"]\n'
        settings.write_text(settings.read_text() + named)
    small.write("envctl.toml", TOML)
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


@pytest.mark.night
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
    written = [path.read_bytes() for path in asking.list_files()]
    assert not any(VALUE.encode() in content for content in written)
    assert VALUE not in promoted.out + promoted.err + os.fspath(asking.root)
