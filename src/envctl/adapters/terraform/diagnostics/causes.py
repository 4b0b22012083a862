"""Known causes of failures outside of the code, by messages of Terraform, its backends and the AWS provider."""

import re
from dataclasses import dataclass

from envctl.adapters.terraform.diagnostics.killed_process import MEMORY_HINT, OUT_OF_MEMORY
from envctl.domain.command_lines import format_command


@dataclass(frozen=True)
class FailureCause:
    code: str
    pattern: re.Pattern[str]
    hint: str


def _build_cause(code: str, pattern: str, hint: str) -> FailureCause:
    return FailureCause(code, re.compile(pattern, re.IGNORECASE), hint)


UPSTREAM_GONE, EXPIRED, DENIED = "E321", "E324", "E326"
SSO_LOGIN = "aws sso login"
# The first match counts: a damaged state also has an unknown format, and expired credentials or a broken network also
# prevent assuming a role, without any lack of permission.
CAUSES = (
    _build_cause(
        UPSTREAM_GONE,
        r"Unable to find remote state|No stored state was found for the given workspace",
        "the state of an upstream stack is missing: restore it from a version of its bucket or a backup",
    ),
    _build_cause(
        "E346",
        r"no space left on device|disk quota exceeded",
        "free space on that disk, and run the command again: it continues from the current state",
    ),
    _build_cause(
        OUT_OF_MEMORY,
        r"cannot allocate memory|fatal error: (?:runtime: )?(?:cannot allocate|out of) memory",
        f"not enough memory: {MEMORY_HINT}",
    ),
    _build_cause(
        "E347",
        r"match any of the checksums (?:previously )?recorded",
        "the lock has no package for this platform; to include all platforms in the next release:"
        f" {format_command('lock-providers')}",
    ),
    _build_cause("E348", r"does not match configured version", format_command("lock-providers", upgrade=True)),
    _build_cause(
        "E328",
        r"could not be parsed as JSON|does not have a \"version\" attribute|state file.*(?:corrupt|invalid|malformed)",
        "the state is damaged: restore it from a version of its bucket or a backup",
    ),
    _build_cause(
        "E327",
        r"managed by newer provider version|created by a newer provider version",
        "a newer release was deployed here: deploy a release with that provider version or a newer one",
    ),
    _build_cause(
        "E327",
        r"state snapshot was created by Terraform v|unsupported state file format|state was created by a newer",
        "use that version or a newer one: [terraform] binary in envctl.toml, or ENVCTL_TERRAFORM",
    ),
    _build_cause(
        EXPIRED,
        r"ExpiredToken|token included in the request is (?:expired|invalid)|InvalidClientTokenId|InvalidAccessKeyId"
        r"|UnrecognizedClientException|No valid credential sources|failed to refresh cached (?:credentials|SSO)"
        r"|SSO (?:session|token).*expired|SignatureDoesNotMatch|AuthFailure",
        f"log in again (for example: {SSO_LOGIN}), and run the command again: it continues from the current state",
    ),
    _build_cause(
        "E323",
        r"Throttl|RequestLimitExceeded|TooManyRequests|Rate exceeded|StatusCode: 429|SlowDown",
        "AWS accepts no more requests now: run it again in some minutes; if needed, with fewer requests at once"
        " (TF_CLI_ARGS_plan=-parallelism=2)",
    ),
    _build_cause(
        # Terraform takes the first word of a resource type for a provider.
        "E325",
        r"available (?:versions for|provider packages)[^:]*\bhashicorp/(?!aws:)[^\s:]+:\s+could not connect",
        "check the network and the proxy; or, if no module should need this provider, correct the resource type that"
        " begins with its name",
    ),
    _build_cause(
        "E325",
        r"no such host|connection refused|connection reset|i/o timeout|context deadline exceeded|dial tcp"
        r"|TLS handshake|network is unreachable|request send failed|send request failed|proxyconnect",
        "check the network, the proxy and the region, and run the command again",
    ),
    _build_cause(
        DENIED,
        r"cannot assume (?:IAM )?role|AccessDenied|UnauthorizedOperation|not authorized to perform|StatusCode: 403",
        "the credentials are valid, but a permission is missing: check assume_role of the environment in"
        " envctl.toml, and its permissions",
    ),
)


def find_cause(text: str) -> FailureCause | None:
    return next((cause for cause in CAUSES if cause.pattern.search(text)), None)
