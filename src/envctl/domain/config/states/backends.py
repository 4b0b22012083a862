"""Terraform's backends for states: their keys, the key that tells states apart, and keys that hold secrets.

A test compares the keys with those of the embedded Terraform.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PASSWORD_IN_URL = re.compile(r"://[^/@\s:]*:[^/@\s]+@|\bpassword\s*=")
NO_SECRETS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class BackendKind:
    """A backend of Terraform."""

    keys: frozenset[str]  # its keys in Terraform
    place_key: str  # the key that must differ by environment and stack
    default_place: str  # its value if the project sets none; empty if the project must set it
    identity_keys: tuple[str, ...]  # the keys that decide which state is used
    required_keys: tuple[str, ...] = ()  # further keys that the project must set
    # Keys with secrets, each with the environment variable that Terraform reads instead.
    secret_keys: Mapping[str, str] = field(default_factory=lambda: NO_SECRETS)
    has_workspaces: bool = True  # False if its states can't have workspaces


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


BACKENDS: Mapping[str, BackendKind] = {
    "local": BackendKind(
        keys=_split("path workspace_dir"),
        place_key="path",
        default_place=".envctl/state/{env}/{stack}.tfstate",
        identity_keys=("path", "workspace_dir"),
    ),
    "s3": BackendKind(
        keys=_split(
            """access_key acl allowed_account_ids assume_role assume_role_with_web_identity bucket custom_ca_bundle
            dynamodb_endpoint dynamodb_table ec2_metadata_service_endpoint ec2_metadata_service_endpoint_mode encrypt
            endpoint endpoints forbidden_account_ids force_path_style http_proxy https_proxy iam_endpoint insecure key
            kms_key_id max_retries no_proxy profile region retry_mode secret_key shared_config_files
            shared_credentials_file shared_credentials_files skip_credentials_validation skip_metadata_api_check
            skip_region_validation skip_requesting_account_id skip_s3_checksum sse_customer_key sts_endpoint sts_region
            token use_dualstack_endpoint use_fips_endpoint use_lockfile use_path_style workspace_key_prefix"""
        ),
        place_key="key",
        default_place="{env}/{stack}.tfstate",
        identity_keys=("bucket", "endpoint", "endpoints", "key", "workspace_key_prefix"),
        required_keys=(),
        secret_keys={
            "access_key": "AWS_ACCESS_KEY_ID",
            "secret_key": "AWS_SECRET_ACCESS_KEY",
            "token": "AWS_SESSION_TOKEN",
            "sse_customer_key": "AWS_SSE_CUSTOMER_KEY",
        },
    ),
    "gcs": BackendKind(
        keys=_split(
            """access_token bucket credentials encryption_key impersonate_service_account
            impersonate_service_account_delegates kms_encryption_key prefix storage_custom_endpoint"""
        ),
        place_key="prefix",
        default_place="{env}/{stack}",
        identity_keys=("bucket", "prefix", "storage_custom_endpoint"),
        required_keys=("bucket",),
        secret_keys={
            "access_token": "GOOGLE_OAUTH_ACCESS_TOKEN",
            "credentials": "GOOGLE_CREDENTIALS",
            "encryption_key": "GOOGLE_ENCRYPTION_KEY",
        },
    ),
    "azurerm": BackendKind(
        keys=_split(
            """access_key ado_pipeline_service_connection_id client_certificate client_certificate_password
            client_certificate_path client_id client_id_file_path client_secret client_secret_file_path container_name
            endpoint environment key lookup_blob_endpoint metadata_host msi_endpoint oidc_request_token oidc_request_url
            oidc_token oidc_token_file_path resource_group_name sas_token snapshot storage_account_name subscription_id
            tenant_id use_aks_workload_identity use_azuread_auth use_cli use_msi use_oidc"""
        ),
        place_key="key",
        default_place="{env}/{stack}.tfstate",
        identity_keys=("storage_account_name", "container_name", "key", "environment", "metadata_host"),
        required_keys=("storage_account_name", "container_name"),
        secret_keys={
            "access_key": "ARM_ACCESS_KEY",
            "client_certificate": "ARM_CLIENT_CERTIFICATE",
            "client_certificate_password": "ARM_CLIENT_CERTIFICATE_PASSWORD",
            "client_secret": "ARM_CLIENT_SECRET",
            "oidc_request_token": "ARM_OIDC_REQUEST_TOKEN",
            "oidc_token": "ARM_OIDC_TOKEN",
            "sas_token": "ARM_SAS_TOKEN",
        },
    ),
    "http": BackendKind(
        keys=_split(
            """address client_ca_certificate_pem client_certificate_pem client_private_key_pem lock_address lock_method
            password retry_max retry_wait_max retry_wait_min skip_cert_verification unlock_address unlock_method
            update_method username"""
        ),
        place_key="address",
        default_place="",
        identity_keys=("address",),
        required_keys=("address",),
        secret_keys={"client_private_key_pem": "TF_HTTP_CLIENT_PRIVATE_KEY_PEM", "password": "TF_HTTP_PASSWORD"},
        has_workspaces=False,
    ),
    "kubernetes": BackendKind(
        keys=_split(
            """client_certificate client_key cluster_ca_certificate config_context config_context_auth_info
            config_context_cluster config_path config_paths exec host in_cluster_config insecure labels namespace
            password proxy_url secret_suffix token username"""
        ),
        place_key="secret_suffix",
        default_place="{project}-{env}-{stack}",
        identity_keys=("secret_suffix", "namespace", "host", "config_context", "config_context_cluster", "config_path"),
        required_keys=(),
        secret_keys={"client_key": "KUBE_CLIENT_KEY_DATA", "password": "KUBE_PASSWORD", "token": "KUBE_TOKEN"},
    ),
    "consul": BackendKind(
        keys=_split("access_token address ca_file cert_file datacenter gzip http_auth key_file lock path scheme"),
        place_key="path",
        default_place="{project}/{env}/{stack}",
        identity_keys=("path", "address", "datacenter"),
        required_keys=(),
        secret_keys={"access_token": "CONSUL_HTTP_TOKEN", "http_auth": "CONSUL_HTTP_AUTH"},
    ),
    "pg": BackendKind(
        keys=_split("conn_str schema_name skip_index_creation skip_schema_creation skip_table_creation"),
        place_key="schema_name",
        default_place="{project}_{env}_{stack}",
        identity_keys=("schema_name", "conn_str"),
    ),
    "cos": BackendKind(
        keys=_split(
            """accelerate acl assume_role bucket cam_role_name domain encrypt endpoint key prefix profile region
            secret_id secret_key security_token shared_credentials_dir"""
        ),
        place_key="prefix",
        default_place="{env}/{stack}",
        identity_keys=("bucket", "prefix", "key", "endpoint", "domain"),
        required_keys=("bucket",),
        secret_keys={
            "secret_id": "TENCENTCLOUD_SECRET_ID",
            "secret_key": "TENCENTCLOUD_SECRET_KEY",
            "security_token": "TENCENTCLOUD_SECURITY_TOKEN",
        },
    ),
    "oss": BackendKind(
        keys=_split(
            """access_key acl assume_role assume_role_policy assume_role_role_arn assume_role_session_expiration
            assume_role_session_name bucket ecs_role_name encrypt endpoint key prefix profile region secret_key
            security_token shared_credentials_file sts_endpoint tablestore_endpoint tablestore_instance_name
            tablestore_table"""
        ),
        place_key="prefix",
        default_place="{env}/{stack}",
        identity_keys=("bucket", "prefix", "key", "endpoint"),
        required_keys=("bucket",),
        secret_keys={
            "access_key": "ALICLOUD_ACCESS_KEY",
            "secret_key": "ALICLOUD_SECRET_KEY",
            "security_token": "ALICLOUD_SECURITY_TOKEN",
        },
    ),
    "remote": BackendKind(
        keys=_split("hostname organization token workspaces"),
        place_key="workspaces",
        default_place="",
        identity_keys=("hostname", "organization", "workspaces"),
        required_keys=("organization", "workspaces"),
        secret_keys={"token": "TF_TOKEN_app_terraform_io"},
    ),
}
"""`cloud` is none: it is a block of its own, and `remote` reaches the same states."""


def list_placeholders(value: object) -> Iterator[str]:
    """Yield the names of the `{placeholders}` in all strings of a value."""
    match value:
        case str():
            yield from _PLACEHOLDER.findall(value)
        case Mapping():
            for each in value.values():
                yield from list_placeholders(each)
        case list() | tuple():
            for each in value:
                yield from list_placeholders(each)


def fill_placeholders(value: object, names: Mapping[str, str]) -> object:
    """Return the value with the placeholders in all its strings replaced. Unknown ones and other braces stay."""
    match value:
        case str():
            return _PLACEHOLDER.sub(lambda found: names.get(found[1], found[0]), value)
        case Mapping():
            return {key: fill_placeholders(each, names) for key, each in value.items()}
        case list() | tuple():
            return [fill_placeholders(each, names) for each in value]
    return value


def has_password(value: object) -> bool:
    """Check if a string in the value holds a password, as in `postgres://user:password@host`."""
    match value:
        case str():
            return _PASSWORD_IN_URL.search(value) is not None
        case Mapping():
            return any(has_password(each) for each in value.values())
        case list() | tuple():
            return any(has_password(each) for each in value)
    return False
