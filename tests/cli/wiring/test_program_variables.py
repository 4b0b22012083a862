"""Which variables programs of the tree get, and every place that starts a process."""

import ast
from pathlib import Path

import pytest

import envctl
from envctl.cli.wiring.job import ProgramVariables
from envctl.domain.ci.job import Job

VARIABLES = {"GITHUB_TOKEN": "token", "AWS_ACCESS_KEY_ID": "AKIA", "PATH": "/nowhere"}
SOURCE = Path(envctl.__file__).parent
STARTERS = {"Popen", "run", "call", "check_call", "check_output", "execve", "execv", "posix_spawn", "system", "popen"}
# Each place that starts a process, with the program's origin and what it gets.
PLACES = {
    "adapters/aws/credentials/bounded_session.py": "credential_process of the machine's AWS configuration: everything",
    "adapters/checks/process.py": "[checks] and [cost] of the tree: no credentials",
    "adapters/kubernetes/exec_plugin.py": "plugin of the machine's own kubeconfig: everything",
    "adapters/kubernetes/rendering/tools.py": "kubectl and helm, which render without a network: no credentials",
    "adapters/local/git_commands.py": "git, with hooks of the tree: no credentials",
    "adapters/local/program.py": "the command of `envctl exec`, named by its user: everything",
    "adapters/registry/login.py": "credential helper of the machine's own docker configuration: everything",
    "adapters/terraform/packages/signature.py": "gpgv of the machine, with a PATH alone: no credentials",
    "adapters/sandbox/launch.py": "envctl's own server: no credentials",
    "adapters/terraform/warm/keeper.py": "providers of the tree, with the variables of their Terraform",
    "adapters/terraform/warm/provider_process.py": "the keeper of such a provider: no forge tokens",
    "adapters/terraform/process/process.py": "Terraform, with providers and provisioners of the tree: no forge tokens",
}


def withheld(job: Job, *named: str) -> tuple[ProgramVariables, list[str]]:
    said: list[str] = []
    return ProgramVariables(lambda: job, lambda: named, said.append), said


def test_named_variables_pass_on_the_branch() -> None:
    for job in (Job(), Job("github"), Job("gitlab")):
        found, said = withheld(job, "GITHUB_TOKEN")
        assert found.withhold_credentials(VARIABLES) == ("AWS_ACCESS_KEY_ID",)
        assert found.withhold_tokens(VARIABLES) == ()
        assert said == []


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_names_of_a_request_are_ignored(host: str) -> None:
    found, said = withheld(Job(host, is_request=True), "GITHUB_TOKEN")  # type: ignore[arg-type]
    assert found.withhold_credentials(VARIABLES) == ("AWS_ACCESS_KEY_ID", "GITHUB_TOKEN")
    assert found.withhold_tokens(VARIABLES) == ("GITHUB_TOKEN",)
    assert said == [
        "program_variables in [ci] is ignored in this job (GITHUB_TOKEN): the branch of the request wrote envctl.toml"
    ]


def test_project_file_is_read_only_with_credentials() -> None:
    def fail() -> tuple[str, ...]:
        raise AssertionError

    found = ProgramVariables(Job, fail, print)
    assert found.withhold_credentials({"PATH": "/nowhere"}) == ()
    assert found.withhold_tokens({"PATH": "/nowhere", "AWS_ACCESS_KEY_ID": "AKIA"}) == ()


def test_every_started_process_is_decided() -> None:
    found = set()
    for file in SOURCE.rglob("*.py"):
        if "templates" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                owner = node.value.id
                if owner in {"subprocess", "os", "asyncio", "pty"} and (
                    node.attr in STARTERS or node.attr.startswith(("spawn", "create_subprocess"))
                ):
                    found.add(file.relative_to(SOURCE).as_posix())
    # These name the type of a process alone.
    found -= {
        "adapters/terraform/process/output_lines.py",
    }
    assert found == set(PLACES)
