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


UNKNOWN_RULE = VariableRule("kept away", "envctl does not know its effect")

OWN_PREFIXES = ("TF_", "TOFU_", "OPENTOFU_")
"""Prefixes of Terraform's own variables. Without a rule, such a variable does not pass."""

PROVIDER_LOG = {"TF_LOG_PROVIDER": "ERROR"}
"""Makes Terraform log on stderr how a provider ended: it reports it nowhere else."""

LOG_VARIABLE = "TF_LOG"
"""A value set by the user replaces PROVIDER_LOG."""

FLAGS_VARIABLE = "TF_CLI_ARGS"
REATTACH_VARIABLE = "TF_REATTACH_PROVIDERS"

_SUBCOMMANDS = frozenset({"force_unlock", "providers_lock", "state_pull", "state_push"})
STARTED_COMMANDS = _SUBCOMMANDS | {"apply", "fmt", "get", "init", "output", "plan", "show", "version"}
"""The commands of Terraform used by envctl, as spelled in names of variables."""

_RULES: tuple[tuple[Verdict, str, str], ...] = (
    ("passes", "only the check for newer versions", "CHECKPOINT_DISABLE"),
    (
        "passes",
        "only a stricter check of signatures",
        """OPENTOFU_ENFORCE_GPG_EXPIRATION
        OPENTOFU_ENFORCE_GPG_VALIDATION""",
    ),
    (
        "passes",
        "only the log",
        """OTEL_SERVICE_NAME OTEL_TRACES_EXPORTER TF_GRAPH_TRACE TF_LOG TF_LOG_CLOUD
        TF_LOG_CORE TF_LOG_PATH TF_LOG_PROVIDER TF_LOG_STACKS TF_POLICY_LOG_LEVEL TF_TEMP_LOG_PATH TOFU_CPU_PROFILE""",
    ),
    ("passes", "the configuration file; its dev_overrides are checked", "TERRAFORM_CONFIG TF_CLI_CONFIG_FILE"),
    ("passes", "only for a command never run by envctl", "TERRAFORM_RPCAPI_COOKIE"),
    ("passes", "only for a backend never used by envctl", "TFC_AGENT_VERSION TFC_RUN_ID TFE_RUN_ID"),
    ("passes", "only Terraform's name in requests to servers", "TF_APPEND_USER_AGENT"),
    ("passes", "keys for states and plans of OpenTofu", "TF_ENCRYPTION"),
    (
        "passes",
        "credentials",
        """TF_HTTP_CLIENT_CA_CERTIFICATE_PEM TF_HTTP_CLIENT_CERTIFICATE_PEM
        TF_HTTP_CLIENT_PRIVATE_KEY_PEM TF_HTTP_PASSWORD TF_HTTP_USERNAME""",
    ),
    (
        "passes",
        "only retries and time limits of registries",
        """TF_HTTP_RETRY_MAX TF_HTTP_RETRY_WAIT_MAX
        TF_HTTP_RETRY_WAIT_MIN TF_PROVIDER_DOWNLOAD_RETRY TF_REGISTRY_CLIENT_TIMEOUT TF_REGISTRY_DISCOVERY_RETRY""",
    ),
    ("passes", "the plugin cache; the lock pins its content", "TF_PLUGIN_CACHE_DIR"),
    ("passes", "only how often an apply saves its state meanwhile", "TF_STATE_PERSIST_INTERVAL"),
    ("ours", "Terraform never asks a question under envctl", "TF_INPUT TF_IN_AUTOMATION"),
    ("ours", "plans and applies run here, never on a server", "TF_FORCE_LOCAL_BACKEND"),
    (
        "kept away",
        "envctl.toml sets the place of the state of each stack",
        "OPENTOFU_STATEFILE_PROVIDER_ADDRESS_TRANSLATION",
    ),
    (
        "kept away",
        "it is for developing Terraform and providers",
        """TF_ACC TF_CLOUDPLUGIN_MAGIC_COOKIE
        TF_CLOUD_PLUGIN_DEV_OVERRIDE TF_DISABLE_PLUGIN_TLS TF_PLUGIN_MAGIC_COOKIE TF_SCHEMA_PANIC_ON_ERROR
        TF_SKIP_REMOTE_TESTS TF_STACKS_MAGIC_COOKIE TF_STACKS_PLUGIN_DEV_OVERRIDE TF_TFC_TEST
        TOFU_E2E_APPLY_RESOURCE_PANIC""",
    ),
    (
        "kept away",
        "envctl replaces a `cloud` block by the backend of envctl.toml",
        """TF_CLOUD_HOSTNAME TF_CLOUD_ORGANIZATION
        TF_CLOUD_PROJECT TF_STACKS_HOSTNAME TF_STACKS_ORGANIZATION_NAME TF_STACKS_PROJECT_NAME TF_STACKS_STACK_NAME
        TF_STACKS_TOKEN""",
    ),
    ("kept away", "each stack has its own data directory", "TF_DATA_DIR"),
    (
        "kept away",
        "it turns on an experiment",
        """TF_ENABLE_PLUGGABLE_STATE_STORAGE TF_SKIP_CREATE_DEFAULT_WORKSPACE
        TF_TEST_EXPERIMENTS TOFU_EXPERIMENTAL_CLI_ENABLED TOFU_X_EXPERIMENTAL_RUNTIME""",
    ),
    (
        "kept away",
        "it would read a state from another place",
        """TF_HTTP_ADDRESS TF_HTTP_LOCK_ADDRESS TF_HTTP_LOCK_METHOD
        TF_HTTP_UNLOCK_ADDRESS TF_HTTP_UNLOCK_METHOD TF_HTTP_UPDATE_METHOD""",
    ),
    ("kept away", "providers are exactly those in the lock", "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"),
    ("kept away", "it would run another program", "TF_POLICY_PARALLELISM TF_POLICY_PLUGIN"),
    ("kept away", "a template must end the same way everywhere", "TF_TEMPLATE_RECURSION_DEPTH"),
    ("kept away", "an error must stay an error", "TF_WARN_OUTPUT_ERRORS"),
    ("kept away", "envctl.toml sets the place of each state: [state] workspace", "TF_WORKSPACE"),
    ("flags", "flags change the plan", FLAGS_VARIABLE),
    ("unpinned", "running providers replace the pinned ones", REATTACH_VARIABLE),
)
RULES_BY_NAME = {name: VariableRule(verdict, reason) for verdict, reason, names in _RULES for name in names.split()}

RULES_BY_PREFIX = {
    f"{FLAGS_VARIABLE}_": RULES_BY_NAME[FLAGS_VARIABLE],
    "TF_VAR_": VariableRule("kept away", "envctl passes the settings of the environment itself"),
    "TF_TOKEN_": VariableRule("passes", "credentials"),
    # Read by the AWS provider itself.
    "TF_AWS_DEFAULT_TAGS_": VariableRule("kept away", "tags belong in the settings"),
}


def find_rule(name: str) -> VariableRule | None:
    """Return the rule of a variable; None for variables of other programs, such as PATH or AWS_PROFILE."""
    if rule := RULES_BY_NAME.get(name):
        return rule
    for prefix, rule in RULES_BY_PREFIX.items():
        if name.startswith(prefix):
            return rule
    return UNKNOWN_RULE if name.startswith(OWN_PREFIXES) else None
