"""A module, a check and a price program that say the secrets which they are given: none gets any further."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
import typer

from envctl.cli.app import build_app
from tests.by_day import keep_by_day
from tests.e2e.conftest import BASE, CommandResult, Project
from tests.e2e.secrets.leaking import (
    CHECKS,
    LEAKY,
    build_key_part,
    build_secret,
    find_leaking_files,
    find_leaks,
    read_output,
    write_settings,
)

pytestmark = pytest.mark.terraform

# Of every command how it is run here. None of these needs AWS, a forge or a person.
WORDS: dict[str, list[list[str]]] = {
    "init": [],
    "bootstrap": [],
    "doctor": [["doctor"]],
    "plan": [["plan", "dev"], ["plan", "dev", "--explain"], ["plan", "dev", "--cost"]],
    "preview": [["preview"]],
    "apply": [["apply", "dev", "--dry-run"]],
    "verify": [["verify", "dev"]],
    "promote": [["promote", "dev", "staging", "--yes"]],
    "approve": [["approve", "prod", "--gate", "peer", "--yes"]],
    "approval list": [["approval", "list"]],
    "approval show": [["approval", "show", "1"]],
    "why": [["why", "prod", "--plan"], ["why", "staging"]],
    "rules": [
        ["rules", "dev"],
        ["rules", "reset", "staging", "--reason", "they left"],
        ["rules", "staging"],
        ["rules", "reset", "staging", "--withdraw"],
    ],
    "status": [["status"]],
    "history": [["history"]],
    "explain": [["explain", "E305"]],
    "releases": [["releases"]],
    "release show": [["release", "show", "RELEASE"]],
    "diff": [["diff", "dev", "staging", "--all"], ["diff", "dev", "staging", "--patch"]],
    "report": [["report", "--output", "page.html"]],
    "drift": [["drift", "prod"], ["drift", "dev", "--pending"]],
    "matrix": [["matrix", "plan"]],
    "collect": [["collect"]],
    "rollback": [["rollback", "dev", "--yes"]],
    "lock": [["lock", "dev", "--reason", "a rest"]],
    "unlock": [["unlock", "dev"]],
    "recover": [["recover", "dev"]],
    "destroy": [["destroy", "dev", "--dry-run"]],
    "validate": [["validate"]],
    "images pin": [["images", "pin"]],
    "fmt": [["fmt", "--check"]],
    "settings": [["settings", "dev"]],
    "output": [["output", "dev"], ["output", "dev", "open"], ["output", "dev", "secret"]],
    "exec": [["exec", "dev", "--", "true"]],
    "render": [["render", "dev"]],
    "eject": [["eject", "plain", "dev"]],
    "lock-providers": [],
    "terraform pin": [["terraform", "pin", "1.15.5", "--from", "/nowhere"]],
    "terraform install": [["terraform", "install"]],
    "completion": [["completion", "bash"]],
    "schema": [["schema"]],
    "secrets list": [["secrets", "list", "dev"]],
    "secrets check": [["secrets", "check"]],
    "secrets set": [["secrets", "set", "dev", "name"]],
    "waive": [["waive", "dev", "--guard", "lock", "--reason", "it burns"]],
    "review": [["review", "dev", "--waiver", "1"]],
    "ledger verify": [["ledger", "verify"]],
    "ledger keys": [["ledger", "keys"]],
    "ledger sign": [["ledger", "sign", "--through", "1"]],
    "ledger export": [["ledger", "export"], ["ledger", "export", "--entries"]],
    "ci github": [["ci", "github"]],
    "ci gitlab": [["ci", "gitlab"]],
    "ci codebuild": [["ci", "codebuild"]],
    "sandbox up": [],
    "sandbox status": [["sandbox", "status"]],
    "sandbox down": [],
}

# What a forge shows of them is a form of its own.
MARKDOWN = {"plan", "preview", "why", "status", "history", "diff", "drift", "settings", "verify", "destroy"}


@pytest.fixture
def leaky(small: Project) -> Project:
    small.write("modules/base/main.tf", BASE)
    small.write("modules/top/main.tf", LEAKY)
    (small.root / "tmp").mkdir()
    for environment in ("dev", "staging", "prod"):
        write_settings(small, environment, "one")
    package = f'\n[ci]\npackage = "git+https://git.example.com/acme/envctl@{"a" * 40}"\n'
    small.write("envctl.toml", (small.root / "envctl.toml").read_text() + package)
    return small


def in_github(project: Project) -> dict[str, str]:
    files = {name: str(project.root / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "ENVCTL_DOTENV")}
    return {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(project.root), **files}


def in_extra(project: Project, extra: Mapping[str, str]) -> Project:
    return replace(project, extra={**project.extra, **extra})


def run_in_all_ways(project: Project, *words: str) -> list[CommandResult]:
    project = in_extra(project, {"TMPDIR": str(project.root / "tmp")})
    github = in_extra(project, in_github(project))
    verdicts = ("--junit", "junit.xml", "--sarif", "found.sarif")
    return [
        project.run(*words, "--debug", "--trace", "trace.json", FORCE_COLOR="1", COLUMNS="60"),
        github.run(*words, "--json", *verdicts),
        project.run(*words, "--markdown", *verdicts),
        project.run(*words, GITLAB_CI="true"),
    ]


def demand_nothing_leaked(project: Project, *said: CommandResult) -> None:
    for ran in said:
        assert find_leaks(read_output(ran)) == [], read_output(ran)
    assert find_leaking_files(project.root, project.home) == {}


@pytest.mark.parametrize("fail", keep_by_day(["precondition", "program", "output"], "program"))
def test_secrets_printed_by_terraform_are_redacted(leaky: Project, fail: str) -> None:
    write_settings(leaky, "dev", "one", fail=fail)
    said = run_in_all_ways(leaky, "apply", "dev", "--yes")
    assert [ran.code for ran in said] == [1] * 4
    # It was said, and so could have been found.
    assert all("(sensitive)" in read_output(ran) for ran in said)
    assert "E305" in (leaky.root / "GITHUB_OUTPUT").read_text()
    demand_nothing_leaked(leaky, *said, leaky.run("history"), leaky.run("status"), leaky.run("history", "--json"))


@pytest.mark.night
def test_a_warning_is_redacted(leaky: Project) -> None:
    leaky.run_checked("apply", "dev", "--yes")
    write_settings(leaky, "dev", "one", fail="warning")
    said = run_in_all_ways(leaky, "plan", "dev")
    assert "Check block assertion failed" in read_output(said[1])
    assert find_leaks(leaky.run("plan", "dev", "--json", TF_LOG="trace").out) == []
    demand_nothing_leaked(leaky, *said)


def test_secrets_printed_by_checks_and_programs_are_redacted(leaky: Project) -> None:
    leaky.write("envctl.toml", (leaky.root / "envctl.toml").read_text() + CHECKS)
    leaky.write("said.txt", f"key {build_key_part('dev', 'one')} of {build_secret('dev', 'one')}\n")
    said = run_in_all_ways(leaky, "apply", "dev", "--yes")
    assert {ran.code for ran in said} == {1}
    assert "(sensitive)" in read_output(said[0])
    demand_nothing_leaked(leaky, *said, *run_in_all_ways(leaky, "plan", "dev", "--cost"))


def test_every_command_is_tried() -> None:
    found = set(_names(typer.main.get_command(build_app())))
    assert found == set(WORDS)


def _names(command: object, path: tuple[str, ...] = ()) -> list[str]:
    below = getattr(command, "commands", {})
    return [name for key, each in below.items() for name in _names(each, (*path, key))] or [" ".join(path)]


def test_no_command_prints_writes_or_stores_a_secret(leaky: Project) -> None:
    said = [leaky.run_checked("apply", "dev", "--yes"), leaky.run_checked("promote", "dev", "staging", "--yes")]
    approve = ("approve", "prod", "--gate", "peer", "--unseen", "top", "--yes")
    said.append(leaky.run_checked(*approve, GIT_AUTHOR_EMAIL="bob@example.com"))
    said.append(leaky.run_checked("promote", "staging", "prod", "--yes", "--markdown"))
    # What an output holds that nothing marks is known by the settings that it came from.
    for words in WORDS["output"]:
        said += [leaky.run(*words, *form) for form in ((), ("--json",))]
    for environment in ("dev", "staging", "prod"):
        write_settings(leaky, environment, "two")
    github = in_github(leaky) | {"TMPDIR": str(leaky.root / "tmp")}
    release = leaky.run_checked("releases", "--json").document["result"]["releases"][0]["release"]["release"]
    for name, every in WORDS.items():
        for known in every if name != "output" else ():
            words = [release if word == "RELEASE" else word for word in known]
            said += [leaky.run(*words), in_extra(leaky, github).run(*words[:1], "--json", *words[1:])]
        if every and name in MARKDOWN:
            said.append(leaky.run(*every[0], "--markdown"))
    assert not [ran.err for ran in said if ran.code == 70]
    demand_nothing_leaked(leaky, *said)


@pytest.mark.night
def test_named_output_is_complete_or_refused(leaky: Project) -> None:
    leaky.run_checked("apply", "dev", "--yes")
    refused = leaky.run("output", "dev", "top.open", "--json")
    assert (refused.code, refused.codes) == (64, ["E487"])
    told = leaky.run_checked("output", "dev", "top.open", "--reveal")
    assert told.out == f"open {build_secret('dev', 'one')}\n"
    document = leaky.run_checked("output", "dev", "top.open", "--reveal", "--json").document
    assert document["result"]["value"] == f"open {build_secret('dev', 'one')}"
    assert leaky.run_checked("output", "dev", "top.held").out == "held by dev-name\n"


def test_secret_parts_are_masked_before_any_output(leaky: Project) -> None:
    ran = in_extra(leaky, in_github(leaky)).run("plan", "dev")
    lines = ran.err.splitlines()
    masked = [line.removeprefix("::add-mask::") for line in lines if line.startswith("::add-mask::")]
    assert {build_secret("dev", "one").replace("%", "%25"), build_key_part("dev", "one"), "dev-api-one-user"} <= set(
        masked
    )
    assert all(line.startswith("::add-mask::") for line in lines[: len(masked)])


def test_credentials_of_the_process_are_redacted(leaky: Project) -> None:
    token = "ghp_0123456789abcdefghijABCDEFGHIJ"
    write_settings(leaky, "dev", "one", fail=token)
    failing = LEAKY.replace('var.fail != "precondition"', f'var.fail != "{token}"')
    leaky.write("modules/top/main.tf", failing.replace("= local.said", '= "token ${var.fail}"'))
    ran = leaky.run("apply", "dev", "--yes", "--json", GITHUB_TOKEN=token)
    assert "token (sensitive)" in ran.out
    assert token not in ran.out + ran.err
