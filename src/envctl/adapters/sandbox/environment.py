"""Environment variables that lead child processes to the sandbox, without the real credentials of a user."""

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

# All of `AWS_*`: a profile, a role, a token, an endpoint or a future variable could lead to a real account. The same
# holds for clusters of Kubernetes.
DROPPED_VARIABLES = (
    "AWS_*",
    # Of kubectl, helm, and Terraform's providers for both. By the last ones, a pod finds its own cluster.
    "KUBE_*",
    "KUBECONFIG",
    "KUBERNETES_SERVICE_*",
    "ALL_PROXY",
    "all_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "TF_CLI_CONFIG_FILE",
    "TERRAFORM_CONFIG",
    "TF_REATTACH_PROVIDERS",
)
_SERVER_DROPPED_VARIABLES = (*DROPPED_VARIABLES, "MOTO_*", "TEST_*", "S3_IGNORE_*", "INITIAL_NO_AUTH_*", "BOTO_*")
DEFAULT_ACCOUNT = "123456789012"
"""moto assigns unknown keys to this account; other emulators read the account from a key of this form."""
# Providers outside the mirror come from their registry, past the proxy.
REGISTRY_HOSTS = (
    "registry.terraform.io", "releases.hashicorp.com", "registry.opentofu.org", "github.com",
    "objects.githubusercontent.com", "release-assets.githubusercontent.com",
)  # fmt: skip
_NO_PROXY = ",".join(("127.0.0.1", "localhost", "::1", *REGISTRY_HOSTS))


def build_variables(proxy_url: str, authority: Path, terraform_rc: Path) -> dict[str, str]:
    """Return the variables that replace the dropped ones in a child process."""
    return {
        "HTTPS_PROXY": proxy_url,
        "https_proxy": proxy_url,
        # The proxy refuses plain HTTP, so these requests stop there too.
        "HTTP_PROXY": proxy_url,
        "http_proxy": proxy_url,
        "NO_PROXY": _NO_PROXY,
        "no_proxy": _NO_PROXY,
        "AWS_CA_BUNDLE": str(authority),
        "AWS_ACCESS_KEY_ID": DEFAULT_ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "KUBECONFIG": os.devnull,
        "TF_CLI_CONFIG_FILE": str(terraform_rc),
        # The proxy would refuse Terraform's version check.
        "CHECKPOINT_DISABLE": "1",
    }


def drop_variables(environment: Mapping[str, str], patterns: tuple[str, ...] = DROPPED_VARIABLES) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if not any(fnmatchcase(name, pattern) for pattern in patterns)
    }


def build_server_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for the server without credentials and without the user's own settings of moto."""
    return drop_variables(environment, _SERVER_DROPPED_VARIABLES) | {
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONUNBUFFERED": "1",
    }
