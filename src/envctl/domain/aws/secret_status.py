"""Secrets by their names: which are needed, and whether each is there. What they hold is never looked at."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from envctl.domain.errors import Location, Problem

Kind = Literal["secretsmanager", "ssm"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SERVICES: dict[Kind, str] = {"secretsmanager": "Secrets Manager", "ssm": "the Parameter Store"}
# *deleting* waits for its deletion, *empty* has no current version; of *unknown* nobody could tell, and what is
# *elsewhere* lies in another account, which is not looked into.
State = Literal["there", "absent", "deleting", "empty", "unknown", "elsewhere"]
MISSING: frozenset[State] = frozenset({"absent", "deleting", "empty"})
ENCRYPTED = "SecureString"


@dataclass(frozen=True)
class NeededSecret:
    """`id` is what AWS is asked with: the name, or the ARN where the settings have one. `account_id` and `region` are
    what an ARN says, and empty otherwise. `asked_by` are the settings that name it, each with its stack, and `location`
    is where the first of them stands.
    """

    kind: Kind
    name: str
    id: str
    asked_by: tuple[str, ...] = ()
    location: Location | None = None
    account_id: str = ""
    region: str = ""


@dataclass(frozen=True)
class Sighting:
    """What was seen of a secret. `remark` says what is worth knowing besides, and of an unknown one why nobody can
    tell; `hint` what helps then. `type` is that of a parameter.
    """

    secret: NeededSecret
    state: State
    changed_at: datetime | None = None
    remark: str = ""
    hint: str = ""
    type: str = ""

    @property
    def missing(self) -> bool:
        return self.state in MISSING


@dataclass(frozen=True)
class SecretValue:
    """What a secret holds, on its way from whoever knows it to AWS. It is shown by nothing."""

    data: bytes = field(repr=False)

    @property
    def text(self) -> str | None:
        """None for what is no text."""
        try:
            return self.data.decode()
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True)
class SecretChange:
    """What is about to be done to a secret, for whoever is asked. `account_id` is empty where nothing says it."""

    environment: str
    account_id: str
    secret: NeededSecret
    creates: bool


KILO = 1024
LONGEST: dict[Kind, int] = {"secretsmanager": 64 * KILO, "ssm": 8 * KILO}
# A parameter that is longer has to be an *advanced* one, which AWS charges for.
LONGEST_STANDARD = 4 * KILO


def unfit(value: SecretValue, kind: Kind) -> str:
    """Why a secret of that kind can't hold the value; empty where it can."""
    if not value.data.strip():
        return "it is empty"
    if len(value.data) > LONGEST[kind]:
        return f"it has more than {LONGEST[kind] // KILO} KiB, and {SERVICES[kind]} takes no more"
    if kind == "ssm" and value.text is None:
        return "it is no UTF-8 text, and the Parameter Store takes nothing else"
    return ""


def command(secret: NeededSecret, environment: str) -> str:
    """What a person types to create it, or to give it a value."""
    return f"envctl secrets set {environment} {secret.name}"


def problem(sighting: Sighting, environment: str) -> Problem | None:
    """What is wrong with it, and the way to mend that; None where nothing is."""
    secret = sighting.secret
    what = f"the secret {secret.name} in {SERVICES[secret.kind]} of {environment}"
    by = f" ({' and '.join(secret.asked_by)})" if secret.asked_by else ""
    match sighting.state:
        case "absent":
            return Problem("E440", f"{what} is not there{by}", command(secret, environment), secret.location)
        case "empty":
            message = f"{what} has no current version{by}"
            return Problem("E440", message, command(secret, environment), secret.location)
        case "deleting":
            hint = f"aws secretsmanager restore-secret --secret-id {secret.id}"
            return Problem("E440", f"{what} is scheduled for deletion{by}", hint, secret.location)
        case "unknown":
            message = f"{what} can't be looked at{by}: {sighting.remark}"
            return Problem("E441", message, sighting.hint, secret.location)
        case "there" | "elsewhere":
            return None
