"""The first promotion into an empty prod, by one person in all roles, who types what the screen says and nothing else.

Real Terraform: its built-in provider by day; by night the templates, in the embedded sandbox.
"""

import html
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import pytest

from envctl.adapters.kubernetes.rendering.tools import KUBECTL, find_tool
from tests.by_day import keep_by_day
from tests.e2e.conftest import CommandResult, Project, run_in_sandbox
from tests.e2e.project_text import OPEN, PEER, render_project
from tests.programs import SYSTEM_PATH

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(3600)]

STACKS = {"a": "", "b": 'inputs = { of = "a.made" }', "c": 'inputs = { of = "b.made" }'}
TOML = render_project("chain", STACKS, gates={"staging": OPEN, "prod": PEER})
MODULE = """
variable "of" {
  type    = string
  default = ""
}

resource "terraform_data" "this" {
  input = "made after ${var.of}"
}

output "made" {
  value = terraform_data.this.id
}
"""
BOB = "bob@example.com"
COMMAND = re.compile(r"(?:next|hint): (?:ask another person: )?envctl (.*)")
LISTED = re.compile(r"^  envctl (.*?)(?:  |$)", re.MULTILINE)
COUNT = re.compile(r"\b(peer|business|quality) (\d/\d)")
HOUR = 3600.0


def write_chain(root: Path, home: Path) -> Project:
    project = Project(root, home)
    project.write("envctl.toml", TOML)
    for name in STACKS:
        project.write(f"modules/{name}/main.tf", MODULE)
    for environment in ("dev", "staging", "prod"):
        project.write(f"environments/{environment}/terraform.tfvars", "")
    return project


@pytest.fixture
def chain(tmp_path: Path, home: Path) -> Project:
    project = write_chain(tmp_path / "chain", home)
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("promote", "dev", "staging", "--yes")
    return project


def screen(ran: CommandResult) -> str:
    return f"{ran.out}{ran.err}"


def holds(project: Project) -> list[str]:
    """The stacks of prod that were ever applied."""
    found: list[str] = project.run_checked("status", "--json").document["result"]["environments"][2]["present"][
        "stacks"
    ]
    return found


def test_prod_is_never_half_deployed(chain: Project) -> None:
    refused = chain.run("promote", "staging", "prod", "--yes")
    assert refused.code == 4
    # An approver who leaves out what the screen names.
    chain.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL=BOB)
    partial = chain.run("promote", "staging", "prod", "--yes")
    assert (partial.code, holds(chain)) == (4, [])
    assert "G113 partial" in screen(partial)

    pages = [partial, chain.run("why", "prod"), chain.run("status")]
    told = {command for page in pages for command in COMMAND.findall(screen(page))}
    assert told == {"approve prod --gate peer --unseen b,c"}
    assert "b and c: left out of an approval" in pages[1].out
    approved = chain.run_checked(*told.pop().split(), "--yes", GIT_AUTHOR_EMAIL=BOB)
    assert "All approvals of prod are given for this release." in approved.out
    assert COMMAND.findall(approved.out) == ["promote staging prod"]
    chain.run_checked("promote", "staging", "prod", "--yes")
    assert holds(chain) == ["a", "b", "c"]
    assert chain.run("plan", "prod", "--detailed-exitcode").code == 0


@contextmanager
def open_chain(folder: Path, home: Path, provider: Callable[[], Path]) -> Iterator[tuple[Project, list[str]]]:
    """A project with the commands to begin with."""
    yield write_chain(folder / "chain", home), ["apply dev"]


@contextmanager
def open_template(
    name: str, folder: Path, home: Path, provider: Callable[[], Path]
) -> Iterator[tuple[Project, list[str]]]:
    begun = Project(folder, home).run_checked("init", "shop", "--template", name)
    kubectl = find_tool(KUBECTL)
    extra = {"ENVCTL_KUBECTL": kubectl, "PATH": f"{Path(kubectl).parent}:{SYSTEM_PATH}"}
    project = Project(folder / "shop", home, extra)
    with run_in_sandbox(project, provider()):
        # The last one is what the screen of the one before says, too.
        yield project, LISTED.findall(begun.out)[:-1]


ROWS = {
    "stacks in a chain": open_chain,
    "the template ecs": partial(open_template, "ecs"),
    "the template eks": partial(open_template, "eks"),
    "the template platform": partial(open_template, "platform"),
}


def type_command(project: Project, command: str) -> CommandResult:
    """Type a command, with the answer yes: an approval as somebody else for each gate."""
    gate = command.partition("--gate ")[2].partition(" ")[0]
    yes = () if "validate" in command else ("--yes",)
    author = f"{gate}@example.com" if gate else "ann@example.com"
    return project.run_checked(*command.split(), *yes, timeout=HOUR, GIT_AUTHOR_EMAIL=author)


def check_pages(project: Project, command: str, approved: str) -> None:
    """All pages say the same command, and the same of each gate; those of an approver, too."""
    flags = ("--sandbox",) if "--sandbox" in command else ()
    status, why = project.run_checked(*flags, "status").out, project.run_checked(*flags, "why", "prod").out
    markdown = project.run_checked(*flags, "why", "prod", "--markdown").out
    project.run_checked(*flags, "report")
    report = html.unescape((project.root / "report.html").read_text())
    of_approver = project.run_checked(*flags, "why", "prod", GIT_AUTHOR_EMAIL="peer@example.com").out
    assert LISTED.findall(status)[0] == command
    assert COMMAND.findall(why)[-1] == command
    assert f"```sh\nenvctl {command}\n```" in markdown
    assert command in report
    counts = dict(COUNT.findall(why))
    assert dict(COUNT.findall(status)) == dict(COUNT.findall(of_approver)) == counts != {}
    if approved:
        assert dict(COUNT.findall(approved)) == counts
    for gate, count in counts.items():
        assert f"| {gate} | {count.replace('/', ' of ')} |" in markdown
    if "--gate" in command:
        for who in ("ann@example.com", "peer@example.com"):
            refused = project.run(*flags, "promote", "staging", "prod", "--yes", GIT_AUTHOR_EMAIL=who)
            assert refused.code == 4
            assert set(COMMAND.findall(screen(refused))) == {command}
        assert set(COMMAND.findall(of_approver)) == {command}


@pytest.mark.parametrize("opened", keep_by_day(ROWS, "stacks in a chain"))
def test_what_the_screen_says_leads_to_prod(
    opened: Callable[..., AbstractContextManager[tuple[Project, list[str]]]],
    tmp_path: Path,
    home: Path,
    request: pytest.FixtureRequest,
) -> None:
    with opened(tmp_path, home, lambda: request.getfixturevalue("unpacked_provider")) as (project, first):
        typed, commands = list[str](), list(first)
        while commands:
            typed.append(command := commands.pop(0))
            shown = screen(type_command(project, command))
            if commands:
                continue
            commands = COMMAND.findall(shown)[-1:]
            if commands and "prod" in commands[0]:
                check_pages(project, commands[0], shown if "approve" in command else "")
        gates = [each for each in typed if "--gate" in each]
        assert len(gates) == len({each.partition("--gate ")[2].split()[0] for each in gates})
        assert [each for each in typed if each.endswith("staging prod")] == typed[-1:]
        flags = ("--sandbox",) if "--sandbox" in typed[-1] else ()
        done = project.run(*flags, "plan", "prod", "--detailed-exitcode", timeout=HOUR)
        assert done.code == 0, screen(done)
