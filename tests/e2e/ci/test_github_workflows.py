"""The workflows that `envctl ci github` writes, run by `act` as GitHub would: a pull request, what was merged reaches
prod, and drift. On the real AWS provider, with a GitHub of the tests.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from envctl.domain.ci.pins import DOWNLOAD_ACTION, UPLOAD_ACTION
from tests import provider_start
from tests.adapters.forge.github_server import REPOSITORY, RUN, TOKEN, GithubServer, github
from tests.cli.ci.test_installation_in_jobs import make_wheel
from tests.cli.ci.test_pre_commit import git
from tests.e2e.conftest import Project
from tests.e2e.drift.test_drift import MODULE, TOML, find_topics
from tests.programs import SYSTEM_PATH

pytestmark = [pytest.mark.terraform, pytest.mark.slow, pytest.mark.night]

PROGRAMS = Path(sys.executable).parent
# What jobs install: a package that starts the envctl of these tests. Each job begins with a checkout of its own. What
# jobs share in earnest is AWS: here the sandbox stands for it, which lies in a folder. act alone says where GitHub is.
PACKAGE = """
import os, sys
os.path.lexists(".envctl") or os.symlink({shared!r}, ".envctl")
os.environ["GITHUB_API_URL"] = {url!r}
os.execv({python!r}, [{python!r}, {launcher!r}, *{options!r}, *sys.argv[1:]])
"""
# With the locks of these tests: the jobs reach no index.
LAUNCHER = """
from envctl.adapters.local.templates import PackagedTemplates
PackagedTemplates.load_locks = lambda self: {locks!r}
from envctl.__main__ import main
main()
"""


# In place of GitHub's artifacts: one job copies files into a folder, another one out of it.
ARTIFACT_ACTION = """
name: {name}
inputs:
  name: {{default: ""}}
  path: {{required: true}}
  archive: {{default: ""}}
  if-no-files-found: {{default: ""}}
  retention-days: {{default: ""}}
outputs:
  artifact-url:
    value: https://github.com/acme/shop/actions/runs/42/artifacts/1
runs:
  using: composite
  steps:
    - shell: bash
      run: {run}
      env:
        FILE: ${{{{ inputs.path }}}}
        NAME: ${{{{ inputs.name }}}}
"""
ACTIONS = {
    UPLOAD_ACTION: 'mkdir -p {folder} && cp "$FILE" {folder}/',
    DOWNLOAD_ACTION: 'mkdir -p "$FILE" && cp "{folder}/$NAME" "$FILE/"',
}


def write_actions(folder: Path) -> list[str]:
    """Return the options of act that put these actions in place of those with the same pins."""
    words = []
    for pinned, run in ACTIONS.items():
        name = pinned.partition(" #")[0]
        own = folder / "actions" / name.partition("@")[0]
        own.mkdir(parents=True, exist_ok=True)
        line = json.dumps(run.format(folder=folder / "artifacts"))
        (own / "action.yml").write_text(ARTIFACT_ACTION.format(name=own.name, run=line))
        words.append(f"--local-repository={name}={own}")
    return words


@dataclass
class Runner:
    """A repository whose workflows run on this machine, without containers."""

    project: Project
    forge: GithubServer
    folder: Path

    def run(self, event: str, workflow: str, **payload: object) -> str:
        """What was printed; every job has gone well."""
        done = self.ran(event, workflow, **payload)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def ran(self, event: str, workflow: str, **payload: object) -> "subprocess.CompletedProcess[str]":
        (self.folder / "event.json").write_text(json.dumps(payload))
        words = [
            event,
            "--workflows",
            f".github/workflows/envctl-{workflow}.yml",
            "--platform=ubuntu-24.04=-self-hosted",
            f"--cache-server-path={self.folder / 'cache'}",
            f"--eventpath={self.folder / 'event.json'}",
            "--actor=merger",
            f"--env=GITHUB_RUN_ID={RUN}",
            f"--env=GITHUB_API_URL={self.forge.url}",
            "--secret=GITHUB_TOKEN",
            *write_actions(self.folder),
        ]
        return subprocess.run(
            [PROGRAMS / "act", *words],
            cwd=self.project.root,
            env=self.project.build_environment(
                PATH=f"{PROGRAMS}:{SYSTEM_PATH}",
                GITHUB_TOKEN=TOKEN,
                PIP_NO_INDEX="1",
                PIP_FIND_LINKS=f"{self.folder / 'wheels'}",
                PIP_CONFIG_FILE=os.devnull,
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=500,
            check=False,
        )

    def pull_request(self) -> str:
        head = {"ref": "feature", "repo": {"full_name": REPOSITORY}, "sha": "c" * 40}
        told = {"number": 7, "head": head, "base": {"ref": "main"}}
        return self.run("pull_request", "plan", number=7, pull_request=told)

    def commit(self, message: str) -> None:
        git(self.project.root, "add", "--all")
        git(self.project.root, "commit", "--quiet", "--message", message)


def prepare_package(project: Project, folder: Path, url: str) -> None:
    """Make the package that the jobs install, and name it in the project file."""
    wheels = folder / "wheels"
    wheels.mkdir()
    tool, needed = (make_wheel(wheels, name, {f"{name}.py": ""}) for name in ("tool", "needed"))
    locks = {
        "build": f"tool==1.0 \\\n    --hash=sha256:{tool}\n",
        "run": f"needed==1.0 \\\n    --hash=sha256:{needed}\n",
    }
    launcher = folder / "launch.py"
    launcher.write_text(LAUNCHER.format(locks=locks))
    shared, options = f"{project.root / '.envctl'}", provider_start.add_options([])
    main = PACKAGE.format(shared=shared, url=url, python=sys.executable, launcher=f"{launcher}", options=options)
    files = {"envctl/__init__.py": "", "envctl/__main__.py": main}
    digest = make_wheel(wheels, "envctl-promotion", files, "0.1.0")
    text = (project.root / "envctl.toml").read_text()
    # act does not know queues yet, like a GitHub of old.
    own = f'[ci]\npackage = "envctl-promotion==0.1.0#sha256={digest}"\n[ci.github]\nqueue = false\n'
    project.write("envctl.toml", f"{text}\n{own}")


@pytest.fixture
def runner(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Runner]:
    project = Project(tmp_path / "news", home)
    project.write("envctl.toml", TOML.replace("{approvals}", "{ peer = 1 }"))
    project.write("modules/news/main.tf", MODULE)
    project.write(".gitignore", ".envctl\n")
    shared = project.root / ".envctl"
    (shared / "sandbox").mkdir(parents=True)
    (shared / "sandbox" / "mirror").symlink_to(unpacked_provider)
    git(project.root, "init", "--quiet", "--initial-branch=main")
    git(project.root, "remote", "add", "origin", f"https://github.com/{REPOSITORY}.git")
    with github() as forge:
        prepare_package(project, tmp_path, forge.url)
        # act stops with a job whatever the job has started.
        project.run_checked("sandbox", "up")
        words = [sys.executable, f"{tmp_path / 'launch.py'}", "--sandbox", "ci", "github"]
        subprocess.run(words, cwd=project.root, env=project.build_environment(), check=True, timeout=120)
        it = Runner(project, forge, tmp_path)
        it.commit("news")
        yield it
    project.run("sandbox", "down")


def test_workflows_lead_from_pull_request_to_drift(runner: Runner) -> None:
    project, forge = runner.project, runner.forge

    runner.pull_request()
    assert len(forge.comments) == 1
    assert "dev" in forge.comments[0]["body"]
    assert "Code of this branch made this text" in forge.comments[0]["body"]
    first = forge.comments[0]["body"]

    # Merged. Nobody has let the job for prod begin: the gate holds, and staging has it. Nothing failed.
    done = runner.run("push", "deploy")
    assert "G106" in done
    assert "prod waits; nothing failed" in done
    assert [len(find_topics(project, each)[1]) for each in ("staging", "prod")] == [1, 0]

    forge.add_review("octocat", "prod", later=True)
    runner.run("push", "deploy")
    told = project.run_checked("--sandbox", "--json", "history", "prod").document["result"]["entries"]
    assert [each["event"]["reviewer"] for each in told if each["event"]["kind"] == "approval given"] == ["octocat"]
    assert len(find_topics(project, "prod")[1]) == 1
    everywhere = project.run_checked("--sandbox", "--json", "status").document["result"]["environments"]
    assert len({each["present"]["current"]["release"] for each in everywhere}) == 1

    # The next pull request: the same comment, written anew.
    project.write("modules/news/main.tf", MODULE.replace("calm", "calmer"))
    runner.commit("calmer")
    runner.pull_request()
    assert len(forge.comments) == 1
    assert forge.comments[0]["body"] != first
    assert "display_name" in forge.comments[0]["body"]

    # By night: clean, then not, then clean again.
    runner.run("schedule", "drift")
    assert forge.issues == []
    there, (topic,) = find_topics(project, "prod")
    there.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="loud")
    found = runner.ran("schedule", "drift")
    assert found.returncode == 1, found.stdout
    assert forge.open_issues == ["Drift in prod"]
    there.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="calm")
    runner.run("schedule", "drift")
    assert forge.open_issues == []
