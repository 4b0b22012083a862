"""What Terraform reads from its environment: every name of its source has a verdict, and no flag slips through."""

import json
import os
import pwd
from pathlib import Path

import pytest

from envctl.adapters.terraform.environment import variables
from envctl.adapters.terraform.environment.environment_filter import EnvironmentFilter, resolve_config_paths
from envctl.adapters.terraform.environment.flags import check_flags
from envctl.adapters.terraform.environment.provider_overrides import find_overrides, require_overrides_found
from envctl.adapters.terraform.environment.stray_files import WORKSPACE_FILE, remove_stray_files
from envctl.domain.errors import ConfigurationError, UsageError
from envctl.domain.terraform.workdir_names import ROOT_MODULE_FILE
from envctl.usecases.ports.terraform import UnpinnedProvider

READ = json.loads(Path(__file__).with_name("read_by_terraform.json").read_text())
PROGRAMS = ("terraform", "opentofu")
NAMES = sorted({name for program in PROGRAMS for name in READ[program]["variables"]})
FLAGS = sorted(
    {(command, flag) for program in PROGRAMS for command, flags in READ[program]["flags"].items() for flag in flags}
)
# Written out here once more: a flag that is let through is let through on purpose, in two places.
HARMLESS = {
    "parallelism": "2",
    "lock-timeout": "5s",
    "compact-warnings": "true",
    "no-color": "true",
    "consolidate-warnings": "false",
    "consolidate-errors": "true",
}
KNOWING = {"lock-timeout": {"apply", "init", "plan"}}
# What would change a plan, an apply or where the state is: nothing of it may ever pass.
NEVER = (
    "TF_VAR_region",
    "TF_WORKSPACE",
    "TF_DATA_DIR",
    "TF_INPUT",
    "TF_FORCE_LOCAL_BACKEND",
    "TF_HTTP_ADDRESS",
    "TF_WARN_OUTPUT_ERRORS",
    "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE",
    "TF_AWS_DEFAULT_TAGS_team",
    "TF_OF_TOMORROW",
    "TOFU_OF_TOMORROW",
    "OPENTOFU_OF_TOMORROW",
)
ALWAYS = ("PATH", "HOME", "AWS_PROFILE", "GOGC", "TF_TOKEN_app_terraform_io", "TF_LOG", "TF_CLI_CONFIG_FILE")


def clear(**inherited: str) -> tuple[dict[str, str], list[str]]:
    remarks: list[str] = []
    return EnvironmentFilter(remarks.append).filter_variables(inherited), remarks


def refused(**inherited: str) -> list[str]:
    with pytest.raises(UsageError) as raised:
        clear(**inherited)
    assert {problem.code for problem in raised.value.problems} == {"E040"}
    assert all(problem.hint for problem in raised.value.problems)
    return [problem.message for problem in raised.value.problems]


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_of_the_source_has_a_verdict(name: str) -> None:
    rule = variables.find_rule(f"{name}x" if name.endswith("_") else name)
    assert rule is not None
    assert rule is not variables.UNKNOWN_RULE
    assert rule.reason


def test_the_table_names_only_what_is_read() -> None:
    # Newer than the list: the next version of Terraform reads them.
    newer = {"TF_POLICY_LOG_LEVEL", "TF_POLICY_PARALLELISM", "TF_POLICY_PLUGIN"}
    experimental = {"TF_ACC", "TOFU_E2E_APPLY_RESOURCE_PANIC", "TOFU_EXPERIMENTAL_CLI_ENABLED"}
    assert set(variables.RULES_BY_NAME) - set(NAMES) <= newer | experimental


@pytest.mark.parametrize("name", NEVER)
def test_what_changes_a_plan_is_kept_away(name: str) -> None:
    passed, remarks = clear(**{name: "value", "PATH": "/nowhere"})
    assert passed == {"PATH": "/nowhere"}
    ours = name in ("TF_INPUT", "TF_FORCE_LOCAL_BACKEND")
    assert [name in remark and "ignored" in remark for remark in remarks] == ([] if ours else [True])


@pytest.mark.parametrize("name", ALWAYS)
def test_harmless_variables_pass_without_a_remark(name: str) -> None:
    assert clear(**{name: "value"}) == ({name: "value"}, [])


def test_remarks_are_made_once_and_by_their_reason() -> None:
    remarks: list[str] = []
    surroundings = EnvironmentFilter(remarks.append)
    inherited = {f"TF_VAR_{letter}": "x" for letter in "fedcba"} | {"TF_WORKSPACE": "other", "TF_DATA_DIR": ""}
    surroundings.filter_variables(inherited)
    surroundings.filter_variables(inherited)
    assert len(remarks) == 2
    assert "TF_VAR_a, TF_VAR_b, TF_VAR_c, TF_VAR_d and 2 more are set, but ignored" in remarks[0]
    assert remarks[1].startswith("TF_WORKSPACE is set, but ignored: ")
    assert not any(word == "x" for remark in remarks for word in remark.split())


@pytest.mark.parametrize(("command", "flag"), FLAGS)
def test_every_flag_of_the_source_has_a_verdict(command: str, flag: str) -> None:
    known = flag in HARMLESS and command in KNOWING.get(flag, {command})
    value = HARMLESS.get(flag, "x")
    is_switch = value in {"true", "false"}
    forms = [
        f"-{flag}={value}",
        f"--{flag}={value}",
        f'"-{flag}={value}"',
        f"-{flag}" if is_switch else f"-{flag} {value}",
    ]
    for name in ("TF_CLI_ARGS", f"TF_CLI_ARGS_{command}"):
        for form in forms:
            passed, problems = check_flags({name: form})
            if known or (flag in HARMLESS and name == "TF_CLI_ARGS"):
                assert not problems, form
                assert all(text.startswith(f"-{flag}=") for text in passed.values())
                assert bool(passed) is not is_switch
            else:
                assert name in problems[0].message
                assert f"-{flag}" in problems[0].message
                assert f"unset {name}" in problems[0].hint
                assert not passed


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("'-target'=terraform_data.a", "-target"),
        ('-tar"get"=terraform_data.a', "-target"),
        ("-tar\\get=terraform_data.a", "-target"),
        ("-parallelism=2 -target terraform_data.a", "-target"),
        ("-parallelism -target=x", "-parallelism"),
        ("-parallelism=2;-destroy", "-parallelism"),
        ("-parallelism=", "-parallelism"),
        ("-parallelism=two", "-parallelism"),
        ("-parallelism", "-parallelism"),
        ("-compact-warnings false", "the word 'false'"),
        ("-lock-timeout=5s plan.other", "the word 'plan.other'"),
        ("-- -parallelism=2", "the word '--'"),
        ("-", "the word '-'"),
        ("---target=x", "the word '---target=x'"),
        ("-of-tomorrow", "-of-tomorrow"),
        ("-chdir=/tmp", "-chdir"),
        ("-h", "-h"),
    ],
)
def test_flags_are_seen_however_they_are_written(value: str, shown: str) -> None:
    assert any(f"holds {shown}: " in message for message in refused(TF_CLI_ARGS_plan=value))


def test_flags_that_can_not_be_read_are_refused() -> None:
    assert refused(TF_CLI_ARGS_apply='-parallelism="2')[0].startswith("TF_CLI_ARGS_apply can't be read")


def test_all_refused_flags_are_named_at_once() -> None:
    said = refused(TF_CLI_ARGS="-destroy", TF_CLI_ARGS_plan="-var a=1 -target=x", TF_CLI_ARGS_init="-upgrade")
    assert len(said) == 4


def test_harmless_flags_reach_the_commands_that_know_them() -> None:
    passed, remarks = clear(TF_CLI_ARGS="-parallelism=2", TF_CLI_ARGS_plan="--lock-timeout 1m30s")
    assert passed == {
        "TF_CLI_ARGS_apply": "-parallelism=2",
        "TF_CLI_ARGS_plan": "-parallelism=2 -lock-timeout=1m30s",
    }
    assert not remarks


def test_flags_of_other_commands_do_not_matter() -> None:
    passed, remarks = clear(TF_CLI_ARGS_import="-var-file=x.tfvars", TF_CLI_ARGS_console="")
    assert not passed
    assert ["TF_CLI_ARGS_import" in remark for remark in remarks] == [True]


def test_only_what_was_laid_out_stays(tmp_path: Path) -> None:
    kept = (
        ROOT_MODULE_FILE,
        "plan.tfplan",
        "errored.tfstate",
        "archive.zip",
        ".terraform/terraform.tfstate",
        "notes.tfvars",
    )
    strays = (
        "extra.tf",
        "extra.tf.json",
        "x_override.tf",
        "override.tf.json",
        "main.tofu",
        "terraform.tfvars",
        "terraform.tfvars.json",
        "a.auto.tfvars",
        "a.auto.tfvars.json",
        "a.tftest.hcl",
        "tests/a.tftest.hcl",
        WORKSPACE_FILE,
    )
    for name in (*kept, *strays):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.tf").mkdir()
    (tmp_path / "link.tf").symlink_to("/nowhere")
    assert sorted(remove_stray_files(tmp_path)) == sorted([*strays, "link.tf"])
    assert all((tmp_path / name).exists() for name in kept)
    assert remove_stray_files(tmp_path) == []
    assert remove_stray_files(tmp_path / "missing") == []


OVERRIDES = """provider_installation {
  # dev_overrides { "commented/out" = "/x" }
  /* dev_overrides {
    "commented/too" = "/x" } */
  dev_overrides {
    "hashicorp/aws" = "${HOME}/go/bin" // mine
    "hashicorp/time" = "/x}y"
  }
  direct {}
}
plugin_cache_dir = "https://dev_overrides { }"
"""
JSON = '{"provider_installation": [{"dev_overrides": [{"hashicorp/aws": "/x"}]}, {"direct": [{}]}]}'


@pytest.mark.parametrize(
    ("file", "around"),
    [
        (".terraformrc", {}),
        (".tofurc", {}),
        ("named.rc", {"TF_CLI_CONFIG_FILE": "{home}/named.rc"}),
        ("named.rc", {"TERRAFORM_CONFIG": "{home}/named.rc"}),
        (".terraform.d/mine.tfrc", {}),
        ("config/opentofu/tofurc", {"XDG_CONFIG_HOME": "{home}/config"}),
        ("config/opentofu/mine.tfrc", {"XDG_CONFIG_HOME": "{home}/config"}),
    ],
)
def test_dev_overrides_are_found_wherever_they_stand(file: str, around: dict[str, str], tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), **{name: value.format(home=tmp_path) for name, value in around.items()}}
    assert find_overrides(environment) == ()
    place = tmp_path / file
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(OVERRIDES)
    found = [(each.address, str(each.location)) for each in find_overrides(environment)]
    assert found == [("hashicorp/aws", f"{place}:6"), ("hashicorp/time", f"{place}:7")]


def test_dev_overrides_in_json_are_found(tmp_path: Path) -> None:
    (tmp_path / ".terraform.d").mkdir()
    (tmp_path / ".terraform.d" / "mine.tfrc.json").write_text(JSON)
    assert [each.address for each in find_overrides({"HOME": str(tmp_path)})] == ["hashicorp/aws"]


def test_files_beside_a_named_one_do_not_count(tmp_path: Path) -> None:
    (tmp_path / ".terraformrc").write_text(OVERRIDES)
    assert find_overrides({"HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": "/dev/null"}) == ()


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ('{"registry.terraform.io/hashicorp/aws": {"Protocol": "grpc"}}', ["registry.terraform.io/hashicorp/aws"]),
        ("not JSON", ["TF_REATTACH_PROVIDERS"]),
        ("", []),
        ("{}", []),
    ],
)
def test_providers_that_run_already_are_found(value: str, addresses: list[str]) -> None:
    found = find_overrides({"HOME": "/nowhere", "TF_REATTACH_PROVIDERS": value})
    assert [each.address for each in found] == addresses


@pytest.mark.parametrize("text", ["", 'plugin_cache_dir = "/x"\n', "provider_installation {\n  dev_overrides {}\n}\n"])
def test_a_configuration_without_overrides_is_fine(text: str, tmp_path: Path) -> None:
    (tmp_path / ".terraformrc").write_text(text)
    assert find_overrides({"HOME": str(tmp_path)}) == ()


def test_configuration_in_a_pipe_may_replace_any_provider(tmp_path: Path) -> None:
    pipe = tmp_path / "terraformrc"
    os.mkfifo(pipe)
    found = find_overrides({"HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": os.fspath(pipe)})
    assert [each.address for each in found] == ["(any)"]


@pytest.mark.parametrize("name", ["HOME", "XDG_CONFIG_HOME", "TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG"])
def test_terraform_reads_the_configuration_that_is_checked(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    passed = resolve_config_paths({"HOME": "/nowhere", name: "here"})
    assert passed[name] == os.fspath(tmp_path / "here")


@pytest.mark.parametrize("inherited", [{}, {"HOME": ""}])
def test_without_home_the_system_says_which(inherited: dict[str, str]) -> None:
    passed = resolve_config_paths(inherited)
    assert passed["HOME"] == pwd.getpwuid(os.getuid()).pw_dir


def test_overrides_that_terraform_alone_sees_are_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        require_overrides_found((), "web")
    assert [(each.code, each.stack) for each in caught.value.problems] == [("E041", "web")]
    require_overrides_found((UnpinnedProvider("hashicorp/aws", "dev_overrides"),), "web")


def test_terraform_gets_cloud_credentials_and_no_forge_tokens() -> None:
    given = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "DATADOG_API_KEY": "key"}
    tokens = {"GITHUB_TOKEN": "x", "CI_JOB_TOKEN": "x", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://x", "GITHUB_ENV": "/x"}
    assert clear(**given, **tokens) == (given, [])


def test_terraform_gets_named_tokens() -> None:
    kept = EnvironmentFilter(print, lambda _: ("CI_JOB_TOKEN",))
    assert kept.filter_variables({"GITHUB_TOKEN": "x", "CI_JOB_TOKEN": "x"}) == {"GITHUB_TOKEN": "x"}
