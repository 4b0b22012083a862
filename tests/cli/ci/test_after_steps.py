"""The conditions of steps after envctl, as the runner `act` evaluates them: not as we read the documentation."""

import re
import subprocess
import sys
from pathlib import Path

from envctl.adapters.local.templates import PackagedTemplates
from envctl.domain.ci.github_workflow import render_github_workflows
from envctl.domain.ci.workflow_inputs import WorkflowInputs
from envctl.domain.config.ci.github import GithubCi
from envctl.domain.config.ci_package import PackageSource
from tests.programs import SYSTEM_PATH

RESULTS = ("done", "changes", "drift", "refused", "failed")
PACKAGE = PackageSource("git", "git+https://github.com/acme/envctl", "0123456789abcdef0123456789abcdef01234567")
# By the name of a job: what its step envctl writes, how the step ends, and the results.
ENDS = {
    "deployed": ("reason=done changes=true", 0, {"done", "changes"}),
    "unchanged": ("reason=done changes=false", 0, {"done"}),
    "drifted": ("reason=changes changes=true", 2, {"drift"}),
    "refused": ("reason=refused", 3, {"refused"}),
    "waits": ("'reason=refused for now'", 0, {"refused"}),
    "failed": ("reason=failed", 1, {"failed"}),
    "killed": ("", 137, {"failed"}),
}


def render_steps() -> str:
    """Return the lines of the steps after envctl in the job that operates prod, one step for each result."""
    after = [{"name": each, "run": f"echo told-{each}", "when": [each]} for each in RESULTS]
    github = GithubCi.model_validate({"after": after})
    site = WorkflowInputs(order=("prod",), folder="", region="ap-northeast-1", package=PACKAGE, github=github)
    files = render_github_workflows(PackagedTemplates().load_workflows("github"), site)
    text = files[".github/workflows/envctl-operate.yml"]
    return text[text.index("      - name: done\n") :]


def render_job(name: str, written: str, code: int) -> str:
    lines = [
        f"  {name}:",
        "    runs-on: ubuntu-24.04",
        "    steps:",
        "      - id: envctl",
        "        shell: bash",
        f'        run: for each in {written}; do echo "$each" >> "$GITHUB_OUTPUT"; done; exit {code}',
    ]
    return "\n".join(lines) + "\n" + render_steps()


def test_runner_runs_the_steps_of_each_result(tmp_path: Path) -> None:
    text = "on: push\njobs:\n" + "".join(render_job(name, *end[:2]) for name, end in ENDS.items())
    (tmp_path / "ends.yml").write_text(text)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True, timeout=30)
    done = subprocess.run(
        [Path(sys.executable).parent / "act", "push", "--workflows=ends.yml", "--platform=ubuntu-24.04=-self-hosted"],
        cwd=tmp_path,
        env={"PATH": SYSTEM_PATH, "HOME": f"{tmp_path}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )
    told = {name: set(re.findall(rf"\[ends\.yml/{name} *\].*told-(\w+)", done.stdout)) for name in ENDS}
    assert told == {name: results for name, (_, _, results) in ENDS.items()}, done.stdout
