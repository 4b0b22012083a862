"""Secrets in the tables of providers. These tables are in clear in git, in releases and in the store."""

import re
from collections.abc import Iterator, Mapping

from envctl.domain.config.fields import Fault, TomlPath

_SECRET_KEY = re.compile(
    r"(?:.*_)?(?:password|passwd|passphrase|token|secret|auth|authorization"
    r"|(?:access|account|api|app|application|auth|client|encryption|license|master|private|secret|service|shared)_?key)"
)
# AWS, GitHub, GitLab, Slack, Google, private keys, JSON Web Tokens; and a login inside an address.
_SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\"private_key\"|\bgh[opsru]_\w{16,}|github_pat_\w{16,}|\bglpat-[\w-]{16,}"
    r"|\bxox[abprs]-\w{8,}|\bAIza[\w-]{30,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+|://[^/@\s:]+:[^/@\s]+@"
)
_VARIABLES = {
    ("aws", "access_key"): "AWS_ACCESS_KEY_ID",
    ("aws", "secret_key"): "AWS_SECRET_ACCESS_KEY",
    ("aws", "token"): "AWS_SESSION_TOKEN",
    ("awscc", "access_key"): "AWS_ACCESS_KEY_ID",
    ("awscc", "secret_key"): "AWS_SECRET_ACCESS_KEY",
    ("awscc", "token"): "AWS_SESSION_TOKEN",
    ("azuread", "client_secret"): "ARM_CLIENT_SECRET",
    ("azurerm", "client_certificate_password"): "ARM_CLIENT_CERTIFICATE_PASSWORD",
    ("azurerm", "client_secret"): "ARM_CLIENT_SECRET",
    ("cloudflare", "api_key"): "CLOUDFLARE_API_KEY",
    ("cloudflare", "api_token"): "CLOUDFLARE_API_TOKEN",
    ("datadog", "api_key"): "DD_API_KEY",
    ("datadog", "app_key"): "DD_APP_KEY",
    ("digitalocean", "token"): "DIGITALOCEAN_TOKEN",
    ("fastly", "api_key"): "FASTLY_API_KEY",
    ("github", "token"): "GITHUB_TOKEN",
    ("gitlab", "token"): "GITLAB_TOKEN",
    ("google", "access_token"): "GOOGLE_OAUTH_ACCESS_TOKEN",
    ("google", "credentials"): "GOOGLE_CREDENTIALS",
    ("grafana", "auth"): "GRAFANA_AUTH",
    ("hcloud", "token"): "HCLOUD_TOKEN",
    ("mongodbatlas", "private_key"): "MONGODB_ATLAS_PRIVATE_KEY",
    ("newrelic", "api_key"): "NEW_RELIC_API_KEY",
    ("okta", "api_token"): "OKTA_API_TOKEN",
    ("pagerduty", "token"): "PAGERDUTY_TOKEN",
    ("postgresql", "password"): "PGPASSWORD",
    ("snowflake", "password"): "SNOWFLAKE_PASSWORD",
    ("vault", "token"): "VAULT_TOKEN",
}
_FORGES = frozenset({"GITHUB_TOKEN", "GITLAB_TOKEN"})


def check_provider_secrets(table: Mapping[str, object], path: TomlPath) -> Iterator[Fault]:
    """Yield a fault (E185) for each literal secret in the table of a provider, without its value."""
    provider = str(path[-1]).partition(".")[0]
    for inner in _find_secret_paths(table, ()):
        key = next((str(part) for part in reversed(inner) if isinstance(part, str)), "")
        dotted = ".".join(str(part) for part in (*path, *inner) if isinstance(part, str))
        message = f"{dotted} holds a secret: everyone who reads the repository or a release could read it"
        variable = _VARIABLES.get((provider, key))
        hint = "remove the key, and set the environment variable that the provider reads in its place"
        if variable:
            hint = f"remove the key, and set {variable} in the environment of envctl: the provider reads it"
            if variable in _FORGES:
                hint += f', in CI with [ci] program_variables = ["{variable}"]'
        yield Fault("E185", message, hint, (*path, *inner))


def _find_secret_paths(value: object, path: TomlPath) -> Iterator[TomlPath]:
    match value:
        case Mapping():
            for key, each in value.items():
                yield from _find_secret_paths(each, (*path, key))
        case list() | tuple():
            for position, each in enumerate(value):
                yield from _find_secret_paths(each, (*path, position))
        case str():
            key = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
            if value and (_SECRET_KEY.fullmatch(key.lower()) or _SECRET_VALUE.search(value)):
                yield path
