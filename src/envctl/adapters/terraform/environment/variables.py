"""Environment variables read by Terraform or OpenTofu, with a verdict on a value set by the caller.

The names come from the source of both; a test compares this table with it.
"""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["passes", "ours", "kept away", "flags", "unpinned"]
"""*passes*: harmless. *ours*: envctl sets it itself, without a remark. *kept away*: removed, with a remark.
*flags*: command line flags, each checked on its own. *unpinned*: replaces a provider, see `provider_overrides.py`.
"""


@dataclass(frozen=True)
class VariableRule:
    verdict: Verdict
    reason: str


_CREDENTIALS = VariableRule("passes", "credentials")
_LOGGING = VariableRule("passes", "only what is logged")
_NETWORK = VariableRule("passes", "only how often and how long a registry is asked")
_CONFIGURATION = VariableRule("passes", "the configuration file; its dev_overrides are checked")
_CACHE = VariableRule("passes", "the plugin cache; the lock pins what is in it")
_ANSWERS = VariableRule("ours", "envctl never lets Terraform ask a question")
_SETTINGS = VariableRule("kept away", "envctl passes the settings of the environment itself")
_STATE = VariableRule("kept away", "envctl.toml says where the state of each stack is")
_ADDRESS = VariableRule("kept away", "it would read a state from elsewhere")
_CLOUD = VariableRule("kept away", "envctl works with states in S3 or on this machine only")
_LOCK = VariableRule("kept away", "providers are exactly what the lock pins")
_DEVELOPING = VariableRule("kept away", "it is for developing Terraform and providers")
_ERRORS = VariableRule("kept away", "an error must stay an error")
_POLICY = VariableRule("kept away", "it would run another program")
_EXPERIMENT = VariableRule("kept away", "it turns on an experiment")
_TAGS = VariableRule("kept away", "tags belong into the settings")
_FLAGS = VariableRule("flags", "flags change what is planned")
UNKNOWN_RULE = VariableRule("kept away", "envctl does not know what it does")

OWN_PREFIXES = ("TF_", "TOFU_", "OPENTOFU_")
"""Prefixes of Terraform's own variables. Without a rule, such a variable does not pass."""

FLAGS_VARIABLE = "TF_CLI_ARGS"
REATTACH_VARIABLE = "TF_REATTACH_PROVIDERS"

STARTED_COMMANDS = frozenset(
    (
        "apply",
        "fmt",
        "force_unlock",
        "get",
        "init",
        "output",
        "plan",
        "providers_lock",
        "show",
        "state_pull",
        "state_push",
        "version",
    )
)
"""The commands of Terraform used by envctl, as spelled in names of variables."""

RULES_BY_NAME = {
    "CHECKPOINT_DISABLE": VariableRule("passes", "only whether Terraform asks for newer versions"),
    "OPENTOFU_ENFORCE_GPG_EXPIRATION": VariableRule("passes", "only a stricter check of signatures"),
    "OPENTOFU_ENFORCE_GPG_VALIDATION": VariableRule("passes", "only a stricter check of signatures"),
    "OPENTOFU_STATEFILE_PROVIDER_ADDRESS_TRANSLATION": _STATE,
    "OTEL_SERVICE_NAME": _LOGGING,
    "OTEL_TRACES_EXPORTER": _LOGGING,
    "TERRAFORM_CONFIG": _CONFIGURATION,
    "TERRAFORM_RPCAPI_COOKIE": VariableRule("passes", "only for a command that envctl does not start"),
    "TFC_AGENT_VERSION": VariableRule("passes", "only for a backend that envctl does not use"),
    "TFC_RUN_ID": VariableRule("passes", "only for a backend that envctl does not use"),
    "TFE_RUN_ID": VariableRule("passes", "only for a backend that envctl does not use"),
    "TF_ACC": _DEVELOPING,
    "TF_APPEND_USER_AGENT": VariableRule("passes", "only how Terraform names itself to servers"),
    FLAGS_VARIABLE: _FLAGS,
    "TF_CLI_CONFIG_FILE": _CONFIGURATION,
    "TF_CLOUDPLUGIN_MAGIC_COOKIE": _DEVELOPING,
    "TF_CLOUD_HOSTNAME": _CLOUD,
    "TF_CLOUD_ORGANIZATION": _CLOUD,
    "TF_CLOUD_PLUGIN_DEV_OVERRIDE": _DEVELOPING,
    "TF_CLOUD_PROJECT": _CLOUD,
    "TF_DATA_DIR": VariableRule("kept away", "each stack has a data directory of its own"),
    "TF_DISABLE_PLUGIN_TLS": _DEVELOPING,
    "TF_ENABLE_PLUGGABLE_STATE_STORAGE": _EXPERIMENT,
    "TF_ENCRYPTION": VariableRule("passes", "keys for states and plans of OpenTofu"),
    "TF_FORCE_LOCAL_BACKEND": _STATE,
    "TF_GRAPH_TRACE": _LOGGING,
    "TF_HTTP_ADDRESS": _ADDRESS,
    "TF_HTTP_CLIENT_CA_CERTIFICATE_PEM": _CREDENTIALS,
    "TF_HTTP_CLIENT_CERTIFICATE_PEM": _CREDENTIALS,
    "TF_HTTP_CLIENT_PRIVATE_KEY_PEM": _CREDENTIALS,
    "TF_HTTP_LOCK_ADDRESS": _ADDRESS,
    "TF_HTTP_LOCK_METHOD": _ADDRESS,
    "TF_HTTP_PASSWORD": _CREDENTIALS,
    "TF_HTTP_RETRY_MAX": _NETWORK,
    "TF_HTTP_RETRY_WAIT_MAX": _NETWORK,
    "TF_HTTP_RETRY_WAIT_MIN": _NETWORK,
    "TF_HTTP_UNLOCK_ADDRESS": _ADDRESS,
    "TF_HTTP_UNLOCK_METHOD": _ADDRESS,
    "TF_HTTP_UPDATE_METHOD": _ADDRESS,
    "TF_HTTP_USERNAME": _CREDENTIALS,
    "TF_INPUT": _ANSWERS,
    "TF_IN_AUTOMATION": _ANSWERS,
    "TF_LOG": _LOGGING,
    "TF_LOG_CLOUD": _LOGGING,
    "TF_LOG_CORE": _LOGGING,
    "TF_LOG_PATH": _LOGGING,
    "TF_LOG_PROVIDER": _LOGGING,
    "TF_LOG_STACKS": _LOGGING,
    "TF_PLUGIN_CACHE_DIR": _CACHE,
    "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": _LOCK,
    "TF_PLUGIN_MAGIC_COOKIE": _DEVELOPING,
    "TF_POLICY_LOG_LEVEL": _LOGGING,
    "TF_POLICY_PARALLELISM": _POLICY,
    "TF_POLICY_PLUGIN": _POLICY,
    "TF_PROVIDER_DOWNLOAD_RETRY": _NETWORK,
    REATTACH_VARIABLE: VariableRule("unpinned", "providers that run already replace those that the lock pins"),
    "TF_REGISTRY_CLIENT_TIMEOUT": _NETWORK,
    "TF_REGISTRY_DISCOVERY_RETRY": _NETWORK,
    "TF_SCHEMA_PANIC_ON_ERROR": _DEVELOPING,
    "TF_SKIP_CREATE_DEFAULT_WORKSPACE": _EXPERIMENT,
    "TF_SKIP_REMOTE_TESTS": _DEVELOPING,
    "TF_STACKS_HOSTNAME": _CLOUD,
    "TF_STACKS_MAGIC_COOKIE": _DEVELOPING,
    "TF_STACKS_ORGANIZATION_NAME": _CLOUD,
    "TF_STACKS_PLUGIN_DEV_OVERRIDE": _DEVELOPING,
    "TF_STACKS_PROJECT_NAME": _CLOUD,
    "TF_STACKS_STACK_NAME": _CLOUD,
    "TF_STACKS_TOKEN": _CLOUD,
    "TF_STATE_PERSIST_INTERVAL": VariableRule("passes", "only how often an apply saves its state meanwhile"),
    "TF_TEMPLATE_RECURSION_DEPTH": VariableRule("kept away", "a template must end the same way everywhere"),
    "TF_TEMP_LOG_PATH": _LOGGING,
    "TF_TEST_EXPERIMENTS": _EXPERIMENT,
    "TF_TFC_TEST": _DEVELOPING,
    "TF_WARN_OUTPUT_ERRORS": _ERRORS,
    "TF_WORKSPACE": VariableRule("kept away", "an environment is no workspace; envctl.toml says where each state is"),
    "TOFU_CPU_PROFILE": _LOGGING,
    "TOFU_E2E_APPLY_RESOURCE_PANIC": _DEVELOPING,
    "TOFU_EXPERIMENTAL_CLI_ENABLED": _EXPERIMENT,
    "TOFU_X_EXPERIMENTAL_RUNTIME": _EXPERIMENT,
}

RULES_BY_PREFIX = {
    "TF_CLI_ARGS_": _FLAGS,
    "TF_VAR_": _SETTINGS,
    "TF_TOKEN_": _CREDENTIALS,
    # Read by the AWS provider itself.
    "TF_AWS_DEFAULT_TAGS_": _TAGS,
}


def find_rule(name: str) -> VariableRule | None:
    """Return the rule of a variable; None for variables of other programs, such as PATH or AWS_PROFILE."""
    if rule := RULES_BY_NAME.get(name):
        return rule
    for prefix, rule in RULES_BY_PREFIX.items():
        if name.startswith(prefix):
            return rule
    return UNKNOWN_RULE if name.startswith(OWN_PREFIXES) else None
