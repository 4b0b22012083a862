"""Secrets by name: the needed ones and their states. Their values are never read."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from envctl.domain.command_lines import format_command
from envctl.domain.errors import Location, Problem

SecretKind = Literal["secretsmanager", "ssm"]
SECRET_KINDS: tuple[SecretKind, ...] = get_args(SecretKind)
SERVICE_NAMES: dict[SecretKind, str] = {"secretsmanager": "Secrets Manager", "ssm": "the Parameter Store"}
# *deleting* is scheduled for deletion, *empty* has no current version, *unknown* could not be checked, and *elsewhere*
# is in another account and not checked.
SecretState = Literal["there", "absent", "deleting", "empty", "unknown", "elsewhere"]
MISSING_STATES: frozenset[SecretState] = frozenset({"absent", "deleting", "empty"})
ENCRYPTED_TYPE = "SecureString"


@dataclass(frozen=True, kw_only=True)
class NeededSecret:
    """A secret named in settings."""

    kind: SecretKind
    name: str
    id: str  # the name, or the ARN if the settings have one
    asked_by: tuple[str, ...] = ()  # the settings naming it, each with its stack
    location: Location | None = None  # the location of the first of them
    account_id: str = ""  # of the ARN, as the region; empty otherwise
    region: str = ""


@dataclass(frozen=True)
class Sighting:
    """The state of a secret."""

    secret: NeededSecret
    state: SecretState
    changed_at: datetime | None = None
    remark: str = ""  # additional information, or the reason for *unknown*
    hint: str = ""  # the way to fix *unknown*
    type: str = ""  # the type of a parameter

    @property
    def missing(self) -> bool:
        return self.state in MISSING_STATES


@dataclass(frozen=True)
class SecretValue:
    """The value of a secret on its way to AWS. It is never shown."""

    data: bytes = field(repr=False)

    @property
    def text(self) -> str | None:
        """Return the value as text; None for other bytes."""
        try:
            return self.data.decode()
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True)
class SecretChange:
    """A change of a secret, for confirmation. `account_id` is empty if unknown."""

    environment: str
    account_id: str
    secret: NeededSecret
    creates: bool


KIB = 1024
MAX_SIZES: dict[SecretKind, int] = {"secretsmanager": 64 * KIB, "ssm": 8 * KIB}
# Longer parameters must be *advanced* ones; AWS charges for these.
MAX_STANDARD_SIZE = 4 * KIB


def explain_invalid_value(value: SecretValue, kind: SecretKind) -> str:
    """Return the reason a secret of that kind cannot have this value; empty if it can."""
    if not value.data.strip():
        return "it is empty"
    if len(value.data) > MAX_SIZES[kind]:
        return f"it has more than {MAX_SIZES[kind] // KIB} KiB, the limit of {SERVICE_NAMES[kind]}"
    if kind == "ssm" and value.text is None:
        return "it is not UTF-8 text; the Parameter Store takes only UTF-8"
    return ""


def find_problem(sighting: Sighting, environment: str) -> Problem | None:
    """Return the problem with a secret and its fix; None without a problem."""
    secret = sighting.secret
    what = f"the secret {secret.name} in {SERVICE_NAMES[secret.kind]} of {environment}"
    by = f" ({' and '.join(secret.asked_by)})" if secret.asked_by else ""
    match sighting.state:
        case "absent" | "empty":
            lack = "does not exist" if sighting.state == "absent" else "has no current version"
            hint = format_command("secrets set", environment, secret.name)
            return Problem("E440", f"{what} {lack}{by}", hint, secret.location)
        case "deleting":
            hint = f"aws secretsmanager restore-secret --secret-id {secret.id}"
            return Problem("E440", f"{what} is scheduled for deletion{by}", hint, secret.location)
        case "unknown":
            message = f"{what} can't be checked{by}: {sighting.remark}"
            return Problem("E441", message, sighting.hint, secret.location)
        case "there" | "elsewhere":
            return None
