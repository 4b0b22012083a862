"""The environment that turns a child process towards the sandbox, and keeps a user's real credentials out of it."""

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from envctl.adapters.sandbox.hosts import REGISTRY_HOSTS

# `AWS_*` as a whole: a profile, a role, a token, an endpoint or a variable of tomorrow could lead to a real account.
DROPS = (
    "AWS_*",
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
_SERVER_DROPS = (*DROPS, "MOTO_*", "TEST_*", "S3_IGNORE_*", "INITIAL_NO_AUTH_*", "BOTO_*")
OWN_ACCOUNT = "123456789012"
"""moto takes keys that it does not know for those of this account; other emulators read the account off such a key."""
_NO_PROXY = ",".join(("127.0.0.1", "localhost", "::1", *REGISTRY_HOSTS))


def towards(proxy_url: str, authority: Path, terraform_rc: Path) -> dict[str, str]:
    """What a child gets in place of what `without` takes away."""
    return {
        "HTTPS_PROXY": proxy_url,
        "https_proxy": proxy_url,
        # The proxy refuses plain HTTP: what wants to leave that way is stopped here, too.
        "HTTP_PROXY": proxy_url,
        "http_proxy": proxy_url,
        "NO_PROXY": _NO_PROXY,
        "no_proxy": _NO_PROXY,
        "AWS_CA_BUNDLE": str(authority),
        "AWS_ACCESS_KEY_ID": OWN_ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "TF_CLI_CONFIG_FILE": str(terraform_rc),
        # Terraform's version check would knock at the proxy and be refused.
        "CHECKPOINT_DISABLE": "1",
    }


def without(environment: Mapping[str, str], patterns: tuple[str, ...] = DROPS) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if not any(fnmatchcase(name, pattern) for pattern in patterns)
    }


def for_server(environment: Mapping[str, str]) -> dict[str, str]:
    """The server needs no credentials, and answers the same whatever the user has set for moto elsewhere."""
    return without(environment, _SERVER_DROPS) | {"AWS_EC2_METADATA_DISABLED": "true", "PYTHONUNBUFFERED": "1"}
