"""What the builds of module `pipeline` run, as their buildspec has it: from the first environment to the gates."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from envctl.adapters.terraform.process.binary import find_embedded
from tests import provider_start
from tests.e2e.ci.gitlab_runner import PYTHON
from tests.e2e.conftest import CommandResult, Project
from tests.programs import SYSTEM_PATH

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

MODULE = Path(__file__).parents[3] / "modules" / "pipeline"
VARIABLES = {
    "project": "small",
    "connection_arn": "arn:aws:codeconnections:ap-northeast-1:444444444444:connection/aea1f9a1",
    "repository": "acme/shop",
    "store_url": "s3://shop-envctl-store/shop",
    "environments": [
        {
            "name": "dev",
            "deployer_role_arn": "arn:aws:iam::111111111111:role/envctl-deployer",
            "look_role_arn": "arn:aws:iam::111111111111:role/envctl-look",
        }
    ],
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
        env={"HOME": os.fspath(tmp_path), "PATH": SYSTEM_PATH, "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = yaml.safe_load(json.loads(json.loads(done.stdout)))
    assert (document["env"]["shell"], document["env"]["exported-variables"]) == ("bash", ["release", "plan", "link"])
    assert document["phases"]["build"]["on-failure"] == "ABORT"
    return [command for phase in ("install", "build") for command in document["phases"][phase]["commands"]]


class Builds:
    """Of one project: the commands share a shell, and the first one that fails ends the build."""

    def __init__(self, project: Project, commands: list[str]) -> None:
        self._project = project
        # Builds have a machine of their own, and these tests have not.
        self._commands = [command.replace("/tmp/envctl", f"{project.home}/installed") for command in commands]
        self.log = project.home / "pip.log"
        programs = project.home / "bin"
        programs.mkdir()
        python = PYTHON.format(log=self.log, envctl=provider_start.format_program())
        for name, text in {"python3": python, "envctl": "#!/bin/sh\nexit 99\n"}.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        self._path = f"{programs}:{SYSTEM_PATH}"
        self.exported: dict[str, str] = {}

    def run(self, environment: str, task: str, **more: str) -> CommandResult:
        exported = self._project.home / "exported"
        exported.unlink(missing_ok=True)
        outcome = self._project.home / "outcome.env"
        outcome.unlink(missing_ok=True)
        script = "\n".join(["set -e", *self._commands, f'env > "{exported}"'])
        known = {
            "ENVIRONMENT": environment,
            "TASK": task,
            "ENVCTL_DOTENV": f"{outcome}",
            "CODEBUILD_BUILD_URL": "https://console.aws.amazon.com/codesuite/codebuild/projects/look",
        }
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
        lines = exported.read_text().splitlines() if exported.exists() else []
        found = dict(line.partition("=")[::2] for line in lines)
        self.exported = {name: found[name] for name in ("release", "plan", "link") if name in found}
        return CommandResult(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def builds(small: Project, commands: list[str]) -> Builds:
    text = (small.root / "envctl.toml").read_text()
    small.write("envctl.toml", f'{text}\n[ci]\npackage = "envctl-promotion==1.0#sha256={"a" * 64}"\n')
    small.run_checked("ci", "codebuild")
    return Builds(small, commands)


def test_release_passes_builds_until_a_refusal(builds: Builds) -> None:
    assert builds.run("dev", "apply").code == 0
    release = builds.exported["release"]
    assert len(release) == 64
    assert builds.run("staging", "promote", BEFORE="dev", RELEASE=release).code == 0
    assert builds.exported["release"] == release
    # The plan that a person reads before the button.
    assert builds.run("prod", "plan", RELEASE=release).code == 0
    assert len(builds.exported["plan"]) == 64
    assert builds.exported["link"].endswith("/look")
    # It lacks an approval. Nothing is handed on by a build that fails.
    refused = builds.run("prod", "promote", BEFORE="staging", RELEASE=release)
    assert (refused.code, builds.exported) == (4, {})
    assert "G106" in refused.out + refused.err
    # A run that has made no release promotes none.
    assert builds.run("staging", "promote", BEFORE="dev", RELEASE="").code == 64
    assert builds.run("staging", "drift").code == 0
    assert builds.run("staging", "destroy").code == 1


@pytest.mark.night
def test_build_installs_by_hash_and_trusts_no_other_envctl(builds: Builds) -> None:
    builds.run("dev", "apply")
    calls = builds.log.read_text().splitlines()
    assert len(calls) == 3
    assert all("--require-hashes" in call and "--no-deps" in call for call in calls)
