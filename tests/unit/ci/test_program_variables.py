"""Which variables are credentials: each name that GitHub, GitLab and botocore document is decided here once."""

import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ci.program_variables import (
    CLOUD_VARIABLES,
    COMMAND_FILES,
    find_credentials,
    find_forge_credentials,
    find_identity_variables,
    format_withheld,
    remove_variables,
)
from tests.adapters.aws.sts_on_loopback import jwt

DOCUMENTED = json.loads(Path(__file__).with_name("documented_variables.json").read_text())
# Written out once more: what is no secret among the documented names passes on purpose, in two places.
SECRET = {
    "github": {"GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"},
    "github_runner": set(DOCUMENTED["github_runner"]["variables"]),
    "gitlab": {
        "CI_DEPENDENCY_PROXY_PASSWORD",
        "CI_DEPLOY_PASSWORD",
        "CI_JOB_TOKEN",
        "CI_REGISTRY_PASSWORD",
        "CI_REPOSITORY_URL",
        "CI_RUNNER_SHORT_TOKEN",
        "CI_SERVER_TLS_KEY_FILE",
        "CI_TRIGGER_SHORT_TOKEN",
        "HARBOR_PASSWORD",
    },
}
CASES = sorted((source, name) for source, found in DOCUMENTED.items() for name in found["variables"])
# Settings of botocore, and names; none gives access.
HARMLESS_IN_BOTOCORE = re.compile(
    r"AWS_(ACCOUNT_ID(_ENDPOINT_MODE)?|AUTH_SCHEME_PREFERENCE|CA_BUNDLE|CONFIG_FILE|CSM_\w+|DATA_PATH|DEFAULTS_MODE"
    r"|DEFAULT_PROFILE|DEFAULT_REGION|DISABLE_\w+|EC2_METADATA\w*|ENDPOINT_DISCOVERY_ENABLED|ENDPOINT_URL"
    r"|EXECUTION_ENV|IGNORE_CONFIGURED_ENDPOINT_URLS|IMDS_USE_IPV6|LAMBDA_FUNCTION_NAME|LOGIN_CACHE_DIRECTORY"
    r"|MAX_ATTEMPTS|METADATA_SERVICE_\w+|PROFILE|REGION|REQUEST_\w+|RESPONSE_\w+|RETRY_MODE|S3_\w+|SDK_UA_APP_ID"
    r"|SHARED_CREDENTIALS_FILE|SIGV4A_SIGNING_REGION_SET|STS_REGIONAL_ENDPOINTS|USE_DUALSTACK_ENDPOINT"
    r"|USE_FIPS_ENDPOINT)"
)
TOKENS = {
    "an ID token of GitLab": jwt({"iss": "https://gitlab.com", "sub": "project_path:acme/shop"}),
    "a token of a GitHub job": "ghs_" + "a1" * 18,
    "a personal token of GitHub": "github_pat_" + "a1" * 30,
    "a personal token of GitLab": "glpat-" + "a-1_" * 5,
    "a job token of GitLab": "glcbt-64_" + "a1" * 10,
}


def _list_botocore_names() -> Iterator[str]:
    spec = find_spec("botocore")
    assert spec is not None
    assert spec.origin is not None
    for file in Path(spec.origin).parent.glob("*.py"):
        yield from re.findall(r"""["'](AWS_[A-Z0-9_]+)["']""", file.read_text())


@pytest.mark.parametrize(("source", "name"), CASES)
def test_every_documented_variable_is_decided(source: str, name: str) -> None:
    assert (find_credentials({name: "value"}) == (name,)) == (name in SECRET[source])


@pytest.mark.parametrize("name", sorted(set(_list_botocore_names())))
def test_every_variable_of_botocore_is_decided(name: str) -> None:
    is_secret = find_credentials({name: "value"}) == (name,)
    assert is_secret != bool(HARMLESS_IN_BOTOCORE.fullmatch(name))
    # Terraform needs them.
    assert find_forge_credentials({name: "value"}) == ()


@pytest.mark.parametrize("token", TOKENS.values(), ids=list(TOKENS))
def test_tokens_are_found_under_any_name(token: str) -> None:
    assert find_forge_credentials({"HARMLESS": token, "OTHER": f"{token}\n"}) == ("HARMLESS", "OTHER")


@pytest.mark.parametrize(
    "value", ["", "eyJ", "1.2.3", "ghs_", "glpat-", "a.b.c", "eyJhbGciOi.example.com", "sha-ghs_1"]
)
def test_common_values_are_no_tokens(value: str) -> None:
    assert find_credentials({"VERSION": value}) == ()


@pytest.mark.parametrize(
    "name", ["GITHUB_TOKEN", "GH_TOKEN", "ENVCTL_GITLAB_TOKEN", "CI_JOB_JWT", "CI_JOB_JWT_V2", "ARM_OIDC_REQUEST_TOKEN"]
)
def test_terraform_gets_no_token_of_the_job(name: str) -> None:
    assert find_forge_credentials({name: "value", "PATH": "/nowhere"}) == (name,)


def test_named_variables_pass() -> None:
    variables = {"AWS_ACCESS_KEY_ID": "AKIA", "GITHUB_TOKEN": "token", "NAMED": "ghs_" + "a" * 36}
    assert find_credentials(variables, tuple(variables)) == ()
    assert find_credentials(variables, ("GITHUB_TOKEN",)) == ("AWS_ACCESS_KEY_ID", "NAMED")
    assert find_forge_credentials(variables, ("GITHUB_TOKEN",)) == ("NAMED",)


def test_fetching_modules_keeps_tokens_of_the_forge() -> None:
    variables = dict.fromkeys(["GITHUB_TOKEN", "CI_JOB_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITHUB_ENV"], "x")
    assert find_identity_variables(variables) == ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITHUB_ENV")


def test_failed_program_names_what_it_missed() -> None:
    assert format_withheld(()) == ""
    assert format_withheld(tuple(COMMAND_FILES)) == ""
    assert format_withheld(("ACTIONS_RUNTIME_TOKEN", "AWS_ACCESS_KEY_ID")) == (
        " (it does not get AWS_ACCESS_KEY_ID: see program_variables in [ci])"
    )
    assert "and 2 more:" in format_withheld(tuple(sorted(CLOUD_VARIABLES)[:8]))


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_removal_keeps_every_other_variable(variables: dict[str, str]) -> None:
    found = find_credentials(variables)
    left = remove_variables(variables, found)
    assert find_credentials(left) == ()
    assert {**left, **{name: variables[name] for name in found}} == variables
