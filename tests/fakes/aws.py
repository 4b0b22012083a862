"""AWS in memory: roles, secrets, keys and alarms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from envctl.domain.aws.access import CallerIdentity
from envctl.domain.aws.buckets import Policy
from envctl.domain.aws.key_policy import KEY_USAGE, KeyRecord
from envctl.domain.aws.secret_status import NeededSecret, SecretState, SecretValue, Sighting
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from envctl.domain.ledger.key_roles import KeyRole
from envctl.domain.ledger.signatures import Algorithm
from envctl.domain.rollout.alarms import AlarmState, AlarmStatus
from envctl.usecases.ports.aws import SecretReading, SecretReference


@dataclass
class MemoryAccess:
    """Gives the same keys for every environment, except the refused ones."""

    refused: set[str] = field(default_factory=set)
    accounts: dict[str, str] = field(default_factory=dict)  # by environment
    ends_at: datetime | None = None
    asked: list[str] = field(default_factory=list)
    remembered: set[str] = field(default_factory=set)
    off: timedelta | None = None

    def is_confirmed(self, environment: str) -> bool:
        return environment in self.remembered

    def save_confirmed(self, environment: str) -> None:
        self.remembered.add(environment)

    def clock_skew(self) -> timedelta | None:
        return self.off

    def fetch_caller(self, environment: str = "") -> CallerIdentity:
        self.asked.append(environment)
        if environment in self.refused:
            raise OperationFailedError(Problem("E413", f"the role of {environment} can't be assumed"))
        account = self.accounts.get(environment, "111111111111")
        return CallerIdentity(account, f"arn:aws:sts::{account}:assumed-role/envctl-deployer/envctl", self.ends_at)

    def export_credentials(self, environment: str) -> Mapping[str, str]:
        self.fetch_caller(environment)
        return {
            "AWS_ACCESS_KEY_ID": "ASIAROLE",
            "AWS_SECRET_ACCESS_KEY": "key of the role",
            "AWS_SESSION_TOKEN": "token",
        }


@dataclass
class MemorySecrets:
    """Secrets by environment and name."""

    held: dict[tuple[str, str], bytes] = field(default_factory=dict)
    otherwise: dict[tuple[str, str], SecretState] = field(default_factory=dict)  # states of faulty secrets
    types: dict[str, str] = field(default_factory=dict)  # types of SSM parameters
    unreadable: dict[tuple[str, str], str] = field(default_factory=dict)  # reasons by environment and name
    read: list[tuple[str, str]] = field(default_factory=list)  # environment and id of every value that was read
    looked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    created: dict[tuple[str, str], tuple[Mapping[str, str], str]] = field(default_factory=dict)

    def check_secrets(self, environment: str, wanted: Sequence[NeededSecret]) -> tuple[Sighting, ...]:
        self.looked.append((environment, tuple(each.id for each in wanted)))
        return tuple(self._inspect_secret(environment, each) for each in wanted)

    def _inspect_secret(self, environment: str, secret: NeededSecret) -> Sighting:
        where = (environment, secret.name)
        state = self.otherwise.get(where, "there" if where in self.held else "absent")
        if state == "unknown":
            permission = "the permission secretsmanager:DescribeSecret is missing"
            return Sighting(secret, state, remark=permission, hint="allow it")
        at = datetime(2026, 11, 24, 9, 30, tzinfo=UTC) if state != "absent" else None
        return Sighting(
            secret, state, at, type=self.types.get(secret.name, "SecureString" if secret.kind == "ssm" else "")
        )

    def read_values(self, environment: str, wanted: Sequence[SecretReference]) -> tuple[SecretReading, ...]:
        self.read += [(environment, each.id) for each in wanted]
        return tuple(self._read_value((environment, each.id)) for each in wanted)

    def _read_value(self, where: tuple[str, str]) -> SecretReading:
        if where in self.unreadable:
            return SecretReading(problem=self.unreadable[where], hint="allow it")
        if where not in self.held:
            return SecretReading(problem="does not exist, or has no such version", is_absent=True)
        return SecretReading(self.held[where].decode())

    def put_secret(
        self, environment: str, seen: Sighting, value: SecretValue, *, tags: Mapping[str, str], kms_key: str = ""
    ) -> None:
        where = (environment, seen.secret.name)
        if seen.state == "absent":
            self.created[where] = (tags, kms_key)
        self.held[where] = value.data


@dataclass
class MemorySignatures:
    """KMS keys, at most one per environment."""

    private: dict[str, EllipticCurvePrivateKey] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    signed: list[tuple[str, bool]] = field(default_factory=list)  # environment, and `personally`
    others: dict[KeyRole, "MemorySignatures"] = field(default_factory=dict)
    records: dict[str, KeyRecord] = field(default_factory=dict)
    managed_as_me: bool = False

    def for_role(self, role: KeyRole, *, as_me: bool = False) -> "MemorySignatures":
        self.managed_as_me = as_me
        return self if role == "deployment" else self.others.setdefault(role, MemorySignatures())

    def key_arn(self, environment: str) -> str:
        return f"arn:aws:kms:ap-northeast-1:111111111111:alias/envctl-{environment}"

    def sign(self, environment: str, algorithm: Algorithm, message: bytes, *, personally: bool) -> bytes:
        if environment in self.refused:
            raise OperationFailedError(Problem("E468", f"the KMS key of {environment} does not sign"))
        assert algorithm == "ECDSA_SHA_256"
        self.signed.append((environment, personally))
        return self.private[environment].sign(message, ECDSA(SHA256()))

    def fetch_public_key(self, environment: str) -> bytes:
        if environment not in self.private:
            raise OperationFailedError(Problem("E467", f"there is no KMS key for {environment}"))
        public = self.private[environment].public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def create_key(self, environment: str, policy: Policy | None = None) -> bool:
        if environment in self.private:
            return False
        self.private[environment] = generate_private_key(SECP256R1())
        self.records[environment] = KeyRecord(
            arn=f"arn:aws:kms:ap-northeast-1:111111111111:key/mrk-{environment}",
            state="Enabled",
            usage=KEY_USAGE,
            multi_region=True,
            policy=policy or {},
        )
        return True

    def read_key(self, environment: str) -> KeyRecord:
        if environment not in self.records:
            raise OperationFailedError(Problem("E467", f"there is no KMS key for {environment}"))
        return self.records[environment]


@dataclass
class MemoryAlarms:
    """Alarms with the given states; all others are absent. `fails` is raised in place of an answer."""

    states: dict[str, AlarmState] = field(default_factory=dict)
    fails: EnvctlError | None = None
    asked: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)

    def check_alarms(self, environment: str, region: str, names: Sequence[str]) -> tuple[AlarmStatus, ...]:
        self.asked.append((environment, region, tuple(names)))
        if self.fails is not None:
            raise self.fails
        return tuple(AlarmStatus(name, self.states.get(name, "absent"), "as told") for name in names)
