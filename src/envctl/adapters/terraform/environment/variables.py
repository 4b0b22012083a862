"""Each environment variable that Terraform or OpenTofu reads, with the verdict on what the caller has set it to.

The names come from the source of both; a test holds this table against them.
"""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["passes", "ours", "kept away", "flags", "unpinned"]
"""*passes*: harmless. *ours*: envctl sets it itself, without a remark. *kept away*: removed, with a remark.
*flags*: command line flags, each checked for itself. *unpinned*: replaces a provider, see `overrides.py`.
"""


@dataclass(frozen=True)
class Rule:
    verdict: Verdict
    reason: str


_CREDENTIALS = Rule("passes", "credentials")
_LOGGING = Rule("passes", "only what is logged")
_NETWORK = Rule("passes", "only how often and how long a registry is asked")
_CONFIGURATION = Rule("passes", "the configuration file; its dev_overrides are checked")
_CACHE = Rule("passes", "the plugin cache; the lock pins what is in it")
_ANSWERS = Rule("ours", "envctl never lets Terraform ask a question")
_SETTINGS = Rule("kept away", "envctl passes the settings of the environment itself")
_STATE = Rule("kept away", "envctl.toml says where the state of each stack is")
_ADDRESS = Rule("kept away", "it would read a state from elsewhere")
_CLOUD = Rule("kept away", "envctl works with states in S3 or on this machine only")
_LOCK = Rule("kept away", "providers are exactly what the lock pins")
_DEVELOPING = Rule("kept away", "it is for developing Terraform and providers")
_ERRORS = Rule("kept away", "an error must stay an error")
_POLICY = Rule("kept away", "it would run another program")
_EXPERIMENT = Rule("kept away", "it turns on an experiment")
_TAGS = Rule("kept away", "tags belong into the settings")
_FLAGS = Rule("flags", "flags change what is planned")
UNKNOWN = Rule("kept away", "envctl does not know what it does")

OWN_PREFIXES = ("TF_", "TOFU_", "OPENTOFU_")
"""A variable that begins so is Terraform's own: without a rule it does not pass."""

FLAGS = "TF_CLI_ARGS"
REATTACH = "TF_REATTACH_PROVIDERS"

STARTED = frozenset(
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
"""The commands of Terraform that envctl starts, as the names of the variables spell them."""

NAMES = {
    "CHECKPOINT_DISABLE": Rule("passes", "only whether Terraform asks for newer versions"),
    "OPENTOFU_ENFORCE_GPG_EXPIRATION": Rule("passes", "only a stricter check of signatures"),
    "OPENTOFU_ENFORCE_GPG_VALIDATION": Rule("passes", "only a stricter check of signatures"),
    "OPENTOFU_STATEFILE_PROVIDER_ADDRESS_TRANSLATION": _STATE,
    "OTEL_SERVICE_NAME": _LOGGING,
    "OTEL_TRACES_EXPORTER": _LOGGING,
    "TERRAFORM_CONFIG": _CONFIGURATION,
    "TERRAFORM_RPCAPI_COOKIE": Rule("passes", "only for a command that envctl does not start"),
    "TFC_AGENT_VERSION": Rule("passes", "only for a backend that envctl does not use"),
    "TFC_RUN_ID": Rule("passes", "only for a backend that envctl does not use"),
    "TFE_RUN_ID": Rule("passes", "only for a backend that envctl does not use"),
    "TF_ACC": _DEVELOPING,
    "TF_APPEND_USER_AGENT": Rule("passes", "only how Terraform names itself to servers"),
    FLAGS: _FLAGS,
    "TF_CLI_CONFIG_FILE": _CONFIGURATION,
    "TF_CLOUDPLUGIN_MAGIC_COOKIE": _DEVELOPING,
    "TF_CLOUD_HOSTNAME": _CLOUD,
    "TF_CLOUD_ORGANIZATION": _CLOUD,
    "TF_CLOUD_PLUGIN_DEV_OVERRIDE": _DEVELOPING,
    "TF_CLOUD_PROJECT": _CLOUD,
    "TF_DATA_DIR": Rule("kept away", "each stack has a data directory of its own"),
    "TF_DISABLE_PLUGIN_TLS": _DEVELOPING,
    "TF_ENABLE_PLUGGABLE_STATE_STORAGE": _EXPERIMENT,
    "TF_ENCRYPTION": Rule("passes", "keys for states and plans of OpenTofu"),
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
    REATTACH: Rule("unpinned", "providers that run already replace those that the lock pins"),
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
    "TF_STATE_PERSIST_INTERVAL": Rule("passes", "only how often an apply saves its state meanwhile"),
    "TF_TEMPLATE_RECURSION_DEPTH": Rule("kept away", "a template must end the same way everywhere"),
    "TF_TEMP_LOG_PATH": _LOGGING,
    "TF_TEST_EXPERIMENTS": _EXPERIMENT,
    "TF_TFC_TEST": _DEVELOPING,
    "TF_WARN_OUTPUT_ERRORS": _ERRORS,
    "TF_WORKSPACE": Rule("kept away", "an environment is no workspace; envctl.toml says where each state is"),
    "TOFU_CPU_PROFILE": _LOGGING,
    "TOFU_E2E_APPLY_RESOURCE_PANIC": _DEVELOPING,
    "TOFU_EXPERIMENTAL_CLI_ENABLED": _EXPERIMENT,
    "TOFU_X_EXPERIMENTAL_RUNTIME": _EXPERIMENT,
}

PREFIXES = {
    "TF_CLI_ARGS_": _FLAGS,
    "TF_VAR_": _SETTINGS,
    "TF_TOKEN_": _CREDENTIALS,
    # Read by the AWS provider itself.
    "TF_AWS_DEFAULT_TAGS_": _TAGS,
}


def find_rule(name: str) -> Rule | None:
    """Returns None for a variable that is not Terraform's own, such as PATH or AWS_PROFILE."""
    if rule := NAMES.get(name):
        return rule
    for prefix, rule in PREFIXES.items():
        if name.startswith(prefix):
            return rule
    return UNKNOWN if name.startswith(OWN_PREFIXES) else None
