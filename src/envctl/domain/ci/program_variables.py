"""Which environment variables are credentials. Programs that the tree names do not get them.

Such programs are the commands of `[checks]` and `[cost]`, Terraform, its providers and provisioners, and hooks of git.
"""

import re
from collections.abc import Collection, Iterator, Mapping

FORGE_VARIABLES = frozenset(
    """
    GITHUB_TOKEN GH_TOKEN GITHUB_ENTERPRISE_TOKEN GH_ENTERPRISE_TOKEN GITHUB_PAT GH_PAT
    ARM_OIDC_REQUEST_TOKEN ARM_OIDC_REQUEST_URL
    CI_JOB_TOKEN CI_BUILD_TOKEN CI_REGISTRY_PASSWORD CI_DEPENDENCY_PROXY_PASSWORD CI_DEPLOY_PASSWORD CI_REPOSITORY_URL
    CI_RUNNER_SHORT_TOKEN CI_TRIGGER_SHORT_TOKEN CI_SERVER_TLS_KEY_FILE
    ENVCTL_GITLAB_TOKEN GITLAB_TOKEN GITLAB_PRIVATE_TOKEN GITLAB_ACCESS_TOKEN GITLAB_API_TOKEN GITLAB_PAT GL_TOKEN
    BITBUCKET_STEP_OIDC_TOKEN BUILDKITE_AGENT_ACCESS_TOKEN CIRCLE_OIDC_TOKEN CIRCLE_OIDC_TOKEN_V2
    SYSTEM_ACCESSTOKEN SYSTEM_OIDCREQUESTURI
    """.split()  # noqa: SIM905 (a list of words reads best as one)
)
"""Tokens of a job for its forge, and what can request such tokens."""
FORGE_PREFIXES = ("ACTIONS_", "CI_JOB_JWT")
"""GitHub's runner sets `ACTIONS_ID_TOKEN_REQUEST_TOKEN`, `ACTIONS_RUNTIME_TOKEN`, `ACTIONS_RESULTS_URL` and more."""

COMMAND_FILES = frozenset({"GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"})
"""Files that change later steps of a job of GitHub, which hold the tokens."""

CLOUD_VARIABLES = frozenset(
    """
    AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_CREDENTIAL_EXPIRATION
    AWS_ACCESS_KEY AWS_SECRET_KEY AWS_CREDENTIAL_FILE
    AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_WEB_IDENTITY_TOKEN_FILE
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI
    AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
    ARM_ACCESS_KEY ARM_CLIENT_CERTIFICATE ARM_CLIENT_CERTIFICATE_PASSWORD ARM_CLIENT_CERTIFICATE_PATH ARM_CLIENT_SECRET
    ARM_CLIENT_SECRET_FILE_PATH ARM_OIDC_TOKEN ARM_OIDC_TOKEN_FILE_PATH ARM_SAS_TOKEN
    AZURE_CLIENT_CERTIFICATE_PASSWORD AZURE_CLIENT_CERTIFICATE_PATH AZURE_CLIENT_SECRET AZURE_FEDERATED_TOKEN_FILE
    AZURE_PASSWORD AZURE_STORAGE_CONNECTION_STRING AZURE_STORAGE_KEY AZURE_STORAGE_SAS_TOKEN
    CLOUDSDK_AUTH_ACCESS_TOKEN CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE GCLOUD_KEYFILE_JSON GOOGLE_APPLICATION_CREDENTIALS
    GOOGLE_CLOUD_KEYFILE_JSON GOOGLE_CREDENTIALS GOOGLE_GHA_CREDS_PATH GOOGLE_OAUTH_ACCESS_TOKEN
    DOCKER_AUTH_CONFIG HARBOR_PASSWORD
    """.split()  # noqa: SIM905
)
"""Credentials of clouds and registries. Terraform and its providers get them: they need them."""
CLOUD_PREFIXES = ("AWS_BEARER_TOKEN_", "TF_TOKEN_")

_FORGE_VALUE = re.compile(
    # Signed JSON Web Tokens, as the ID tokens of GitLab under any name; tokens of GitHub; tokens of GitLab.
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+|gh[opsru]_\w{16,}|github_pat_\w{16,}|gl(?:pat|cbt|dt|ptt|rt|oas|soat)-[\w.-]{16,}",
    re.ASCII,
)
_MAX_SHOWN = 6


def find_forge_credentials(variables: Mapping[str, str], allowed: Collection[str] = ()) -> tuple[str, ...]:
    """Return the names of the variables that Terraform does not get: `allowed` ones pass."""
    return tuple(sorted(_iterate_forge_names(variables, allowed)))


def find_credentials(variables: Mapping[str, str], allowed: Collection[str] = ()) -> tuple[str, ...]:
    """Return the names of the variables that a check or a cost program does not get: `allowed` ones pass."""
    clouds = (
        name
        for name, value in variables.items()
        if value and name not in allowed and (name in CLOUD_VARIABLES or name.startswith(CLOUD_PREFIXES))
    )
    return tuple(sorted({*_iterate_forge_names(variables, allowed), *clouds}))


def find_identity_variables(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the variables that can request a new identity, or change later steps of the job."""
    return tuple(
        sorted(
            name
            for name in variables
            if name in COMMAND_FILES or name.startswith((*FORGE_PREFIXES, "ARM_OIDC_REQUEST_"))
        )
    )


def remove_variables(variables: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name not in names}


def format_withheld(names: Collection[str]) -> str:
    """Return the text after the failure of a program that may have missed a variable; empty for none."""
    # Files of the runner are missed by no program that works elsewhere too.
    shown = [name for name in names if name not in COMMAND_FILES and not name.startswith("ACTIONS_")]
    if not shown:
        return ""
    more = f" and {len(shown) - _MAX_SHOWN} more" if len(shown) > _MAX_SHOWN else ""
    return f" (it does not get {', '.join(shown[:_MAX_SHOWN])}{more}: see program_variables in [ci])"


def _iterate_forge_names(variables: Mapping[str, str], allowed: Collection[str]) -> Iterator[str]:
    for name, value in variables.items():
        if not value or name in allowed:
            continue
        is_named = name in FORGE_VARIABLES or name in COMMAND_FILES or name.startswith(FORGE_PREFIXES)
        if is_named or (_FORGE_VALUE.fullmatch(value.strip()) and not name.startswith(CLOUD_PREFIXES)):
            yield name
