"""The ID token of a job: the claims that trust policies compare. The token itself is never part of a finding.

https://docs.github.com/actions/reference/security/oidc
https://docs.gitlab.com/ci/secrets/id_token_authentication/
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from envctl.domain.ci.id_token import AUDIENCE, format_claim
from envctl.domain.ci.inspection.job import CheckedJob
from envctl.domain.findings import Finding

SHOWN_CLAIMS = {
    "github": ("sub", "aud", "iss", "environment", "ref", "job_workflow_ref", "repository_id"),
    "gitlab": (
        *("sub", "aud", "iss", "environment", "environment_protected", "deployment_tier"),
        *("ref", "ref_protected", "project_id"),
    ),
}
SUBJECT_COMMAND = "gh api repos/{repository}/actions/oidc/customization/sub"
GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
_GITHUB_ISSUERS = re.compile(re.escape(GITHUB_ISSUER) + r"(?:/[A-Za-z0-9][A-Za-z0-9-]*)?")
"""An enterprise may append its name."""
_IDS = re.compile(r"repo:[^/@:]+@\d+/[^/@:]+@\d+:.+")
_NAMES = re.compile(r"repo:[^/@:]+/[^/@:]+:.+")
_GITLAB = re.compile(r"project_path:[^:]+:ref_type:(?:branch|tag):ref:.+")


@dataclass(frozen=True)
class TokenClaims:
    """Claims of a token, unverified. `problem` says why there are none."""

    claims: Mapping[str, object] = field(default_factory=dict)
    problem: str = ""

    def format_claim(self, name: str) -> str:
        """Return a claim as printable text; empty if the token lacks it."""
        value = self.claims.get(name)
        if value is None:
            return ""
        return format_claim(", ".join(map(str, value)) if isinstance(value, list) else str(value))

    @property
    def audiences(self) -> tuple[str, ...]:
        value = self.claims.get("aud")
        return tuple(map(str, value)) if isinstance(value, list) else (str(value),) if value else ()


def describe_subject_form(subject: str) -> str:
    """Return which form a `sub` has: with ids, with names alone, or by a template of its own."""
    if _IDS.fullmatch(subject):
        return "with ids, the form of repositories made, renamed or moved since 15 July 2026"
    if _NAMES.fullmatch(subject):
        return "with names alone, the form of repositories made before 15 July 2026"
    return "the form of GitLab" if _GITLAB.fullmatch(subject) else "a form of its own, from a template"


def check_token(job: CheckedJob, token: TokenClaims, trusted: str = "") -> Iterator[Finding]:
    """Yield the claims of the token, and what is wrong with them. `trusted` is the issuer that `envctl.toml` names."""
    if token.problem:
        yield Finding("token", "unseen", f"not checked: {token.problem}")
        return
    for name in SHOWN_CLAIMS[job.system]:
        yield _check_issuer(job, token, trusted) if name == "iss" else _check_claim(job, token, name)
    # Who gets a released name later gets the same subject.
    if _NAMES.fullmatch(token.format_claim("sub")) and not token.format_claim("repository_id"):
        why = "sub has names alone, and no repository_id: a later repository of that name gets the same subject"
        yield Finding("repository_id", "warn", why, "compare repository_id in the trust policies, where AWS has it")


def _check_claim(job: CheckedJob, token: TokenClaims, name: str) -> Finding:
    value = token.format_claim(name)
    match name:
        case "sub":
            return _check_subject(job, token, value)
        case "aud" if AUDIENCE not in token.audiences:
            why = f"{value or 'none'}: AWS takes only a token for {AUDIENCE}"
            return Finding(name, "bad", why, f"request the token with the audience {AUDIENCE}")
        case "ref_protected" if job.kind != "plan" and value.casefold() != "true":
            why = f"{value or 'none'}: any developer can push to this branch, and so decides what the job does"
            return Finding(name, "warn", why, "protect the branch: Settings, Repository, Protected branches")
        case _:
            return Finding(name, "good", value or "none")


def _check_issuer(job: CheckedJob, token: TokenClaims, trusted: str) -> Finding:
    issuer = token.format_claim("iss")
    if not issuer:
        return Finding("iss", "bad", "none: AWS finds no provider for the token", "request the token of the job")
    is_usual = job.system == "github" and not trusted and _GITHUB_ISSUERS.fullmatch(issuer)
    if is_usual or issuer == trusted:
        return Finding("iss", "good", issuer)
    why = f"{issuer}, but envctl.toml trusts {trusted or GITHUB_ISSUER}: no person of this job is verified"
    return Finding("iss", "warn", why, f'if it is yours: [ci] {job.system} = "{issuer}"')


def _check_subject(job: CheckedJob, token: TokenClaims, subject: str) -> Finding:
    if not subject:
        return Finding("sub", "bad", "none: no trust policy can name this job", "request the token of the job")
    seen = f"{subject} ({describe_subject_form(subject)})"
    environment = token.format_claim("environment")
    # GitHub escapes colons, which separate the parts.
    part = f":environment:{environment.replace(':', '%3A')}:".casefold()
    # GitLab's subject never names the environment.
    if job.system == "github" and environment and part not in f":{subject}:".casefold():
        why = f"{seen}; it does not name the environment, so all environments share one role"
        repository = token.format_claim("repository") or "OWNER/NAME"
        hint = (
            f"gh api -X PUT {SUBJECT_COMMAND.format(repository=repository).removeprefix('gh api ')} -F use_default=true"
        )
        return Finding("sub", "warn", why, hint)
    return Finding("sub", "good", seen)
