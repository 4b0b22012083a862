"""Provider tables of stacks and environments: what belongs elsewhere, what nobody has, and secrets."""

from typing import Any

import pytest

from envctl.domain.config.providers.provider_secrets import check_provider_secrets
from envctl.domain.config.providers.provider_tables import check_provider_tables

PROJECT: dict[str, Any] = {
    "pipeline": {"order": ["dev", "prod"]},
    "environments": {"dev": {"regions": {"global": "us-east-1"}}, "prod": {}},
    "stacks": {"web": {"providers": {"aws.us_east_1": {"region": "us-east-1"}}}},
    "providers": {"datadog": {}},
}


def check(of_stack: dict[str, Any] | None = None, of_prod: dict[str, Any] | None = None) -> list[str]:
    web = {"providers": PROJECT["stacks"]["web"]["providers"] | (of_stack or {})}
    prod = {"providers": of_prod or {}}
    environments = {**PROJECT["environments"], "prod": prod}
    found = check_provider_tables({**PROJECT, "stacks": {"web": web}, "environments": environments})
    return [f"{each.code} {'.'.join(map(str, each.path))}: {each.message}; {each.hint}" for each in found]


def test_known_configurations_pass() -> None:
    assert check({"datadog.eu": {}}, {"datadog": {"site": "eu"}, "aws": {"max_retries": 2}, "aws.us_east_1": {}}) == []


@pytest.mark.parametrize("key", ["source", "version"])
def test_source_and_version_belong_to_the_provider(key: str) -> None:
    (told,) = check({"datadog.eu": {key: "x"}})
    assert told.startswith(f"E181 stacks.web.providers.datadog.eu.{key}: ")
    assert told.endswith("move it to [providers.datadog]")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        (
            "datadgo",
            "prod changes the provider datadgo, but the project has no [providers.datadgo]; did you mean datadog?",
        ),
        ("aws.us_esat_1", "but no stack has that alias; did you mean aws.us_east_1?"),
        ("vault", "add [providers.vault], or remove this one"),
        ("aws.dns", 'add [stacks.STACK.providers] with "aws.dns" = { … }, or remove this one'),
    ],
)
def test_environment_changes_known_configurations_alone(name: str, hint: str) -> None:
    (told,) = check({}, {name: {}})
    assert told.startswith(f"E183 environments.prod.providers.{name}: ")
    assert told.endswith(hint)


def test_named_region_is_needed_in_every_environment() -> None:
    (told,) = check({"aws.x": {"region": "global"}})
    assert told.startswith("E119 stacks.web.providers.aws.x.region: ")
    assert told.endswith('[environments.prod] regions = { global = "…" }')
    assert check({"datadog.x": {"region": "anything"}}) == []


@pytest.mark.parametrize(
    ("name", "key", "variable"),
    [
        ("datadog", "api_key", "DD_API_KEY"),
        ("cloudflare.eu", "api_token", "CLOUDFLARE_API_TOKEN"),
        ("aws", "secret_key", "AWS_SECRET_ACCESS_KEY"),
        ("github", "token", '[ci] program_variables = ["GITHUB_TOKEN"]'),
        ("unknown", "Client_Secret", "the environment variable that the provider reads"),
    ],
)
def test_secret_is_refused_with_its_variable(name: str, key: str, variable: str) -> None:
    (fault,) = check_provider_secrets({key: "planted", "site": "eu"}, ("providers", name))
    assert fault.code == "E185"
    assert variable in fault.hint
    assert "planted" not in fault.message + fault.hint


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token_url", "https://example.com"), ("api_key_file", "/run/key"), ("token_bucket_rate_limiter_capacity", 5),
        ("site", "eu"), ("secret", ""), ("skip_requesting_account_id", True), ("key_prefixes", ["token"]),
        ("credentials", "keys/dev.json"),
    ],
)  # fmt: skip
def test_other_values_are_no_secrets(key: str, value: object) -> None:
    assert list(check_provider_secrets({key: value}, ("providers", "x"))) == []


@pytest.mark.parametrize(
    "value",
    [
        "https://ann:planted@example.com/",
        '{"private_key": "x"}',
        "ghp_0123456789abcdefghij",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_value_that_looks_like_a_secret_is_refused(value: str) -> None:
    (fault,) = check_provider_secrets({"block": [{"credentials": value}]}, ("providers", "x"))
    assert fault.path == ("providers", "x", "block", 0, "credentials")
