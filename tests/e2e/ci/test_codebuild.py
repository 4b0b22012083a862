"""What the builds of module `pipeline` run, as their buildspec has it: from the first environment to the gates."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from envctl.adapters.terraform.process.binary import find_embedded
from tests.e2e.conftest import CommandResult, Project

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

MODULE = Path(__file__).parents[3] / "modules" / "pipeline"
VARIABLES = {
    "project": "small",
    "connection_arn": "arn:aws:codeconnections:ap-northeast-1:444444444444:connection/aea1f9a1",
    "repository": "acme/shop",
    "store_url": "s3://shop-envctl-store/shop",
    "envctl_package": "envctl-promotion[embedded] @ git+https://github.com/acme/envctl@1f0e3dad99908345f7439f8ffabdffc4c9e8f5a1",
    "environments": [{"name": "dev", "deployer_role_arn": "arn:aws:iam::111111111111:role/envctl-deployer"}],
}


@pytest.fixture
def commands(tmp_path: Path) -> list[str]:
    """Of a whole build, as Terraform writes them."""
    folder = tmp_path / "module"
    folder.mkdir()
    for name in ("variables.tf", "buildspec.tf"):
        shutil.copy(MODULE / name, folder)
    (folder / "terraform.tfvars.json").write_text(json.dumps(VARIABLES))
    done = subprocess.run(
        [*find_embedded(), "console"],
        input="jsonencode(local.buildspec)\n",
        cwd=folder,
        env={"HOME": os.fspath(tmp_path), "PATH": "/usr/bin:/bin", "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = yaml.safe_load(json.loads(json.loads(done.stdout)))
    assert (document["env"]["shell"], document["env"]["exported-variables"]) == ("bash", ["release"])
    assert document["phases"]["build"]["on-failure"] == "ABORT"
    return [command for phase in ("install", "build") for command in document["phases"][phase]["commands"]]


class Builds:
    """Of one project: the commands share a shell, and the first one that fails ends the build."""

    def __init__(self, project: Project, commands: list[str]) -> None:
        self._project = project
        self._commands = commands
        programs = project.home / "bin"
        programs.mkdir()
        (programs / "envctl").write_text(f'#!/bin/sh\nexec {sys.executable} -m envctl "$@"\n')
        (programs / "envctl").chmod(0o755)
        self._path = f"{programs}:/usr/bin:/bin"
        self.exported = ""

    def run(self, environment: str, task: str, **more: str) -> CommandResult:
        exported = self._project.home / "exported"
        exported.unlink(missing_ok=True)
        script = "\n".join(["set -e", *self._commands, f'printenv release > "{exported}"'])
        known = {"ENVIRONMENT": environment, "TASK": task, "ENVCTL_DOTENV": f"{self._project.home / 'outcome.env'}"}
        done = subprocess.run(
            ["bash"],
            input=script,
            cwd=self._project.root,
            env=self._project.build_environment(**known, **more) | {"PATH": self._path},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        self.exported = exported.read_text().strip() if exported.exists() else ""
        return CommandResult(done.returncode, done.stdout, done.stderr)


def test_release_passes_builds_until_a_refusal(small: Project, commands: list[str]) -> None:
    builds = Builds(small, commands)
    assert builds.run("dev", "apply").code == 0
    release = builds.exported
    assert len(release) == 64
    assert builds.run("staging", "promote", BEFORE="dev", RELEASE=release).code == 0
    assert builds.exported == release
    # It lacks an approval. Nothing is handed on by a build that fails.
    refused = builds.run("prod", "promote", BEFORE="staging", RELEASE=release)
    assert (refused.code, builds.exported) == (4, "")
    assert "G106" in refused.out + refused.err
    # A run that has made no release promotes none.
    assert builds.run("staging", "promote", BEFORE="dev", RELEASE="").code == 64
    assert builds.run("staging", "drift").code == 0
    assert builds.run("staging", "destroy").code == 1
