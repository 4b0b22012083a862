"""The keys of `[providers.*]`: which ones Terraform has for all providers, and which ones the AWS provider knows."""

import re
from collections.abc import Iterator, Mapping

from envctl.domain.config.faults import Fault, TomlPath
from envctl.domain.plan.provider_accounts import source_of
from envctl.domain.terraform.provider_lock import providers
from envctl.domain.text.suggestions import nearest

OWN = frozenset({"source", "version"})
"""What envctl itself takes from the table."""
NEVER = frozenset({"alias", "dynamic", "for_each"})
"""Keys of Terraform that would leave the stack without the configuration that it works with."""
NEWEST = (6, 25)
"""The newest version whose keys are listed here."""
_ADDRESS = re.compile(r"(?:[^/]+/)?hashicorp/aws")
_VERSION = re.compile(rb'^\s*version\s*=\s*"(\d+)\.(\d+)', re.MULTILINE)

# Those of all versions from 3.39 on: whether the one that is locked still knows a key is for Terraform to say.
AWS_KEYS = frozenset(
    {
        "access_key",
        "allowed_account_ids",
        "assume_role",
        "assume_role_with_web_identity",
        "custom_ca_bundle",
        "default_tags",
        "ec2_metadata_service_endpoint",
        "ec2_metadata_service_endpoint_mode",
        "endpoints",
        "forbidden_account_ids",
        "http_proxy",
        "https_proxy",
        "ignore_tags",
        "insecure",
        "max_retries",
        "no_proxy",
        "profile",
        "region",
        "retry_mode",
        "s3_force_path_style",
        "s3_us_east_1_regional_endpoint",
        "s3_use_path_style",
        "secret_key",
        "shared_config_files",
        "shared_credentials_file",
        "shared_credentials_files",
        "skip_credentials_validation",
        "skip_get_ec2_platforms",
        "skip_metadata_api_check",
        "skip_region_validation",
        "skip_requesting_account_id",
        "sts_region",
        "tag_policy_compliance",
        "token",
        "token_bucket_rate_limiter_capacity",
        "use_dualstack_endpoint",
        "use_fips_endpoint",
        "user_agent",
    }
)
AWS_BLOCKS: Mapping[str, frozenset[str]] = {
    "assume_role": frozenset(
        {
            "duration",
            "duration_seconds",
            "external_id",
            "policy",
            "policy_arns",
            "role_arn",
            "session_name",
            "source_identity",
            "tags",
            "transitive_tag_keys",
        }
    ),
    "assume_role_with_web_identity": frozenset(
        {
            "duration",
            "policy",
            "policy_arns",
            "role_arn",
            "session_name",
            "web_identity_token",
            "web_identity_token_file",
        }
    ),
    "default_tags": frozenset(
        {
            "tags",
        }
    ),
    "ignore_tags": frozenset(
        {
            "key_prefixes",
            "keys",
        }
    ),
}


def check_keys(tables: Mapping[str, Mapping[str, object]], lock: bytes | None) -> Iterator[Fault]:
    """What is wrong with the keys of the tables of `[providers]`. `lock` is the provider lock of the project.

    Only the AWS provider's keys are known here. What another provider, or a newer AWS provider, does not know,
    Terraform says when it plans.
    """
    for name, said in tables.items():
        for key in said.keys() & NEVER:
            message = f"providers.{name}.{key}: a stack works with one configuration of each provider"
            hint = "for another region, give the stack `region = NAME` of [environments.ENV] regions"
            yield Fault("E134", message, hint, ("providers", name, key))
        if _ADDRESS.fullmatch(source_of(name, tables)):
            yield from _check_aws(name, said, lock)


def _check_aws(name: str, said: Mapping[str, object], lock: bytes | None) -> Iterator[Fault]:
    is_known = _is_known(lock)
    for key, value in said.items():
        path: TomlPath = ("providers", name, key)
        if key not in AWS_KEYS | OWN | NEVER:
            yield from _explain(path, AWS_KEYS, is_known=is_known)
        for position, block in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(block, Mapping) and key in AWS_BLOCKS:
                for inner in block.keys() - AWS_BLOCKS[key]:
                    within = (*path, position) if isinstance(value, list) else path
                    yield from _explain((*within, inner), AWS_BLOCKS[key], is_known=is_known)


def _explain(path: TomlPath, known: frozenset[str], *, is_known: bool) -> Iterator[Fault]:
    near = nearest(str(path[-1]), known)
    if near or is_known:
        dotted = ".".join(str(part) for part in path if isinstance(part, str))
        hint = f"did you mean {near}?" if near else "its keys are those of a `provider` block in Terraform"
        yield Fault("E132", f"{dotted} is not a key that the AWS provider knows", hint, path)


def _is_known(lock: bytes | None) -> bool:
    """Whether the version that the project works with is one whose keys are listed here."""
    for address, block in providers(lock or b"").items():
        if _ADDRESS.fullmatch(address) and (version := _VERSION.search(block)):
            return (int(version[1]), int(version[2])) <= NEWEST
    return False
