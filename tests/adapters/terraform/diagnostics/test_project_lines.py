"""What Terraform says of a rendered root module names the line of the project file that it was made of."""

import json
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.terraform.diagnostics.failures import to_terraform_error
from envctl.adapters.terraform.process.json_events import Transcript, record_line
from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.toml import locate_rendered_key
from envctl.domain.config.project import Project
from envctl.domain.errors import Location, Problem
from envctl.domain.release.place.environment_place import resolve_place
from envctl.domain.release.rendering.root_module import render_root_module
from envctl.domain.release.wiring import Wiring
from envctl.domain.terraform.workdir_names import ROOT_MODULE_FILE
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project.working_tree import wire_stack

TOML = b"""
[environments.dev]
account_id = "111111111111"
region = "eu-west-1"
assume_role = "arn:aws:iam::111111111111:role/deployer"

[providers.aws]
max_retries = 5
ignore_tags = [
  { keys = ["a"] },
  { keys = [
    "b"] },
]

[providers.datadog]
source = "DataDog/datadog"
site = "eu"
"""
PLACES = {
    '"max_retries"': 8,
    '"ignore_tags"': 9,
    '"a"': 10,
    '"b"': 12,
    '"site"': 17,
    '"datadog": {\n      "site"': 15,
    '"allowed_account_ids"': 3,
    '"111111111111"': 3,
    '"assume_role"': 5,
    '"role_arn"': 5,
    '"region"': 4,
    '"aws": {\n      "allowed': 3,
    '"default_tags"': 7,
    '"managed_by"': 7,
}


def rendered(toml: bytes) -> str:
    import tomllib

    document = tomllib.loads(toml.decode())
    whole: dict[str, dict[str, Any]] = {
        "project": {"name": "shop"},
        "pipeline": {"order": ["dev"]},
        "stacks": {"web": {"module": "modules/web"}},
    }
    whole["stacks"]["web"] |= document.pop("stacks", {}).get("web", {})
    project = Project.model_validate({**whole, **document})
    wiring = Wiring(
        project="shop",
        terraform="",
        stacks={"web": wire_stack(project.stacks["web"])},
        artifacts={},
        schema={"web": ()},
        outputs={},
        providers=project.providers,
    )
    return render_root_module(wiring, "web", resolve_place(project, "dev"), {}).encode().decode()


def told(folder: Path, line: int, toml: bytes = TOML) -> Problem:
    (folder / ROOT_MODULE_FILE).write_text(rendered(toml))
    site = Site("dev", PreparedStack("web"), folder, locate=lambda *where: locate_rendered_key(toml, *where))
    transcript = Transcript()
    diagnostic = {"severity": "error", "summary": "x", "range": {"filename": ROOT_MODULE_FILE, "start": {"line": line}}}
    record_line(json.dumps({"type": "diagnostic", "diagnostic": diagnostic}), PreparedStack("web"), transcript)
    return to_terraform_error(ProcessResult(code=1, errors="", interrupted=False), transcript, site, "plan").problems[0]


@pytest.mark.parametrize(("text", "line"), PLACES.items())
def test_line_of_the_project_file_is_named(text: str, line: int, tmp_path: Path) -> None:
    main = rendered(TOML)
    assert text in main
    start = main.index('"provider"')
    at = main.count("\n", 0, main.index(text, start)) + 1
    assert told(tmp_path, at).location == Location("envctl.toml", line)


ALIASES = b"""
[environments.dev]
account_id = "111111111111"
region = "eu-west-1"

[environments.dev.providers."aws.us"]
max_retries = 5

[stacks.web.providers]
"aws.eu" = { region = "eu-west-3" }
"aws.us" = { region = "us-east-1", http_proxy = "x" }
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [('"eu-west-1"', 4), ('"eu-west-3"', 10), ('"us-east-1"', 11), ('"http_proxy"', 11), ('"max_retries"', 7)],
)
def test_line_of_an_alias_is_named(text: str, line: int, tmp_path: Path) -> None:
    main = rendered(ALIASES)
    at = main.count("\n", 0, main.index(text)) + 1
    assert told(tmp_path, at, ALIASES).location == Location("envctl.toml", line)


STATES = b"""
[environments.dev]

[state]
backend = "s3"
bucket = "states"

[stacks.web.state]
key = "old/{env}.tfstate"
acl = "private"
"""


@pytest.mark.parametrize(("text", "line"), [('"bucket"', 6), ('"key"', 9), ('"acl"', 10)])
def test_line_of_a_state_of_one_stack_is_named(text: str, line: int, tmp_path: Path) -> None:
    main = rendered(STATES)
    at = main.count("\n", 0, main.index(text)) + 1
    assert told(tmp_path, at, STATES).location == Location("envctl.toml", line)


def test_what_no_line_says_stays_where_it_is(tmp_path: Path) -> None:
    main = rendered(TOML)
    for text in ('"backend"', '"module"', '"source"'):
        at = main.count("\n", 0, main.index(text)) + 1
        assert told(tmp_path, at).location == Location(f"web/{ROOT_MODULE_FILE}", at)
    assert told(tmp_path, 10_000).location == Location(f"web/{ROOT_MODULE_FILE}", 10_000)


def test_root_module_that_is_gone_names_no_line(tmp_path: Path) -> None:
    site = Site("dev", PreparedStack("web"), tmp_path, locate=lambda *where: locate_rendered_key(TOML, *where))
    transcript = Transcript()
    diagnostic = {"severity": "error", "summary": "x", "range": {"filename": ROOT_MODULE_FILE, "start": {"line": 3}}}
    record_line(json.dumps({"type": "diagnostic", "diagnostic": diagnostic}), PreparedStack("web"), transcript)
    (problem,) = to_terraform_error(
        ProcessResult(code=1, errors="", interrupted=False), transcript, site, "apply"
    ).problems
    assert problem.location == Location(f"web/{ROOT_MODULE_FILE}", 3)


DENIED = "AccessDenied: Access Denied"


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        (
            "module.web.data.terraform_remote_state.net",
            "to read another stack, use [stacks.STACK] inputs in envctl.toml",
        ),
        ("module.web.module.n.data.terraform_remote_state.net", "to read another stack, use [stacks.STACK] inputs"),
        ("data.terraform_remote_state.network", "the role for the states of this environment may not read that state"),
        ("module.web.aws_vpc.this", "check assume_role of the environment"),
    ],
)
def test_denied_state_leads_to_inputs(address: str, hint: str) -> None:
    transcript = Transcript()
    diagnostic = {"severity": "error", "summary": "Error loading state", "detail": DENIED, "address": address}
    record_line(json.dumps({"type": "diagnostic", "diagnostic": diagnostic}), PreparedStack("web"), transcript)
    site = Site("dev", PreparedStack("web"), Path("/nowhere/dev/web"))
    (problem,) = to_terraform_error(
        ProcessResult(code=1, errors="", interrupted=False), transcript, site, "plan"
    ).problems
    assert problem.code == "E326"
    assert hint in problem.hint
