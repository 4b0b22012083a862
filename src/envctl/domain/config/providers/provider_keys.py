"""Known keys of `[providers.*]`: those of Terraform for all providers, and those of the AWS provider."""

import re
from collections.abc import Iterable, Iterator, Mapping

from envctl.domain.config.fields import Fault, TomlPath
from envctl.domain.config.providers.provider_secrets import check_provider_secrets
from envctl.domain.plan.provider_accounts import find_provider_source
from envctl.domain.terraform.provider_lock import split_provider_blocks
from envctl.domain.text.suggestions import find_nearest

ENVCTL_KEYS = frozenset({"source", "version"})
"""Keys of envctl itself."""
FORBIDDEN_KEYS = frozenset({"alias", "dynamic", "for_each"})
"""Keys of Terraform in conflict with the single configuration of a stack."""
NEWEST_LISTED = (6, 25)
"""The newest AWS provider covered by this list."""
_ADDRESS = re.compile(r"(?:[^/]+/)?hashicorp/aws")
_VERSION = re.compile(rb'^\s*version\s*=\s*"(\d+)\.(\d+)', re.MULTILINE)

# Keys of all versions since 3.39; Terraform decides about the locked version.
# fmt: off
AWS_KEYS = frozenset(
    {
        "access_key", "allowed_account_ids", "assume_role", "assume_role_with_web_identity", "custom_ca_bundle",
        "default_tags", "ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode", "endpoints",
        "forbidden_account_ids", "http_proxy", "https_proxy", "ignore_tags", "insecure", "max_retries", "no_proxy",
        "profile", "region", "retry_mode", "s3_force_path_style", "s3_us_east_1_regional_endpoint", "s3_use_path_style",
        "secret_key", "shared_config_files", "shared_credentials_file", "shared_credentials_files",
        "skip_credentials_validation", "skip_get_ec2_platforms", "skip_metadata_api_check", "skip_region_validation",
        "skip_requesting_account_id", "sts_region", "tag_policy_compliance", "token",
        "token_bucket_rate_limiter_capacity", "use_dualstack_endpoint", "use_fips_endpoint", "user_agent",
    }
)
AWS_BLOCKS: Mapping[str, frozenset[str]] = {
    "assume_role": frozenset(
        {
            "duration", "duration_seconds", "external_id", "policy", "policy_arns", "role_arn", "session_name",
            "source_identity", "tags", "transitive_tag_keys",
        }
    ),
    "assume_role_with_web_identity": frozenset(
        {
            "duration", "policy", "policy_arns", "role_arn", "session_name", "web_identity_token",
            "web_identity_token_file",
        }
    ),
    "default_tags": frozenset({"tags"}),
    "ignore_tags": frozenset({"key_prefixes", "keys"}),
}
# fmt: on


def check_provider_keys(
    tables: Mapping[str, Mapping[str, object]],
    lock: bytes | None,
    further: Iterable[tuple[TomlPath, Mapping[str, object]]] = (),
) -> Iterator[Fault]:
    """Find unknown or forbidden keys, and secrets, in the tables of `[providers]`, and in `further` tables of stacks
    and environments. `lock` is the provider lock of the project. Only keys of the AWS provider up to NEWEST_LISTED are
    checked; Terraform checks all others in its plan.
    """
    own: list[tuple[TomlPath, Mapping[str, object]]] = [(("providers", name), said) for name, said in tables.items()]
    for path, said in own:
        yield from check_provider_secrets(said, path)
    for path, said in (*own, *further):
        base = str(path[-1]).partition(".")[0]
        for key in said.keys() & FORBIDDEN_KEYS:
            dotted = ".".join(map(str, (*path, key)))
            message = f"{dotted}: the name of a table says which configuration it is"
            hint = (
                f'for another region of the account, write [stacks.STACK.providers] "{base}.ALIAS" = {{ region = … }}'
            )
            yield Fault("E134", message, hint, (*path, key))
        if _ADDRESS.fullmatch(find_provider_source(base, tables)):
            yield from _check_aws_keys(path, said, lock)


def _check_aws_keys(table: TomlPath, said: Mapping[str, object], lock: bytes | None) -> Iterator[Fault]:
    is_known = _is_listed_version(lock)
    for key, value in said.items():
        path: TomlPath = (*table, key)
        if table[-1] == "aws" and isinstance(value, Mapping) and key not in AWS_BLOCKS and key not in AWS_KEYS:
            name = f"aws.{key}"
            hint = f'write the name in quotes: "{name}" = {{ … }}, in [stacks.STACK.providers]'
            yield Fault("E132", f"{'.'.join(map(str, path))} looks like an alias", hint, path)
        elif key not in AWS_KEYS | ENVCTL_KEYS | FORBIDDEN_KEYS:
            yield from _report_unknown_key(path, AWS_KEYS, is_known=is_known)
        for position, block in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(block, Mapping) and key in AWS_BLOCKS:
                for inner in block.keys() - AWS_BLOCKS[key]:
                    within = (*path, position) if isinstance(value, list) else path
                    yield from _report_unknown_key((*within, inner), AWS_BLOCKS[key], is_known=is_known)


def _report_unknown_key(path: TomlPath, known: frozenset[str], *, is_known: bool) -> Iterator[Fault]:
    near = find_nearest(str(path[-1]), known)
    if near or is_known:
        dotted = ".".join(str(part) for part in path if isinstance(part, str))
        hint = f"did you mean {near}?" if near else "its keys are those of a `provider` block in Terraform"
        yield Fault("E132", f"{dotted} is not a key that the AWS provider knows", hint, path)


def _is_listed_version(lock: bytes | None) -> bool:
    """Check if the locked version of the AWS provider is one with all keys listed here."""
    for address, block in split_provider_blocks(lock or b"").items():
        if _ADDRESS.fullmatch(address) and (version := _VERSION.search(block)):
            return (int(version[1]), int(version[2])) <= NEWEST_LISTED
    return False
